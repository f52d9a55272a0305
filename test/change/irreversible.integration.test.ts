import { beforeAll, describe, expect, it } from 'vitest';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { ActionRunner } from '../../functions/change/actions/action-runner.ts';
import { rebootInstance } from '../../functions/change/actions/ec2-reboot-instance/definition.ts';
import { instanceTarget } from '../../functions/change/actions/ec2-reboot-instance/instance-target.ts';
import { DependencyUnavailableError } from '../../functions/platform/errors.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { ExecutionDied, named } from './asl-interpreter.ts';
import { shiftPlan, World } from './world.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

let instances = 0;

/** A reboot: nothing that can be read afterwards shows whether it was made. */
async function reboot() {
  const world = new World(tables);
  const parameters = { instanceId: `i-${String(++instances).padStart(17, '0')}` };
  world.plan = {
    ...shiftPlan(world.incidentId, world.functionName),
    action: rebootInstance.id,
    parameters,
    target: rebootInstance.target(parameters),
    effect: rebootInstance.effect(parameters),
    rollbackPlan: rollbackPlanOf(rebootInstance, parameters),
    successCriteria: [
      ...rebootInstance.successCriteria(parameters),
      { kind: 'alarm-ok', alarmName: `${world.functionName}-errors` },
    ],
  };
  const instance = { reboots: 0, busy: 0 };
  const state = { name: 'running', launchedAtEpochMs: 1 };
  world.runner = new ActionRunner(
    instanceTarget,
    {
      read: async () => ({ outcome: 'found', state }),
      apply: () =>
        world.counter.around('apply', async () => {
          if (instance.busy-- > 0) throw new DependencyUnavailableError('change.service-busy', 'EC2 is busy');
          instance.reboots += 1;
          return { outcome: 'written' };
        }),
      restore: async () => ({ outcome: 'failed', reason: 'must not be called' }),
    },
    world.around,
  );
  await world.prepare();
  await world.killSwitch(false);
  return { world, instance };
}

const output = (outcome: string, reason: string) => ({
  status: 'SUCCEEDED',
  output: { outcome, reason: expect.stringContaining(reason) },
});

describe('an irreversible change', () => {
  it('is made and kept', async () => {
    const { world, instance } = await reboot();
    expect(await world.execute()).toMatchObject(output('kept', '2 of 2 criteria hold'));
    expect(instance.reboots).toBe(1);
  });

  it('that did not help ends with a person, who is told that it stays', async () => {
    const { world, instance } = await reboot();
    world.alarm = { result: 'fail', reason: 'alarm: worse' };
    expect(await world.execute()).toMatchObject(
      output('rollback-failed', 'irreversible: a reboot cannot be undone'),
    );
    const failed = (await world.chain()).find(({ type }) => type === 'change.validation-failed');
    expect(failed?.detail['reason']).toBe('fail: alarm: worse; the change is irreversible');
    expect(await world.settled()).toMatchObject({ status: 'rollback-failed', lock: 'free', finding: 'open' });
    expect(world.pages).toStrictEqual([world.changeId]);
    expect(instance.reboots).toBe(1);
  });

  it.each([
    [1, 'kept', 1],
    [4, 'kept', 1],
    [5, 'rollback-failed', 0],
  ])('meets a service that is busy %d times: %s', async (busy, outcome, reboots) => {
    const { world, instance } = await reboot();
    instance.busy = busy;
    expect(await world.execute()).toMatchObject({ output: { outcome } });
    expect(instance.reboots).toBe(reboots);
  });

  it('stops trying a busy service when the kill switch is engaged', async () => {
    const { world, instance } = await reboot();
    instance.busy = 2;
    const ending = await world.execute({
      onState: (state) => {
        if (state !== 'Execute the change') return;
        const { pause } = world.around;
        Object.assign(world.around, {
          pause: async (seconds: number) => {
            await pause(seconds);
            await world.killSwitch(true);
          },
        });
      },
    });
    expect(ending).toMatchObject({ output: { outcome: 'rollback-failed' } });
    expect(instance.reboots).toBe(0);
  });

  it('is not undone on a person’s word either', async () => {
    const { world } = await reboot();
    await world.execute();
    expect(await world.undo()).toMatchObject(output('refused', 'irreversible: a reboot cannot be undone'));
  });
});

describe('crashes of an irreversible change', () => {
  const writesOfKept = [
    'transaction',
    'snapshot object',
    'transaction',
    'transaction',
    'intent object',
    'apply',
    'transaction',
    'transaction',
    'transaction',
  ];
  const cases = writesOfKept.flatMap((_, index) =>
    (['before', 'after'] as const).map((when) => ({ write: index + 1, when })),
  );

  it('knows the writes of one that is kept', async () => {
    const { world } = await reboot();
    await world.execute();
    expect(world.counter.names).toStrictEqual(writesOfKept);
  });

  it.each(cases)('a function that dies $when write $write never reboots twice', async ({ write, when }) => {
    const { world, instance } = await reboot();
    world.counter.dieAround(write, when, () => named('Lambda.ServiceException', 'the process died'));
    await world.execute();
    const settled = await world.settled();
    expect(settled).toMatchObject({ hasEnded: true, lock: 'free', chainFaults: [], releases: 1 });
    expect(instance.reboots).toBeLessThanOrEqual(1);
    // Once it may have been made, a person hears of it unless it was kept.
    const mayHaveBeenMade = (write === 5 && when === 'after') || write === 6;
    expect(settled.finding).toBe(mayHaveBeenMade ? 'open' : undefined);
    if (settled.status === 'kept') expect(instance.reboots).toBe(1);
    if (settled.status === 'rolled-back') expect(instance.reboots).toBe(0);
  });

  it.each(cases)('an execution that dies $when write $write is never resumed', async ({ write, when }) => {
    const { world, instance } = await reboot();
    world.counter.dieAround(write, when, () => new ExecutionDied());
    expect(await world.execute()).toBe('died');
    const made = instance.reboots;
    await world.recover(world.changeId);
    const settled = await world.settled();
    expect(instance.reboots).toBe(made);
    expect(['free', 'none']).toContain(settled.lock);
    if (made === 1) expect(['kept', 'rollback-failed']).toContain(settled.status);
    if (settled.status === 'rollback-failed') {
      expect(settled.finding).toBe('open');
      expect(world.pages).toContain(world.changeId);
    }
  });

  it('called again after its attempt had begun, the executor leaves the verdict to validation', async () => {
    const { world, instance } = await reboot();
    const answers: unknown[] = [];
    const ending = await world.execute({
      onState: async (state) => {
        if (state !== 'Execute the change') return;
        answers.push(await world.act('execute', 1), await world.act('execute', 1));
      },
    });
    expect(answers).toStrictEqual([{ outcome: 'executed' }, { outcome: 'executed' }]);
    expect(ending).toMatchObject({ output: { outcome: 'kept' } });
    expect(instance.reboots).toBe(1);
  });
});
