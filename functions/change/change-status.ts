/**
 * Where a change stands. `executed`: the effect, or that of a step, is there and is being watched (baking).
 * `progressing`: a step held and the next one has to pass the gate.
 */
export const changeStatuses = [
  'locked',
  'snapshotted',
  'executing',
  'executed',
  'progressing',
  'rolling-back',
  'kept',
  'rolled-back',
  'rollback-failed',
  'refused',
  'stopped',
] as const;
export type ChangeStatus = (typeof changeStatuses)[number];

/** What can happen to a change after it was locked. */
export const changeEvents = [
  'snapshot-taken',
  'started',
  'executed',
  'execute-failed',
  'execute-refused',
  'execute-stopped',
  'step-validated',
  'validated',
  'validation-failed',
  'rollback-started',
  'rolled-back',
  'rollback-failed',
  'refused',
  'stopped',
  'undo-started',
  'undo-refused',
] as const;
export type ChangeEvent = (typeof changeEvents)[number];

/** How the state machine answers: the statuses in which nothing more will happen to the target. */
export const changeResults = ['kept', 'rolled-back', 'rollback-failed', 'refused', 'stopped'] as const;
export type ChangeResult = (typeof changeResults)[number];

type Moves = Readonly<Partial<Record<ChangeEvent, ChangeStatus>>>;

/**
 * Every move there is. `refused` and `stopped` belong to changes that never started; `execute-refused` and
 * `execute-stopped` to those whose executor looked at the target and saw that nothing of ours is there.
 * `rollback-failed` is open to every status with a possible effect: recovery hands those to a person. What a
 * progressive change adds is in `change-steps.ts`. Only a person leads a change out of `kept`, and only to undo it;
 * `undo-refused` leads back there: the target was looked at before anything was written, does not stand as the change
 * left it, and is left as it is. That is no fault of the change, so it belongs to a person's undo alone (`undo.ts`).
 */
const moves: Readonly<Record<ChangeStatus, Moves>> = {
  locked: { 'snapshot-taken': 'snapshotted', refused: 'refused', stopped: 'stopped' },
  snapshotted: { started: 'executing', refused: 'refused', stopped: 'stopped' },
  executing: {
    executed: 'executed',
    'execute-failed': 'rolling-back',
    'execute-refused': 'refused',
    'execute-stopped': 'stopped',
    'rollback-started': 'rolling-back',
    'rollback-failed': 'rollback-failed',
  },
  executed: {
    'step-validated': 'progressing',
    validated: 'kept',
    'validation-failed': 'rolling-back',
    'rollback-started': 'rolling-back',
    'rollback-failed': 'rollback-failed',
  },
  progressing: {
    started: 'executing',
    'rollback-started': 'rolling-back',
    'rollback-failed': 'rollback-failed',
  },
  'rolling-back': {
    'rolled-back': 'rolled-back',
    'rollback-failed': 'rollback-failed',
    'undo-refused': 'kept',
  },
  kept: { 'undo-started': 'rolling-back' },
  'rolled-back': {},
  'rollback-failed': {},
  refused: {},
  stopped: {},
};

/** The status an event leads to, or `not-allowed`. */
export function nextStatus(status: ChangeStatus, event: ChangeEvent): ChangeStatus | 'not-allowed' {
  return moves[status][event] ?? 'not-allowed';
}

/** True when the event has been recorded already and nothing was recorded since: saying it again changes nothing. */
export function isRepeat(status: ChangeStatus, event: ChangeEvent): boolean {
  return (
    nextStatus(status, event) === 'not-allowed' && Object.values(moves).some((move) => move[event] === status)
  );
}

/** True when nothing more will be done to the target on behalf of this change, unless a person undoes it. */
export function isTerminal(status: ChangeStatus): status is ChangeResult {
  return changeResults.some((result) => result === status);
}

/** True when an effect may exist that has been neither kept nor undone. */
export function isInFlight(status: ChangeStatus): boolean {
  return status === 'executed' || status === 'progressing' || isMutating(status);
}

/** True when a call that alters the target may be on its way at this moment. */
export function isMutating(status: ChangeStatus): boolean {
  return status === 'executing' || status === 'rolling-back';
}

/** What each event is called in the ledger, in order. */
export const ledgerTypesOf: Readonly<Record<ChangeEvent, readonly string[]>> = {
  'snapshot-taken': ['change.snapshot-taken'],
  started: ['change.started'],
  executed: ['change.executed'],
  'execute-failed': ['change.rollback-started'],
  'execute-refused': ['change.refused', 'change.released'],
  'execute-stopped': ['change.stopped', 'change.released'],
  'step-validated': ['change.step-validated'],
  validated: ['change.validated'],
  'validation-failed': ['change.validation-failed', 'change.rollback-started'],
  'rollback-started': ['change.rollback-started'],
  'rolled-back': ['change.rolled-back'],
  'rollback-failed': ['change.rollback-failed'],
  refused: ['change.refused', 'change.released'],
  stopped: ['change.stopped', 'change.released'],
  'undo-started': ['change.undo-started'],
  'undo-refused': ['change.undo-refused'],
};
