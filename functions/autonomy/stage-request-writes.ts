import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { personOf } from '../platform/person.ts';
import type { StageRequest } from './stage-request.ts';

/** Decides once; approves only for somebody else, in time, and the very request that was shown. */
export function decidedRequest(
  operationsTable: string,
  request: StageRequest,
  status: 'approved' | 'rejected',
  by: string,
  now: number,
  reason?: string,
): Write {
  const members = {
    ...statusMembers(status, now),
    status,
    decidedBy: by,
    decidedAtEpochMs: now,
    ...(reason === undefined ? {} : { decisionReason: reason }),
  };
  const names = Object.keys(members);
  // Only an approval loosens anything: a rejection ends whatever stands there.
  const only = status === 'approved' ? asShown(request, by, now) : undefined;
  return {
    kind: 'update',
    table: operationsTable,
    key: itemKeys.stageRequest(request.requestId),
    update: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
    condition: ['#status = :requested', ...(only?.conditions ?? [])].join(' AND '),
    names: { ...Object.fromEntries(names.map((name) => [`#${name}`, name])), ...only?.names },
    values: {
      ...Object.fromEntries(Object.entries(members).map(([name, value]) => [`:${name}`, value])),
      ':requested': 'requested',
      ...only?.values,
    },
  };
}

/** What an approver sees of a request and what follows from it. */
const shownMembers = [
  'environment',
  'agentRole',
  'actionClass',
  'from',
  'to',
  'againstVersion',
  'reason',
  'requestedBy',
  'requestedByPerson',
  'expiresAtEpochMs',
  'evidenceDigest',
] as const satisfies readonly (keyof StageRequest)[];

/** The condition that a request is what was shown, asked for by somebody else and not over. */
function asShown(shown: StageRequest, by: string, now: number) {
  return {
    conditions: [
      'requestedByPerson <> :person',
      'expiresAtEpochMs > :now',
      ...shownMembers.map((name) => `#shown_${name} = :shown_${name}`),
    ],
    names: Object.fromEntries(shownMembers.map((name) => [`#shown_${name}`, name])),
    values: {
      ':person': personOf(by),
      ':now': now,
      ...Object.fromEntries(shownMembers.map((name) => [`:shown_${name}`, shown[name]])),
    },
  };
}

/** What lists of requests are read by. */
export function statusMembers(status: StageRequest['status'], now: number) {
  return { statusKey: `STAGE-REQUEST#${status}`, statusAt: new Date(now).toISOString() };
}

/** What the ledger says about a request. */
export function requestEntry(
  type: string,
  { requestId, environment, agentRole, actionClass, from, to, againstVersion, evidenceDigest }: StageRequest,
  by: string,
  atEpochMs: number,
  reason: string,
): LedgerEvent {
  return {
    type,
    atEpochMs,
    actor: { kind: 'person', id: by },
    detail: {
      requestId,
      environment,
      agentRole,
      actionClass,
      from,
      to,
      againstVersion,
      evidenceDigest,
      reason,
    },
  };
}
