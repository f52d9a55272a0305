import { beforeAll, describe, expect, it } from 'vitest';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { ExecutionDied, named } from './asl-interpreter.ts';
import { shiftPlan, World } from './world.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

async function progressive(): Promise<World> {
  const world = new World(tables);
  world.plan = shiftPlan(world.incidentId, world.functionName, '1', { progressive: true });
  await world.prepare();
  await world.killSwitch(false);
  return world;
}

const output = (outcome: string) =>
  expect.objectContaining({ status: 'SUCCEEDED', output: expect.objectContaining({ outcome }) });
const untouched = { version: '2', weights: {}, lock: 'free', chainFaults: [], releases: 1 };

/** Calls back whenever the machine comes to a state for the n-th time. */
function at(state: string, turn: number, act: () => Promise<void> | void) {
  let turns = 0;
  return async (current: string) => {
    if (current === state && ++turns === turn) await act();
  };
}

describe('a progressive change', () => {
  it('moves 10 %, 50 % and all of the traffic, each step validated and through the gate', async () => {
    const world = await progressive();
    const seen: unknown[] = [];
    const ending = await world.execute({
      onState: (state) => {
        const { functionVersion, additionalWeights } = world.alias.state;
        if (state === 'Validate the change') seen.push([functionVersion, additionalWeights]);
      },
    });
    expect(ending).toStrictEqual(output('kept'));
    expect(seen).toStrictEqual([
      ['2', { '1': 0.1 }],
      ['2', { '1': 0.5 }],
      ['1', {}],
    ]);
    expect(await world.types()).toStrictEqual([
      'change.lock-acquired',
      'change.snapshot-taken',
      'change.started',
      'change.executed',
      'change.step-validated',
      'change.started',
      'change.executed',
      'change.step-validated',
      'change.started',
      'change.executed',
      'change.validated',
      'change.released',
    ]);
    const steps = (await world.chain()).filter(({ type }) => type === 'change.started');
    expect(steps.map(({ detail }) => [detail['step'], detail['steps']])).toStrictEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(await world.settled()).toMatchObject({ status: 'kept', version: '1', weights: {}, lock: 'free' });
  });

  it('counts once, and goes on although the approval that it started on runs out meanwhile', async () => {
    const world = await progressive();
    const usage = itemKeys.usage('local', '2026-03-02');
    const counted = async () =>
      (await tables.database.get(tables.controls, usage))?.[`target#${world.targetKey}`];
    const ending = await world.execute({
      onState: at('Authorise the change', 2, async () => {
        await world.prepare({ approval: { usableUntilEpochMs: world.now } });
      }),
    });
    expect(ending).toStrictEqual(output('kept'));
    expect(await counted()).toBe(1);
  });

  it.each([1, 2, 3])('is undone when the kill switch stops step %d at the gate', async (step) => {
    const world = await progressive();
    const ending = await world.execute({
      onState: at('Authorise the change', step, () => world.killSwitch(true)),
    });
    expect(ending).toStrictEqual(output(step === 1 ? 'stopped' : 'rolled-back'));
    expect(await world.settled()).toMatchObject({ ...untouched, starts: step - 1 });
  });

  it.each([1, 2, 3])('is undone when the kill switch stops step %d at the executor', async (step) => {
    const world = await progressive();
    const ending = await world.execute({
      onState: at('Execute the change', step, () => world.killSwitch(true)),
    });
    expect(ending).toStrictEqual(output(step === 1 ? 'stopped' : 'rolled-back'));
    expect(await world.settled()).toMatchObject({ ...untouched, starts: step });
  });

  it.each([
    [1, 'fail'],
    [2, 'fail'],
    [1, 'no-data'],
    [2, 'not-yet'],
    [1, 'unreadable'],
    [2, 'unreadable'],
  ] as const)('is undone, asking nobody, when what step %d shows is %s', async (step, result) => {
    const world = await progressive();
    const ending = await world.execute({
      onState: at('Validate the change', step, () => {
        world.metrics.set('Errors', { result, reason: 'metric: seen' });
      }),
    });
    expect(ending).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({ ...untouched, starts: step });
    expect(world.questions).toStrictEqual([]);
  });

  it('does not look at the alarm of the incident before its last step', async () => {
    const world = await progressive();
    world.alarm = { result: 'fail', reason: 'alarm: worse' };
    expect(await world.execute()).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({ ...untouched, starts: 3 });
  });

  it.each([2, 3])('leaves what somebody else did before step %d and hands over to a person', async (step) => {
    const world = await progressive();
    const ending = await world.execute({
      onState: at('Execute the change', step, () => world.alias.foreign('9')),
    });
    expect(ending).toStrictEqual(output('rollback-failed'));
    expect(await world.settled()).toMatchObject({ version: '9', lock: 'free', finding: 'open' });
    expect(world.pages).toStrictEqual([world.changeId]);
  });

  it('does not take for its own what a person set to the next step', async () => {
    const world = await progressive();
    const ending = await world.execute({
      onState: at('Execute the change', 2, () => world.alias.foreign('2', { '1': 0.5 })),
    });
    expect(ending).toStrictEqual(output('rollback-failed'));
    expect(await world.settled()).toMatchObject({ version: '2', weights: { '1': 0.5 }, finding: 'open' });
  });

  it('has no room for a third version', async () => {
    const world = await progressive();
    world.alias.foreign('2', { '3': 0.25 });
    expect(await world.execute()).toMatchObject({
      output: { outcome: 'refused', refusal: 'target-changed' },
    });
    expect(world.alias.effects).toBe(0);
  });

  it.each([
    ['keeps it before its last step', 'validated', 0],
    ['goes beyond a step that was not validated', 'step-validated', 1],
    ['repeats an answer about another step', 'executed', 1],
    ['ends it without a rollback', 'execute-refused', 0],
  ] as const)('refuses whoever %s', async (_, event, step) => {
    const world = await progressive();
    const refusals: unknown[] = [];
    await world.execute({
      onState: at(event === 'execute-refused' ? 'Execute the change' : 'Validate the change', 2, async () => {
        refusals.push(await world.changes.record(world.changeId, 1, event, { step: 1 - step }));
        if (event === 'execute-refused') refusals.push(await world.changes.record(world.changeId, 1, event));
      }),
    });
    expect(refusals).toSatisfy((all: { outcome: string }[]) =>
      all.every(({ outcome }) => outcome === 'refused'),
    );
    expect(await world.settled()).toMatchObject({ status: 'kept', version: '1' });
  });

  it('answers the same when a step is recorded again', async () => {
    const world = await progressive();
    const repeats: unknown[] = [];
    await world.execute({
      onState: at('Authorise the change', 2, async () => {
        repeats.push(await world.changes.record(world.changeId, 1, 'step-validated', { step: 0 }));
        repeats.push(await world.changes.record(world.changeId, 1, 'step-validated', { step: 1 }));
      }),
    });
    expect(repeats).toMatchObject([{ outcome: 'recorded' }, { outcome: 'refused' }]);
    expect(await world.settled()).toMatchObject({ status: 'kept', starts: 3 });
  });
});

