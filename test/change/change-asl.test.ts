import { describe, expect, it } from 'vitest';
import { isTerminal } from '../../functions/change/change-status.ts';
import { DependencyUnavailableError } from '../../functions/platform/errors.ts';
import { parseStageSettings, stages } from '../../infra/stage-settings.ts';
import { changeMachine } from './asl-interpreter.ts';

const machine = changeMachine({ 'lambda.shift-alias': 'action' }, 'change-control', 60);
const states = Object.entries(machine.States);
const tasks = states.filter(([, state]) => state.Type === 'Task');

describe('the definition of the change machine', () => {
  it('uses JSONata, a time limit of its own, and no Map or Parallel', () => {
    expect(machine.QueryLanguage).toBe('JSONata');
    expect(machine.TimeoutSeconds).toBeGreaterThan(0);
    expect(new Set(states.map(([, { Type }]) => Type))).toStrictEqual(
      new Set(['Pass', 'Choice', 'Task', 'Wait', 'Fail']),
    );
  });

  it('leads nowhere that does not exist, and to every state', () => {
    const edges = states.flatMap(([, state]) => [
      state.Next,
      state.Default,
      ...(state.Choices ?? []).map(({ Next }) => Next),
      ...(state.Catch ?? []).map(({ Next }) => Next),
    ]);
    const reached = new Set([machine.StartAt, ...edges.filter((edge) => edge !== undefined)]);
    expect([...reached].toSorted()).toStrictEqual(states.map(([name]) => name).toSorted());
  });

  it.each(tasks)('%s has a time limit, named retries and a catch for everything else', (_, state) => {
    expect(state.TimeoutSeconds).toBeGreaterThan(0);
    expect(state.Retry?.length).toBeGreaterThan(0);
    for (const { ErrorEquals } of state.Retry ?? []) expect(ErrorEquals).not.toContain('States.ALL');
    expect(state.Catch?.at(-1)?.ErrorEquals).toStrictEqual(['States.ALL']);
  });

  it('executes again only after errors that leave no invocation running', () => {
    const retried = machine.States['Execute the change']?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals);
    expect(retried?.toSorted()).toStrictEqual([
      'DependencyUnavailableError',
      'Lambda.TooManyRequestsException',
    ]);
    expect(machine.States['Execute the change']?.Catch).toMatchObject([
      { ErrorEquals: ['States.ALL'], Next: 'Wait for a call still under way' },
    ]);
  });

  it('rolls back through minutes of a busy service', () => {
    const busy = machine.States['Roll the change back']?.Retry?.find(({ ErrorEquals }) =>
      ErrorEquals.includes('DependencyUnavailableError'),
    );
    expect(busy?.MaxAttempts).toBeGreaterThanOrEqual(8);
  });

  it('waits minutes for a throttled rollback, but not beyond the shortest lease of a lock', () => {
    const throttled = machine.States['Roll the change back']?.Retry?.find(({ ErrorEquals }) =>
      ErrorEquals.includes('Lambda.TooManyRequestsException'),
    );
    const { IntervalSeconds = 0, MaxAttempts = 0, BackoffRate = 0, MaxDelaySeconds = 0 } = throttled ?? {};
    const pauses = Array.from({ length: MaxAttempts }, (_, attempt) =>
      Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** attempt),
    );
    const seconds = pauses.reduce((sum, pause) => sum + pause, 0);
    expect(seconds).toBeGreaterThanOrEqual(300);
    const leases = stages.map((stage) =>
      parseStageSettings({ stage, notifyEmail: 'oncall@example.com' }).lockLease.toSeconds(),
    );
    expect(seconds).toBeLessThan(Math.min(...leases) - 90);
  });

  it('asks what a person decided before it undoes a change whose answer did not arrive', () => {
    expect(machine.States['Ask a person']?.Catch?.map(({ Next }) => Next)).toStrictEqual([
      'Settle the verdict',
    ]);
    expect(machine.States['Settle the verdict']?.Next).toBe('Check the verdict');
  });

  it('retries by names that exist', () => {
    const own = tasks
      .flatMap(([, { Retry = [] }]) => Retry.flatMap(({ ErrorEquals }) => ErrorEquals))
      .filter((name) => !name.startsWith('Lambda.') && !name.startsWith('States.'));
    expect(new Set(own)).toStrictEqual(new Set([new DependencyUnavailableError('a.b', 'c').name]));
  });

  it.each(states.filter(([, state]) => state.Type === 'Choice'))('%s falls to a safe branch', (_, state) => {
    expect([
      'Refuse the change',
      'Record the start of the rollback',
      'Record the end of the rollback',
      'Release the lock',
      'Leave the change to recovery',
    ]).toContain(state.Default);
  });

  it('executes only behind the gate', () => {
    const into = (name: string) =>
      states
        .filter(([, state]) =>
          [
            state.Next,
            state.Default,
            ...(state.Choices ?? []).map(({ Next }) => Next),
            ...(state.Catch ?? []).map(({ Next }) => Next),
          ].includes(name),
        )
        .map(([from]) => from);
    expect(into('Execute the change')).toStrictEqual(['Check the authorisation']);
    expect(into('Check the authorisation')).toStrictEqual(['Authorise the change']);
  });

  it('carries ids and digests only to its functions', () => {
    const members = new Set(tasks.flatMap(([, state]) => Object.keys(state.Arguments?.Payload ?? {})));
    expect([...members].toSorted()).toStrictEqual([
      'approvalId',
      'changeId',
      'event',
      'execution',
      'fencingToken',
      'incidentId',
      'operation',
      'ownerStack',
      'planDigest',
      'reason',
      'requestedBy',
      'result',
      'snapshotDigest',
      'step',
      'taskToken',
      'verdictOn',
    ]);
  });

  it('names every result it can report as a terminal status', () => {
    const reported = JSON.stringify(machine).match(/"result": ?"([a-z-]+)"/g) ?? [];
    expect(reported.length).toBeGreaterThan(0);
    for (const text of reported) expect(isTerminal(text.split('"')[3] as 'kept')).toBe(true);
  });
});
