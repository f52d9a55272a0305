import { controlChain, incidentChain } from '../platform/item-keys.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** What stands in `Operations` or `Controls` and must have left an entry, written by other roles than most entries. */
export interface RecordedFact {
  readonly chainId: string;
  /** The entry may stand in any chain, the one named is where it would be missed. @default false */
  readonly isInAnyChain?: true;
  /** Type of the entry that must stand in the chain: `decision.made`, `kill-switch.released`. */
  readonly type: string;
  /** Members of the entry's detail that say the same as the record. A value that is missing matches no entry. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** Members that the entry's detail must have as the record has them: what neither has is the same too. */
  readonly alike?: Readonly<Record<string, unknown>>;
  /** Who made the entry and when, where the record says so. */
  readonly made?: { readonly by: unknown; readonly atEpochMs: unknown };
  /** What the record is the last word on, as {@link controlOf} names it: later entries contradict it. */
  readonly control?: string;
  /** The stage item that a decision rests on. */
  readonly stageKey?: unknown;
}

type Stored = Readonly<Record<string, unknown>>;

/** Facts that one item vouches for. */
export function factsOf(item: Stored): RecordedFact[] {
  const pk = String(item['pk']);
  if (pk.startsWith('FINDING#')) return findingFactsOf(pk.slice('FINDING#'.length), item);
  const control = controlFactOf(pk, item);
  if (control !== undefined) return [control];
  const chainId = incidentChain(String(item['incidentId']));
  const { planDigest, outcome, status, approvalId, changeId, stageKey } = item;
  // The count of an incident's denials stands beside its decisions.
  if (pk.startsWith('DECISION#') && planDigest !== undefined) {
    // Without it, or with a later one, a change would start inside a freeze.
    const alike = { notAfterEpochMs: item['notAfterEpochMs'] };
    return [{ chainId, type: 'decision.made', detail: { planDigest, outcome }, alike, stageKey }];
  }
  switch (item['sk']) {
    case 'APPROVAL':
      return status === 'pending'
        ? []
        : [{ chainId, type: `approval.${String(status)}`, detail: { approvalId } }];
    case 'CHANGE':
      return item['startedAtEpochMs'] === undefined
        ? []
        : [{ chainId, type: 'change.started', detail: { changeId } }];
    case 'INCIDENT':
      return status === 'closed' ? [{ chainId, type: 'incident.closed', detail: {} }] : [];
    default:
      return [];
  }
}

export function isAbout(
  entry: LedgerEntry,
  { chainId, isInAnyChain, type, detail, alike = {}, made }: RecordedFact,
): boolean {
  return (
    (isInAnyChain === true || entry.chainId === chainId) &&
    entry.type === type &&
    (made === undefined || (entry.actor.id === made.by && entry.atEpochMs === made.atEpochMs)) &&
    Object.entries(detail).every(
      ([member, value]) => value !== undefined && entry.detail[member] === value,
    ) &&
    Object.entries(alike).every(([member, value]) => entry.detail[member] === value)
  );
}

/** Which control an entry set: a switch, a stage, a broken glass, an exception, the policies in force. */
export function controlOf({ type, detail }: LedgerEntry): string | undefined {
  switch (type) {
    case 'kill-switch.engaged':
    case 'kill-switch.released':
      return `kill-switch ${detail['scope']}`;
    case 'autonomy.raised':
    case 'autonomy.lowered':
    case 'autonomy.lowered-automatically':
      return `autonomy ${detail['environment']}#${detail['agentRole']}#${detail['actionClass']}`;
    case 'break-glass.opened':
      return `break-glass ${detail['incidentId']}`;
    case 'exception.requested':
    case 'exception.approved':
    case 'exception.rejected':
    case 'exception.revoked':
      return `exception ${detail['exceptionId']}`;
    case 'policy.published':
      return 'policy';
    default:
      return undefined;
  }
}