describe('crashes of a progressive change', () => {
  const step = ['transaction', 'intent object', 'apply', 'transaction', 'transaction'];
  const writesOfKept = [
    'transaction',
    'snapshot object',
    'transaction',
    ...step,
    ...step,
    ...step,
    'transaction',
  ];
  const validated = writesOfKept.length - 1;
  /** The writes of the executor, which is not called again after an error that may leave it running. */
  const executorWrites = new Set([5, 6, 10, 11, 15, 16]);
  const cases = writesOfKept.flatMap((_, index) =>
    (['before', 'after'] as const).map((when) => ({ write: index + 1, when })),
  );

  it('knows the writes of one that is kept', async () => {
    const world = await progressive();
    await world.execute();
    expect(world.counter.names).toStrictEqual(writesOfKept);
  });

  it.each(cases)(
    'a function that dies $when write $write is called again, or undone',
    async ({ write, when }) => {
      const world = await progressive();
      world.counter.dieAround(write, when, () => named('Lambda.ServiceException', 'the process died'));
      const isKept = !executorWrites.has(write);
      expect(await world.execute()).toStrictEqual(output(isKept ? 'kept' : 'rolled-back'));
      expect(await world.settled()).toMatchObject({
        ...untouched,
        version: isKept ? '1' : '2',
        finding: undefined,
      });
    },
  );

  it.each(cases)('an execution that dies $when write $write is undone, or kept', async ({ write, when }) => {
    const world = await progressive();
    world.counter.dieAround(write, when, () => new ExecutionDied());
    expect(await world.execute()).toBe('died');
    await world.recover(world.changeId);
    const isKept = (write === validated && when === 'after') || write > validated;
    const neverBegan = write === 1 && when === 'before';
    expect(await world.settled()).toMatchObject({
      ...untouched,
      version: isKept ? '1' : '2',
      lock: neverBegan ? 'none' : 'free',
      releases: neverBegan ? 0 : 1,
      finding: undefined,
    });
  });
});
