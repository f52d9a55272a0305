import * as z from 'zod/mini';
import type { EpochMs } from '../platform/clock.ts';
import { InterlockError } from '../platform/errors.ts';
import { malformedMembers } from '../platform/malformed-members.ts';
import { type ChangeResult, type ChangeStatus, changeStatuses, isTerminal } from './change-status.ts';
import type { TargetLock } from './target-lock.ts';

/** One attempt to carry out one plan, as stored. */
export interface ChangeRecord {
  readonly changeId: string;
  readonly incidentId: string;
  readonly planDigest: string;
  readonly status: ChangeStatus;
  readonly updatedAtEpochMs: EpochMs;
  /** Absent only for a change that was refused before its plan could be read. */
  readonly action?: string | undefined;
  readonly targetKey?: string | undefined;
  readonly fencingToken?: number | undefined;
  readonly snapshotDigest?: string | undefined;
  /** When the snapshot was on record: how long it is kept counts from here. */
  readonly snapshotTakenAtEpochMs?: EpochMs | undefined;
  /** When the gate was passed, for the step in hand. */
  readonly startedAtEpochMs?: EpochMs | undefined;
  /** Since when the effect of the current step is known to be there: what its validation looks at begins here. */
  readonly executedAtEpochMs?: EpochMs | undefined;
  /** How many steps a progressive change has, at least 2; absent when it is made at once. */
  readonly steps?: number | undefined;
  /** How many steps have been validated; also the index of the step in hand. @default 0 */
  readonly stepsDone?: number | undefined;
  /** When it was kept; stays, also once a person undoes it. */
  readonly keptAtEpochMs?: EpochMs | undefined;
  /** CloudFormation stack that owns the target: what is kept drifts from it. */
  readonly driftStack?: string | undefined;
  /** Approval that asks a person whether the change may stay. */
  readonly verdictApprovalId?: string | undefined;
  readonly statusReason?: string | undefined;
  /** Fencing token that the recovery now in charge took over from; it is part of that execution's name. */
  readonly recoveredFrom?: number | undefined;
  /** Execution by which a person undoes the change, or last tried to. */
  readonly undoExecution?: string | undefined;
  /** Who asked for that, as their credentials say. */
  readonly undoRequestedBy?: string | undefined;
}

/** How a change ended. */
export interface ChangeEnd {
  readonly result: ChangeResult;
  readonly reason: string;
}

/** The end of a change, once it has one. */
export function endOf(change: ChangeRecord): ChangeEnd | undefined {
  if (!isTerminal(change.status)) return undefined;
  return { result: change.status, reason: change.statusReason ?? `the change is ${change.status}` };
}

const changeSchema = z.object({
  changeId: z.string(),
  incidentId: z.string(),
  planDigest: z.string(),
  status: z.enum(changeStatuses),
  updatedAtEpochMs: z.int(),
  action: z.optional(z.string()),
  targetKey: z.optional(z.string()),
  fencingToken: z.optional(z.int()),
  snapshotDigest: z.optional(z.string()),
  snapshotTakenAtEpochMs: z.optional(z.int()),
  startedAtEpochMs: z.optional(z.int()),
  executedAtEpochMs: z.optional(z.int()),
  steps: z.optional(z.int().check(z.minimum(2))),
  stepsDone: z.optional(z.int().check(z.nonnegative())),
  keptAtEpochMs: z.optional(z.int()),
  driftStack: z.optional(z.string()),
  verdictApprovalId: z.optional(z.string()),
  statusReason: z.optional(z.string()),
  recoveredFrom: z.optional(z.int()),
  undoExecution: z.optional(z.string()),
  undoRequestedBy: z.optional(z.string()),
});

const lockSchema = z.object({
  sk: z.string(),
  fencingToken: z.int(),
  phase: z.enum(['free', 'held', 'mutating', 'rolling-back']),
  changeId: z.optional(z.string()),
  incidentId: z.optional(z.string()),
  leaseExpiresAtEpochMs: z.optional(z.int()),
});

/** @throws InterlockError `change.malformed-record`: a stored change that cannot be read is never guessed at. */
export function parseChange(item: unknown): ChangeRecord {
  const parsed = z.safeParse(changeSchema, item);
  if (parsed.success) return parsed.data;
  throw malformed('change', parsed.error);
}

/** @throws InterlockError `change.malformed-record`. */
export function parseLock(item: unknown): TargetLock {
  const parsed = z.safeParse(lockSchema, item);
  if (!parsed.success) throw malformed('target lock', parsed.error);
  const { sk: targetKey, ...lock } = parsed.data;
  return { targetKey, ...lock } as TargetLock;
}

function malformed(what: string, error: z.core.$ZodError): InterlockError {
  const members = malformedMembers(error);
  return new InterlockError(
    'change.malformed-record',
    `stored ${what} has malformed members: ${members}; a person has to look at the item`,
  );
}
