import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { personOf } from '../platform/person.ts';
import type { StoredFinding } from './finding.ts';
import type { Actor, LedgerEvent } from './ledger-entry.ts';

/** The longest evidence text, in UTF-16 units. */
export const evidenceMaxCharacters = 1_000;

/** Who says that a finding was dealt with. */
export interface Closure {
  /** ARN of the caller, or the part of Interlock that did it itself. */
  readonly by: string;
  readonly evidence: string;
  readonly atEpochMs: EpochMs;
}

/** Why a finding cannot be closed like this; `undefined` when it can. */
export type ClosureRefusal =
  | 'already-closed'
  | 'unknown-person'
  | 'no-evidence'
  | 'evidence-too-long'
  | 'own-act';

/** A review of what a person did is closed by somebody else; nothing is closed without evidence or by nobody. */
export function closureRefusal(
  finding: StoredFinding,
  { by, evidence }: Closure,
): ClosureRefusal | undefined {
  if (finding.status !== 'open') return 'already-closed';
  const person = personOf(by);
  if (person === undefined) return 'unknown-person';
  if (evidence.trim() === '') return 'no-evidence';
  if (evidence.length > evidenceMaxCharacters) return 'evidence-too-long';
  const openedBy = finding.detail['openedBy'];
  return typeof openedBy === 'string' && personOf(openedBy) === person ? 'own-act' : undefined;
}

/** The write that closes a finding; refused when somebody else closed it first. */
export function closeFinding(
  operationsTable: string,
  findingId: string,
  { by, evidence, atEpochMs }: Closure,
): Write {
  return {
    kind: 'update',
    table: operationsTable,
    key: itemKeys.finding(findingId),
    update:
      'SET #status = :closed, statusKey = :key, statusAt = :at, closedBy = :by, closedAtEpochMs = :now, evidence = :evidence',
    condition: '#status = :open',
    names: { '#status': 'status' },
    values: {
      ':open': 'open',
      ':closed': 'closed',
      ':key': 'FINDING#closed',
      ':at': new Date(atEpochMs).toISOString(),
      ':by': by,
      ':now': atEpochMs,
      ':evidence': evidence,
    },
  };
}

/** What the ledger says about a closed finding. */
export function closedEntry(
  { findingId, kind }: Pick<StoredFinding, 'findingId' | 'kind'>,
  closure: Closure,
  actorKind: Actor['kind'] = 'person',
): LedgerEvent {
  return {
    type: 'finding.closed',
    atEpochMs: closure.atEpochMs,
    actor: { kind: actorKind, id: closure.by },
    detail: { findingId, kind, evidence: closure.evidence },
  };
}

/** What the ledger says when a finding is opened. */
export function openedEntry(
  {
    findingId,
    kind,
    summary,
    openedAtEpochMs,
  }: Pick<StoredFinding, 'findingId' | 'kind' | 'summary' | 'openedAtEpochMs'>,
  by: string,
): LedgerEvent {
  return {
    type: 'finding.opened',
    atEpochMs: openedAtEpochMs,
    actor: { kind: 'system', id: by },
    detail: { findingId, kind, summary },
  };
}