/** The key says what an item controls, whatever its members say. */
function controlFactOf(pk: string, item: Stored): RecordedFact | undefined {
  const sk = String(item['sk']);
  const { reason, environment, expiresAtEpochMs } = item;
  if (pk === 'SWITCH') {
    const state = item['engaged'] === false ? 'released' : 'engaged';
    const made = { by: item['changedBy'], atEpochMs: item['changedAtEpochMs'] };
    const detail = { scope: sk, reason };
    return controlFact('kill-switch', `kill-switch.${state}`, `kill-switch ${sk}`, detail, made);
  }
  if (pk === 'STAGE') {
    const [stageEnvironment, agentRole, actionClass] = sk.split('#');
    const { stage: to, version, cause } = item;
    const made = { by: item['changedBy'], atEpochMs: item['changedAtEpochMs'] };
    const detail = { environment: stageEnvironment, agentRole, actionClass, to, version, reason };
    // A publication lowers in its own transaction, which writes to one chain. It raises nothing.
    const isPublished = item['changedBy'] === 'publish-policies' && cause === 'lowered';
    const entity = isPublished ? 'policy' : 'autonomy';
    return controlFact(entity, `autonomy.${String(cause)}`, `autonomy ${sk}`, detail, made);
  }
  if (pk.startsWith('BREAKGLASS#')) {
    const incidentId = pk.slice('BREAKGLASS#'.length);
    return {
      chainId: incidentChain(incidentId),
      type: 'break-glass.opened',
      control: `break-glass ${incidentId}`,
      detail: { incidentId, environment, reason, expiresAtEpochMs },
      made: { by: item['openedBy'], atEpochMs: item['openedAtEpochMs'] },
    };
  }
  if (pk.startsWith('EXCEPTION#')) {
    const exceptionId = pk.slice('EXCEPTION#'.length);
    const { owner, ticket, agentRole, action, targetKey, status } = item;
    const scope = { agentRole, action, targetKey, environment, expiresAtEpochMs };
    const made = {
      by: item['decidedBy'] ?? item['requestedBy'],
      atEpochMs: item['decidedAtEpochMs'] ?? item['requestedAtEpochMs'],
    };
    const detail = { exceptionId, owner, ticket, reason, ...scope };
    return controlFact('exception', `exception.${String(status)}`, `exception ${exceptionId}`, detail, made);
  }
  // Each publication also stands beside the current one.
  if (pk === 'POLICY-CURRENT' && sk === pk) {
    const made = { by: 'publish-policies', atEpochMs: item['publishedAtEpochMs'] };
    return controlFact('policy', 'policy.published', 'policy', { policyDigest: item['policyDigest'] }, made);
  }
  return undefined;
}

/**
 * That it was opened, and by whom it was closed, each stands in the chain of whatever did it. The key says which
 * finding it is, whatever its members say.
 */
function findingFactsOf(findingId: string, item: Stored): RecordedFact[] {
  const { kind, summary, status, openedAtEpochMs, closedBy: by, closedAtEpochMs, evidence } = item;
  const fact = { isInAnyChain: true, chainId: dayChain('findings', openedAtEpochMs) } as const;
  const opened = { ...fact, type: 'finding.opened', detail: { findingId, kind, summary } };
  if (status === 'open') return [opened];
  const made = { by, atEpochMs: closedAtEpochMs };
  return [opened, { ...fact, type: 'finding.closed', detail: { findingId, kind, evidence }, made }];
}

function controlFact(
  entity: string,
  type: string,
  control: string,
  detail: RecordedFact['detail'],
  made: { readonly by: unknown; readonly atEpochMs: unknown },
): RecordedFact {
  return { chainId: dayChain(entity, made.atEpochMs), type, control, detail, made };
}

/** Beyond the last day that time has, an item was written by nobody of ours. */
function dayChain(entity: string, atEpochMs: unknown): string {
  const hasDay = typeof atEpochMs === 'number' && Math.abs(atEpochMs) <= 8.64e15;
  return hasDay ? controlChain(entity, atEpochMs) : `control#${entity}#`;
}
