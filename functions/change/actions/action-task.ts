import * as z from 'zod/mini';
import { canonicalJson } from '../../platform/canonical-json.ts';
import type { EpochMs } from '../../platform/clock.ts';
import { sha256Hex } from '../../platform/digest.ts';
import type { ActionDefinition } from '../action-definition.ts';
import type { ChangeRecord } from '../change-record.ts';
import type { ChangeStatus } from '../change-status.ts';
import { checkStoredPlan, type PlanCheck } from '../stored-plan.ts';
import { isHeldBy, isLeaseLive, type TargetLock } from '../target-lock.ts';

const ofPlan = {
  incidentId: z.string().check(z.maxLength(100)),
  planDigest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
};
const ofChange = { ...ofPlan, changeId: z.string().check(z.maxLength(100)), fencingToken: z.int() };

/** What the state machines ask of an action's function. Ids and digests only. */
export const actionTaskInput = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.enum(['snapshot', 'execute', 'validate', 'roll-back']), ...ofChange }),
  /** Before anybody decides: no change, no lock, nothing written. */
  z.strictObject({ operation: z.literal('pre-check'), ...ofPlan }),
]);
export type PreCheckTask = Extract<z.output<typeof actionTaskInput>, { operation: 'pre-check' }>;
export type ActionTask = Exclude<z.output<typeof actionTaskInput>, PreCheckTask>;

/** What the function reads, strongly consistent, before it believes anything it was told. */
export interface ActionFacts {
  readonly change: ChangeRecord | undefined;
  readonly lock: TargetLock | undefined;
  readonly storedPlan: unknown;
}

/** Statuses in which each operation has its place; a redelivered `snapshot` may come after it was recorded. */
const statusesFor: Readonly<Record<ActionTask['operation'], readonly ChangeStatus[]>> = {
  snapshot: ['locked', 'snapshotted'],
  execute: ['executing'],
  validate: ['executed'],
  'roll-back': ['rolling-back'],
};

/**
 * Why this operation may not touch the target now, or `undefined` when it may. The lease counts only before
 * the effect: afterwards a rollback must not be refused for being late, and the fencing token still keeps out
 * whoever was taken over from.
 */
export function whyNot(task: ActionTask, facts: ActionFacts, now: EpochMs): string | undefined {
  const { change, lock } = facts;
  if (change === undefined) return 'the change is not recorded';
  if (change.planDigest !== task.planDigest || change.incidentId !== task.incidentId) {
    return 'the change was opened for another plan';
  }
  if (!statusesFor[task.operation].includes(change.status)) {
    return `${task.operation} has no place while the change is ${change.status}`;
  }
  if (change.fencingToken !== task.fencingToken || !isHeldBy(lock, task.changeId, task.fencingToken)) {
    return 'the target lock is not held under this fencing token';
  }
  const comesBeforeTheEffect = task.operation === 'snapshot' || task.operation === 'execute';
  if (comesBeforeTheEffect && lock !== undefined && !isLeaseLive(lock, now)) {
    return 'the lease of the target lock has run out';
  }
  return undefined;
}

/** The stored plan, recomputed, and only if it is for this action and for the target that is locked. */
export function planFor(
  task: ActionTask,
  facts: ActionFacts,
  definition: Pick<ActionDefinition, 'id'>,
  environment: string,
): PlanCheck {
  const check = checkStoredPlan(facts.storedPlan, { ...task, environment });
  if (check.outcome === 'unsound') return check;
  if (check.plan.action !== definition.id || facts.change?.action !== definition.id) {
    return { outcome: 'unsound', reason: 'the plan is for another action' };
  }
  if (check.targetKey !== facts.change.targetKey) {
    return { outcome: 'unsound', reason: 'the lock was taken on another target' };
  }
  if (facts.change.steps !== check.steps) {
    return { outcome: 'unsound', reason: 'the change was opened with another number of steps' };
  }
  return check;
}

/** What a target was before the change: enough to restore it without believing the plan again. */
export interface Snapshot {
  readonly schemaVersion: 1;
  readonly changeId: string;
  readonly planDigest: string;
  readonly action: string;
  readonly parameters: unknown;
  readonly state: unknown;
}

const snapshotSchema = z.strictObject({
  schemaVersion: z.literal(1),
  changeId: z.string(),
  planDigest: z.string(),
  action: z.string(),
  parameters: z.unknown(),
  state: z.unknown(),
});

/** Object key of a change's snapshot; the first part is what an action's role is limited to. */
export function snapshotKey(action: string, changeId: string): string {
  return `${action}/${changeId}.json`;
}

/** Stored right before the first write of a step or of an undo: from then on, what stands there may be our doing. */
export interface Intent {
  readonly key: string;
  readonly text: string;
}

/** What is about to be written: a step, by its index (0 for the first), or a person's undo of the whole change. */
export type Beginning = number | 'undo';

/** The intent of one step or of the undo of a change; it stands beside the snapshot that it is bound to. */
export function intentOf(
  action: string,
  changeId: string,
  snapshotDigest: string,
  beginning: Beginning = 0,
): Intent {
  const { suffix, members } = distinctionOf(beginning);
  return {
    key: `${action}/${changeId}${suffix}.intent.json`,
    text: canonicalJson({ schemaVersion: 1, changeId, snapshotDigest, ...members }),
  };
}

function distinctionOf(beginning: Beginning) {
  if (beginning === 'undo') return { suffix: '.undo', members: { undo: true } };
  return beginning === 0
    ? { suffix: '', members: {} }
    : { suffix: `.step-${beginning}`, members: { step: beginning } };
}

export function writeSnapshot(snapshot: Snapshot): string {
  return canonicalJson(snapshot);
}

/** Digest by which a change is bound to its snapshot. */
export function snapshotDigestOf(text: string): string {
  return sha256Hex(text);
}

/** A snapshot as stored, or `undefined` when it is not this change's or not readable. */
export function parseSnapshot(text: string, of: { changeId: string; action: string }): Snapshot | undefined {
  try {
    const parsed = z.safeParse(snapshotSchema, JSON.parse(text));
    return parsed.success && parsed.data.changeId === of.changeId && parsed.data.action === of.action
      ? parsed.data
      : undefined;
  } catch {
    return undefined;
  }
}
