import * as z from 'zod/mini';
import type { ChangeStatus } from '../change/change-status.ts';
import type { EpochMs } from '../platform/clock.ts';
import { isWaiting, type TooLateReason, tooLateReasons } from './approval.ts';
import type { Dossier } from './dossier.ts';
import { showUntrusted } from './untrusted-text.ts';

const text = z.string();

/** What became of a decision, as far as it is stored. */
export const aftermath = z.object({
  /** `awaited`: a change may still begin. `unknown`: its record cannot be read. Absent where none was allowed. */
  state: z.exactOptional(
    z.enum([
      'awaited',
      'starting',
      'being-checked',
      'kept',
      'rolling-back',
      'rolled-back',
      'rollback-failed',
      'not-started',
      'unknown',
    ]),
  ),
  changeId: z.exactOptional(text),
  /** Why the change stands there. Untrusted: it may quote the workload. */
  reason: z.exactOptional(text),
  /** Why the decision did not reach the execution that had asked for it. */
  tooLate: z.exactOptional(z.enum(tooLateReasons)),
  /** How the incident ended; absent while it is open. */
  incident: z.exactOptional(z.object({ result: text, reason: z.exactOptional(text) })),
});
export type Aftermath = z.output<typeof aftermath>;
type State = NonNullable<Aftermath['state']>;

const states: Readonly<Record<ChangeStatus, State>> = {
  locked: 'starting',
  snapshotted: 'starting',
  executing: 'being-checked',
  executed: 'being-checked',
  progressing: 'being-checked',
  'rolling-back': 'rolling-back',
  kept: 'kept',
  'rolled-back': 'rolled-back',
  'rollback-failed': 'rollback-failed',
  refused: 'not-started',
  stopped: 'not-started',
};

/**
 * What became of what people decided: the change that was begun on it or that they judged, and how the incident
 * ended. Nothing while people are still asked.
 */
export function aftermathOf({ approval, change, incident }: Dossier, now: EpochMs): Aftermath | undefined {
  if (isWaiting(approval, now)) return undefined;
  const { status, callbackTooLate: tooLate, usableUntilEpochMs = 0, verdictOn } = approval;
  const isClosed = incident?.status === 'closed';
  const hasChange = verdictOn !== undefined || status === 'approved';
  const isBegun = verdictOn !== undefined || change !== undefined;
  const mayBegin = !isClosed && now < usableUntilEpochMs;
  const { result = 'no result', resultReason } = incident ?? {};
  return {
    ...(hasChange ? { state: isBegun ? stateOf(change?.status) : mayBegin ? 'awaited' : 'not-started' } : {}),
    ...(change === undefined ? {} : { changeId: change.changeId }),
    ...(change?.statusReason === undefined ? {} : { reason: change.statusReason }),
    ...(tooLate === undefined ? {} : { tooLate }),
    ...(isClosed
      ? { incident: { result, ...(resultReason === undefined ? {} : { reason: resultReason }) } }
      : {}),
  };
}

function stateOf(status = ''): State {
  return Object.hasOwn(states, status) ? states[status as ChangeStatus] : 'unknown';
}

const stateWords: Readonly<Record<State, string>> = {
  awaited: 'It has not started yet',
  starting: 'It is about to start',
  'being-checked': 'It started, and is being checked',
  kept: 'It was kept',
  'rolling-back': 'It is being rolled back',
  'rolled-back': 'It was rolled back',
  'rollback-failed': 'It could not be rolled back, so somebody has to',
  'not-started': 'It did not start',
  unknown: 'What became of the change is not known',
};

const tooLateWords: Readonly<Record<TooLateReason, string>> = {
  'execution-no-longer-waits': 'The execution no longer waited for this answer.',
  'wait-timed-out': 'The execution had stopped waiting when this answer came.',
  'token-missing': 'The execution could not be told of this answer.',
  'token-unreadable': 'The execution could not be told of this answer.',
};

/** What became of it, one sentence each; hostile characters are written out. */
export function aftermathWords({ state, reason, tooLate, incident }: Aftermath): string[] {
  const result = incident?.result.replaceAll('-', ' ');
  return [
    ...(state === undefined ? [] : [sentence(stateWords[state], reason)]),
    ...(tooLate === undefined ? [] : [tooLateWords[tooLate]]),
    ...(result === undefined
      ? []
      : [sentence(`The incident is closed as “${showUntrusted(result)}”`, incident?.reason)]),
  ];
}

function sentence(what: string, why: string | undefined): string {
  return why === undefined ? `${what}.` : `${what}: ${showUntrusted(why)}.`;
}
