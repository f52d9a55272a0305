import * as z from 'zod/mini';
import { InterlockError } from '../../platform/errors.ts';
import type { ChangeRecord } from '../change-record.ts';
import type { ActionAtWork, ActionSurroundings } from './action-surroundings.ts';
import { type Beginning, intentOf, parseSnapshot, snapshotDigestOf, snapshotKey } from './action-task.ts';

/** What stood at the target before the change, and the change it belongs to. */
export interface TakenSnapshot<Parameters, State> {
  readonly parameters: Parameters;
  readonly state: State;
  readonly changeId: string;
  readonly action: string;
  readonly digest: string;
}

/** The snapshot of a change, or `undefined` when it is missing or is not the one that was recorded. */
export async function findSnapshot<Parameters extends object, State>(
  { rules, around }: ActionAtWork<Parameters, State>,
  change: ChangeRecord | undefined,
): Promise<TakenSnapshot<Parameters, State> | undefined> {
  if (change?.snapshotDigest === undefined) return undefined;
  const { definition } = rules;
  const { changeId, snapshotDigest: digest } = change;
  const text = await around.snapshots.find(snapshotKey(definition.id, changeId));
  if (text === undefined || snapshotDigestOf(text) !== digest) return undefined;
  const snapshot = parseSnapshot(text, { changeId, action: definition.id });
  const parameters = z.safeParse(definition.parameters, snapshot?.parameters);
  const state = z.safeParse(rules.state, snapshot?.state);
  if (!parameters.success || !state.success) return undefined;
  if (definition.target(parameters.data).key !== change.targetKey) return undefined;
  return { parameters: parameters.data, state: state.data, changeId, action: definition.id, digest };
}

type Begun = Pick<TakenSnapshot<unknown, unknown>, 'action' | 'changeId' | 'digest'>;

/** True once an attempt at this step, or at the undo, may have made its write, or may be about to. */
export async function hasBegun(
  snapshots: ActionSurroundings['snapshots'],
  { action, changeId, digest }: Begun,
  beginning: Beginning,
): Promise<boolean> {
  const { key, text } = intentOf(action, changeId, digest, beginning);
  return (await snapshots.find(key)) === text;
}

/** Kept before the first write of a step, or of the undo. */
export async function begin(
  snapshots: ActionSurroundings['snapshots'],
  { action, changeId, digest }: Begun,
  beginning: Beginning,
): Promise<void> {
  const { key, text } = intentOf(action, changeId, digest, beginning);
  if ((await snapshots.keepFirst(key, text)) !== text) {
    throw new InterlockError('change.foreign-intent', `${key} belongs to another snapshot`);
  }
}
