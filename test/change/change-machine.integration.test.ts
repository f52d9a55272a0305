import { beforeAll, describe, expect, it } from 'vitest';
import { DependencyUnavailableError } from '../../functions/platform/errors.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { ExecutionDied, named } from './asl-interpreter.ts';
import { World } from './world.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

async function ready(options: Parameters<World['prepare']>[0] = {}): Promise<World> {
  const world = await new World(tables).prepare(options);
  await world.killSwitch(false);
  return world;
}

const output = (outcome: string) =>
  expect.objectContaining({ status: 'SUCCEEDED', output: expect.objectContaining({ outcome }) });

describe('the change machine over the real stores', () => {
  it('keeps a change whose criteria hold', async () => {
    const world = await ready();
    expect(await world.execute()).toStrictEqual(output('kept'));
    expect(await world.settled()).toMatchObject({
      status: 'kept',
      version: '1',
      lock: 'free',
      chainFaults: [],
      starts: 1,
      releases: 1,
    });
    expect(await world.types()).toStrictEqual([
      'change.lock-acquired',
      'change.snapshot-taken',
      'change.started',
      'change.executed',
      'change.validated',
      'change.released',
    ]);
  });

  it('stops, touching nothing, when the kill switch is engaged before the gate', async () => {
    const world = await ready();
    await world.killSwitch(true);
    expect(await world.execute()).toStrictEqual(output('stopped'));
    expect(await world.settled()).toMatchObject({ status: 'stopped', version: '2', lock: 'free', starts: 0 });
    expect(world.alias.effects).toBe(0);
  });

  it('stops, touching nothing, when the kill switch is engaged between gate and executor', async () => {
    const world = await ready();
    const ending = await world.execute({
      onState: async (state) => {
        if (state === 'Execute the change') await world.killSwitch(true);
      },
    });
    expect(ending).toStrictEqual(output('stopped'));
    expect(await world.settled()).toMatchObject({ status: 'stopped', version: '2', lock: 'free' });
    expect(world.alias.effects).toBe(0);
  });

  it('rolls back although the kill switch is engaged meanwhile', async () => {
    const world = await ready();
    world.alarm = { result: 'fail', reason: 'alarm: worse' };
    const ending = await world.execute({
      onState: async (state) => {
        if (state === 'Validate the change') await world.killSwitch(true);
      },
    });
    expect(ending).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
    expect(await world.types()).toStrictEqual([
      'change.lock-acquired',
      'change.snapshot-taken',
      'change.started',
      'change.executed',
      'change.validation-failed',
      'change.rollback-started',
      'change.rolled-back',
      'change.released',
    ]);
  });

  it.each([
    ['a criterion that fails', 'fail'],
    ['an alarm that stays in ALARM until the deadline', 'not-yet'],
    ['an alarm without data until the deadline', 'no-data'],
    ['a source that cannot be asked', 'unreadable'],
  ] as const)('rolls back after %s', async (_, result) => {
    const world = await ready();
    world.alarm = { result, reason: 'alarm: seen' };
    expect(await world.execute()).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it('waits for an alarm that becomes OK in time', async () => {
    const world = await ready();
    world.alarm = { result: 'not-yet', reason: 'alarm: still ALARM' };
    let looks = 0;
    const ending = await world.execute({
      onState: (state) => {
        if (state === 'Validate the change' && ++looks === 4)
          world.alarm = { result: 'pass', reason: 'alarm: it is OK' };
      },
    });
    expect(ending).toStrictEqual(output('kept'));
    expect(looks).toBe(4);
  });

  it('rolls back when execute throws', async () => {
    const world = await ready();
    world.alias.trouble.apply = named('Error', 'socket hang up');
    expect(await world.execute()).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it('restores traffic weights that stood beside the version', async () => {
    const world = await ready();
    world.alias.state = { functionVersion: '2', additionalWeights: { '3': 0.25 }, revisionId: 'r1' };
    world.alarm = { result: 'fail', reason: 'alarm: worse' };
    expect(await world.execute()).toStrictEqual(output('rolled-back'));
    expect(world.alias.state).toMatchObject({ functionVersion: '2', additionalWeights: { '3': 0.25 } });
  });

  it('refuses when somebody changed the target between snapshot and execution', async () => {
    const world = await ready();
    const ending = await world.execute({
      onState: (state) => {
        if (state === 'Execute the change') world.alias.foreign('9');
      },
    });
    expect(ending).toMatchObject({ output: { outcome: 'refused', refusal: 'target-changed' } });
    expect(await world.settled()).toMatchObject({ status: 'refused', version: '9', lock: 'free' });
  });

  it('says that the target changed before the snapshot, so that the plan can be made anew', async () => {
    const world = await ready();
    world.alias.foreign('9');
    expect(await world.execute()).toMatchObject({
      output: { outcome: 'refused', refusal: 'target-changed', reason: expect.any(String) },
    });
  });

  it('names no refusal when there was another one, or none', async () => {
    for (const killSwitch of [false, true]) {
      const world = await ready();
      await world.killSwitch(killSwitch);
      const ending = await world.execute();
      expect(ending).toHaveProperty('output');
      expect(ending).not.toHaveProperty('output.refusal');
    }
  });

  it('refuses when somebody changed the target there and back again', async () => {
    const world = await ready();
    const ending = await world.execute({
      onState: (state) => {
        if (state === 'Execute the change') world.alias.foreign('2');
      },
    });
    expect(ending).toStrictEqual(output('refused'));
    expect(world.alias.effects).toBe(0);
  });

  it('refuses when somebody gets in between the executor looking and writing', async () => {
    const world = await ready();
    world.alias.beforeApply = async () => world.alias.foreign('9');
    expect(await world.execute()).toStrictEqual(output('refused'));
    expect(world.alias.state.functionVersion).toBe('9');
  });

  it('leaves a foreign change during the bake as it is and hands over to a person', async () => {
    const world = await ready();
    const ending = await world.execute({
      onState: (state) => {
        if (state === 'Validate the change') world.alias.foreign('9');
      },
    });
    expect(ending).toStrictEqual(output('rollback-failed'));
    expect(await world.settled()).toMatchObject({
      status: 'rollback-failed',
      version: '9',
      lock: 'free',
      finding: 'open',
    });
    expect(world.pages).toStrictEqual([world.changeId]);
  });

  it('pages and opens a finding when the rollback keeps failing', async () => {
    const world = await ready();
    world.alarm = { result: 'fail', reason: 'alarm: worse' };
    world.alias.trouble.restore = named('Error', 'no permission');
    expect(await world.execute()).toStrictEqual(output('rollback-failed'));
    expect(await world.settled()).toMatchObject({ status: 'rollback-failed', lock: 'free', finding: 'open' });
    expect(world.pages).toStrictEqual([world.changeId]);
  });

  it('waits for a locked target and gives up in time, without an effect', async () => {
    const holder = await ready();
    await holder.upToTheGate();
    const world = new World(tables);
    world.plan = { ...holder.plan, incidentId: world.incidentId };
    await world.prepare();
    const ending = await world.execute();
    expect(ending).toStrictEqual(output('refused'));
    expect(ending).toMatchObject({ output: { reason: `the target is locked by ${holder.changeId}` } });
    expect(await world.types()).toStrictEqual(['change.refused']);
  });

  it('takes a locked target as soon as it is free', async () => {
    const holder = await ready();
    const token = await holder.upToTheGate();
    const world = new World(tables);
    world.plan = { ...holder.plan, incidentId: world.incidentId };
    await world.prepare();
    let tries = 0;
    const ending = await world.execute({
      onState: async (state) => {
        if (state === 'Acquire the lock' && ++tries === 3)
          await holder.openings.refuse(holder.subject, 'refused', 'test');
      },
    });
    expect(ending).toStrictEqual(output('kept'));
    expect((await world.changes.find(world.changeId))?.fencingToken).toBe(token + 1);
  });

  it.each([
    ['an unknown mode', { mode: 'force' }],
    ['a recovery without a token', { mode: 'recover' }],
    ['a change id of another plan', { changeId: 'chg-0', mode: 'apply' }],
    ['a digest that no plan has', { planDigest: 'f'.repeat(64), mode: 'apply' }],
  ])('refuses %s', async (_, input) => {
    const world = await ready();
    const ending = await world.execute({
      input: { ...world.subject, action: 'lambda.shift-alias', ...input },
    });
    expect(ending).toStrictEqual(output('refused'));
    expect(world.alias.effects).toBe(0);
  });

  it('carries out a change once, however often its machine is started', async () => {
    const world = await ready();
    expect(await world.execute()).toStrictEqual(output('kept'));
    expect(await world.execute({ name: 'again' })).toStrictEqual(output('kept'));
    expect(world.alias.effects).toBe(1);
    expect(await world.settled()).toMatchObject({ starts: 1, releases: 1 });
  });
});

describe('an executor whose answer got lost', () => {
  it('is waited for and undone, not called again, while its call may still be under way', async () => {
    const world = await ready();
    let letItWrite = () => {};
    let lateWrite: Promise<unknown> | undefined;
    let lostAt = Number.POSITIVE_INFINITY;
    const ending = await world.execute({
      onState: async (state) => {
        // The call writes at the last moment that its function may run: 60 s after it was begun.
        if (world.now >= lostAt + 60_000) {
          letItWrite();
          await lateWrite;
        }
        if (state !== 'Execute the change' || lateWrite !== undefined) return;
        const held = new Promise<void>((resolve) => {
          letItWrite = resolve;
        });
        const atTheWrite = new Promise<void>((resolve) => {
          world.alias.beforeApply = async () => {
            world.alias.beforeApply = undefined;
            resolve();
            await held;
          };
        });
        lateWrite = world.act('execute', 1);
        await atTheWrite;
        await world.killSwitch(true);
        lostAt = world.now;
        throw named('Lambda.SdkClientException', 'connection reset');
      },
    });
    letItWrite();
    await lateWrite;
    expect(ending).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it.each(['Lambda.TooManyRequestsException', 'DependencyUnavailableError'])(
    'is called again after %s: nothing was left running',
    async (error) => {
      const world = await ready();
      let calls = 0;
      const ending = await world.execute({
        onState: (state) => {
          if (state === 'Execute the change' && ++calls < 3) throw named(error, 'not now');
        },
      });
      expect(ending).toStrictEqual(output('kept'));
      expect(world.alias.effects).toBe(1);
    },
  );

  it('does not free the lock over an effect that the target itself calls refused', async () => {
    const world = await ready();
    const write = world.alias.apply.bind(world.alias);
    world.alias.apply = async (parameters, snapshot) => {
      await write(parameters, snapshot);
      return { outcome: 'target-changed' };
    };
    expect(await world.execute()).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });
});

describe('a person who sets the very value of the plan', () => {
  it('before the first attempt: the change is refused and their value stays', async () => {
    const world = await ready();
    world.alarm = { result: 'fail', reason: 'alarm: worse' };
    const ending = await world.execute({
      onState: (state) => {
        if (state === 'Execute the change') world.alias.foreign('1');
      },
    });
    expect(ending).toStrictEqual(output('refused'));
    expect(await world.settled()).toMatchObject({ status: 'refused', version: '1', lock: 'free' });
    expect(world.alias.effects).toBe(0);
  });
});

describe('a rollback against a busy service', () => {
  it('is tried again until it is through', async () => {
    const world = await ready();
    world.alarm = { result: 'fail', reason: 'alarm: worse' };
    const restore = world.alias.restore.bind(world.alias);
    let tries = 0;
    world.alias.restore = async (...given) => {
      tries += 1;
      if (tries <= 8) throw new DependencyUnavailableError('change.service-busy', 'busy');
      return restore(...given);
    };
    expect(await world.execute()).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });
});

describe('crashes', () => {
  const writes = 9;
  /** The writes of the executor, which is not called again after an error that may leave it running. */
  const executorWrites = new Set([5, 6]);
  const cases = Array.from({ length: writes }, (_, index) => index + 1).flatMap((write) =>
    (['before', 'after'] as const).map((when) => ({ write, when })),
  );

  it('knows how many writes a kept change makes', async () => {
    const world = await ready();
    await world.execute();
    expect(world.counter.names).toStrictEqual([
      'transaction',
      'snapshot object',
      'transaction',
      'transaction',
      'intent object',
      'apply',
      'transaction',
      'transaction',
      'transaction',
    ]);
    expect(writes).toBe(world.counter.made);
  });

  it.each(cases)(
    'a function that dies $when write $write is called again, or undone if it was the executor',
    async ({ write, when }) => {
      const isKept = !executorWrites.has(write);
      const world = await ready();
      world.counter.dieAround(write, when, () => named('Lambda.ServiceException', 'the process died'));
      const result = isKept ? 'kept' : 'rolled-back';
      expect(await world.execute()).toStrictEqual(output(result));
      expect(await world.settled()).toMatchObject({
        status: result,
        version: isKept ? '1' : '2',
        lock: 'free',
        chainFaults: [],
        starts: 1,
        releases: 1,
      });
      expect(world.alias.effects).toBe(isKept ? 1 : world.counter.names.includes('restore') ? 2 : 0);
    },
  );

  it.each(cases)(
    'an execution that dies $when write $write is recovered: as if it had not begun, or kept',
    async ({ write, when }) => {
      const world = await ready();
      world.counter.dieAround(write, when, () => new ExecutionDied());
      expect(await world.execute()).toBe('died');
      await world.recover(world.changeId);
      const settled = await world.settled();
      const isKept = (write === 8 && when === 'after') || write === 9;
      expect(settled).toMatchObject({
        version: isKept ? '1' : '2',
        lock: write === 1 && when === 'before' ? 'none' : 'free',
        chainFaults: [],
        releases: write === 1 && when === 'before' ? 0 : 1,
      });
      expect(['kept', 'rolled-back', 'refused', undefined]).toContain(settled.status);
      expect(settled.status === 'kept').toBe(isKept);
      expect(settled.finding).toBeUndefined();
    },
  );

  it.each(cases)(
    'an execution that dies $when write $write is found by the sweep once its lease is over',
    async ({ write, when }) => {
      const world = await ready();
      world.counter.dieAround(write, when, () => new ExecutionDied());
      expect(await world.execute()).toBe('died');
      world.executions.set(world.changeId, 'running');
      world.now += 899_000;
      await world.recover();
      world.now += 2_000;
      await world.recover();
      expect(await world.settled()).toMatchObject({
        lock: write === 1 && when === 'before' ? 'none' : 'free',
        chainFaults: [],
      });
    },
  );

  it.each(
    [1, 2, 3, 4, 5].flatMap((write) => (['before', 'after'] as const).map((when) => ({ write, when }))),
  )(
    'a recovery that dies $when its write $write ends with a person or undone, never forgotten',
    async ({ write, when }) => {
      const world = await ready();
      world.counter.dieAround(7, 'before', () => new ExecutionDied());
      expect(await world.execute()).toBe('died');
      world.counter.dieAround(write, when, () => new ExecutionDied());
      await world.recover(world.changeId);
      const recovery = `${world.changeId}-recover-1`;
      // A call of the one that died may still be under way: nobody is handed its target before it must have ended.
      await world.recover(recovery);
      world.now += 1_000_000;
      await world.recover();
      const settled = await world.settled();
      expect(settled).toMatchObject({ lock: 'free', chainFaults: [], releases: 1 });
      if (settled.status === 'rolled-back') expect(settled).toMatchObject({ version: '2' });
      else {
        expect(settled).toMatchObject({ status: 'rollback-failed', finding: 'open' });
        expect(world.pages).toContain(world.changeId);
      }
    },
  );

  it('a lock that cannot be read does not keep the others from being recovered', async () => {
    const own = await freshTables();
    const world = await new World(own).prepare();
    await world.killSwitch(false);
    // Sorts before every real target key.
    await world.put(own.controls, { pk: 'LOCK', sk: '!malformed', phase: 'stolen', fencingToken: 'seven' });
    world.counter.dieAround(7, 'before', () => new ExecutionDied());
    expect(await world.execute()).toBe('died');
    await world.recover();
    expect(world.skippedLocks).toStrictEqual(['!malformed']);
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it('pages again when the page itself is what died', async () => {
    const world = await ready();
    world.alarm = { result: 'fail', reason: 'alarm: worse' };
    world.alias.trouble.restore = named('Error', 'no permission');
    world.counter.dieAround(10, 'before', () => new ExecutionDied());
    expect(await world.execute()).toBe('died');
    expect(world.counter.names.at(-1)).toBe('page');
    expect(world.pages).toStrictEqual([]);
    await world.recover(world.changeId);
    expect(world.pages).toStrictEqual([world.changeId]);
    expect(await world.settled()).toMatchObject({ status: 'rollback-failed', lock: 'free', finding: 'open' });
  });

  it('a holder that was taken over from is refused from then on and says who decides', async () => {
    const world = await ready();
    const ending = await world.execute({
      onState: async (state) => {
        if (state !== 'Validate the change') return;
        world.now += 901_000;
        await world.recover();
      },
    });
    expect(ending).toStrictEqual(output('rolled-back'));
    expect(await world.settled()).toMatchObject({
      status: 'rolled-back',
      version: '2',
      lock: 'free',
      releases: 1,
    });
  });
});
