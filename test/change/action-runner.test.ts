import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsOf } from '../../functions/change/action-definition.ts';
import { ActionRunner } from '../../functions/change/actions/action-runner.ts';
import type { ActionSurroundings, Ownership } from '../../functions/change/actions/action-surroundings.ts';
import {
  type ActionFacts,
  type ActionTask,
  intentOf,
  parseSnapshot,
  snapshotDigestOf,
  snapshotKey,
  whyNot,
  writeSnapshot,
} from '../../functions/change/actions/action-task.ts';
import { aliasAfter, aliasTarget } from '../../functions/change/actions/lambda-shift-alias/alias-target.ts';
import { shiftAlias } from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import { parameterTarget } from '../../functions/change/actions/ssm-put-parameter/parameter-target.ts';
import { changeStatuses } from '../../functions/change/change-status.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { canonicalJson } from '../../functions/platform/canonical-json.ts';
import { DependencyUnavailableError } from '../../functions/platform/errors.ts';
import { altered, placesOf } from './plan-mutations.ts';
import { FakeAlias, shiftPlan, start, WriteCounter } from './world.ts';

const plan = shiftPlan('inc-a', 'checkout');
const planDigest = planDigestOf(plan);
const state = { functionVersion: '2', additionalWeights: {}, revisionId: 'r1' };
const snapshotText = writeSnapshot({
  schemaVersion: 1,
  changeId: 'chg-a',
  planDigest,
  action: 'lambda.shift-alias',
  parameters: plan.parameters,
  state,
});

const intent = intentOf('lambda.shift-alias', 'chg-a', snapshotDigestOf(snapshotText));

function task(operation: ActionTask['operation']): ActionTask {
  return { operation, changeId: 'chg-a', incidentId: 'inc-a', planDigest, fencingToken: 4 };
}

function setUp(overrides: { facts?: Partial<ActionFacts>; change?: object; lock?: object } = {}) {
  const alias = new FakeAlias(new WriteCounter());
  const facts: ActionFacts = {
    change: {
      changeId: 'chg-a',
      incidentId: 'inc-a',
      planDigest,
      action: 'lambda.shift-alias',
      targetKey: 'lambda-alias/checkout:live',
      status: 'executing',
      fencingToken: 4,
      snapshotDigest: snapshotDigestOf(snapshotText),
      startedAtEpochMs: start,
      executedAtEpochMs: start,
      updatedAtEpochMs: start,
      ...overrides.change,
    },
    lock: {
      targetKey: 'lambda-alias/checkout:live',
      phase: 'mutating',
      fencingToken: 4,
      changeId: 'chg-a',
      incidentId: 'inc-a',
      leaseExpiresAtEpochMs: start + 1,
      ...overrides.lock,
    },
    storedPlan: plan,
    ...overrides.facts,
  };
  const around = {
    killSwitch: 'released' as 'released' | 'engaged' | 'unreadable',
    owner: { outcome: 'not-owned' } as Ownership,
    pauses: [] as number[],
  };
  const snapshots = new Map([[snapshotKey('lambda.shift-alias', 'chg-a'), snapshotText]]);
  const surroundings: ActionSurroundings = {
    environment: 'local',
    place: { partition: 'aws', region: 'us-east-1', account: '000000000000' },
    validationSeconds: 120,
    clock: () => start,
    pause: async (seconds) => {
      around.pauses.push(seconds);
    },
    owners: { ownerOf: async () => around.owner },
    metrics: { look: async () => ({ result: 'pass', reason: 'metric' }) },
    runtime: {
      facts: async () => facts,
      plan: async () => facts.storedPlan,
      killSwitch: async () => ({ reading: around.killSwitch, scope: 'global' as const }),
    },
    snapshots: {
      find: async (key) => snapshots.get(key),
      keepFirst: async (key, text) => {
        if (!snapshots.has(key)) snapshots.set(key, text);
        return snapshots.get(key) ?? text;
      },
    },
    alarms: { look: async () => ({ result: 'pass', reason: 'alarm' }) },
    probe: { look: async () => ({ result: 'pass', reason: 'probe' }) },
  };
  const runner = new ActionRunner(aliasTarget, alias, surroundings);
  return { alias, around, runner, snapshots, surroundings };
}

describe('execute', () => {
  it('moves the alias once, however often it is asked', async () => {
    const { alias, runner } = setUp();
    expect(await runner.run(task('execute'))).toStrictEqual({ outcome: 'executed' });
    expect(await runner.run(task('execute'))).toStrictEqual({ outcome: 'executed' });
    expect(alias.effects).toBe(1);
  });

  it('does nothing for a plan altered in any place after it was approved', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...placesOf(plan)),
        fc.constantFrom('replace' as const, 'remove' as const, 'add' as const),
        fc.jsonValue(),
        async (place, how, value) => {
          const other = altered(plan, place, how, value);
          fc.pre(canonicalJson(other) !== canonicalJson(plan));
          const { alias, runner } = setUp({ facts: { storedPlan: other } });
          expect(await runner.run(task('execute'))).toMatchObject({
            outcome: 'refused',
            refusal: 'not-authorised',
          });
          expect(alias.effects).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ['another digest is asked for', {}, { planDigest: 'f'.repeat(64) }],
    ['another incident is asked for', {}, { incidentId: 'inc-b' }],
    ['a stale token is used', {}, { fencingToken: 3 }],
    ['the lock is under another token', { lock: { fencingToken: 5 } }, {}],
    ['the lock is free', { lock: { phase: 'free' } }, {}],
    ['the lease is over this millisecond', { lock: { leaseExpiresAtEpochMs: start } }, {}],
    ['there is no lock', { facts: { lock: undefined } }, {}],
    ['there is no change', { facts: { change: undefined } }, {}],
    ['the change is for another action', { change: { action: 'ssm.put-parameter' } }, {}],
    ['the change is for another target', { change: { targetKey: 'lambda-alias/checkout:next' } }, {}],
    ['no snapshot is recorded', { change: { snapshotDigest: undefined } }, {}],
    ['another snapshot is recorded', { change: { snapshotDigest: 'e'.repeat(64) } }, {}],
    ...changeStatuses
      .filter((status) => status !== 'executing')
      .map((status): [string, object, object] => [`the change is ${status}`, { change: { status } }, {}]),
  ] as [string, object, object][])('does nothing when %s', async (_, overrides, input) => {
    const { alias, runner } = setUp(overrides);
    expect(await runner.run({ ...task('execute'), ...input })).toMatchObject({
      outcome: 'refused',
      refusal: 'not-authorised',
    });
    expect(alias.effects).toBe(0);
  });

  it.each(['engaged', 'unreadable'] as const)(
    'does nothing while the kill switch is %s',
    async (killSwitch) => {
      const { alias, around, runner } = setUp();
      around.killSwitch = killSwitch;
      expect(await runner.run(task('execute'))).toMatchObject({ outcome: 'refused', refusal: 'kill-switch' });
      expect(alias.effects).toBe(0);
    },
  );

  it('asks for a rollback when a kill switch meets the effect of an earlier attempt', async () => {
    const { around, runner } = setUp();
    await runner.run(task('execute'));
    around.killSwitch = 'engaged';
    expect(await runner.run(task('execute'))).toMatchObject({ outcome: 'failed' });
  });

  it('asks for a rollback when a kill switch meets an earlier attempt that may still be running', async () => {
    const { alias, around, runner, snapshots } = setUp();
    snapshots.set(intent.key, intent.text);
    around.killSwitch = 'engaged';
    expect(await runner.run(task('execute'))).toMatchObject({ outcome: 'failed' });
    expect(alias.effects).toBe(0);
  });

  it('does nothing when the kill switch is engaged while it begins', async () => {
    const { alias, around, runner, snapshots } = setUp();
    const keep = snapshots.set.bind(snapshots);
    snapshots.set = (key, text) => {
      around.killSwitch = 'engaged';
      return keep(key, text);
    };
    expect(await runner.run(task('execute'))).toMatchObject({ outcome: 'refused', refusal: 'kill-switch' });
    expect(alias.effects).toBe(0);
  });

  it('keeps its intent before it writes, and nothing when it refuses', async () => {
    const { alias, runner, snapshots } = setUp();
    let kept: string | undefined;
    alias.beforeApply = async () => {
      kept = snapshots.get('lambda.shift-alias/chg-a.intent.json');
    };
    await runner.run(task('execute'));
    expect(kept).toBe(intent.text);
    const changed = setUp();
    changed.alias.foreign('9');
    await changed.runner.run(task('execute'));
    expect(changed.snapshots.size).toBe(1);
    const stopped = setUp();
    stopped.around.killSwitch = 'engaged';
    await stopped.runner.run(task('execute'));
    expect(stopped.snapshots.size).toBe(1);
  });

  it('does not write under the intent of another snapshot', async () => {
    const { alias, runner, snapshots } = setUp();
    snapshots.set(intent.key, intent.text.replace('chg-a', 'chg-b'));
    await expect(runner.run(task('execute'))).rejects.toThrow('belongs to another snapshot');
    expect(alias.effects).toBe(0);
  });

  it('does not pass off as refused a write that was made although its answer says otherwise', async () => {
    const { alias, runner } = setUp();
    const write = alias.apply.bind(alias);
    alias.apply = async (parameters, snapshot) => {
      await write(parameters, snapshot);
      // What a repeated request is told once the first one has changed the revision.
      return { outcome: 'target-changed' };
    };
    expect(await runner.run(task('execute'))).toMatchObject({ outcome: 'failed' });
    expect(alias.state.functionVersion).toBe('1');
  });

  it('does nothing when the target changed after the snapshot, even there and back or to our value', async () => {
    for (const version of ['9', '2', '1']) {
      const { alias, runner } = setUp();
      alias.foreign(version);
      expect(await runner.run(task('execute'))).toMatchObject({
        outcome: 'refused',
        refusal: 'target-changed',
      });
      expect(alias.effects).toBe(0);
    }
  });
});

describe('snapshot', () => {
  const before = { change: { status: 'locked', snapshotDigest: undefined }, lock: { phase: 'held' } };

  it('keeps the first one', async () => {
    const { alias, runner, snapshots } = setUp(before);
    snapshots.clear();
    const first = await runner.run(task('snapshot'));
    expect(first).toStrictEqual({ outcome: 'taken', snapshotDigest: snapshotDigestOf(snapshotText) });
    alias.foreign('9');
    expect(await runner.run(task('snapshot'))).toStrictEqual(first);
  });

  it.each([
    ['stands elsewhere', '9', '1'],
    ['stands where the change leads', '1', '1'],
  ])('is refused when the target %s', async (_, version) => {
    const { alias, runner, snapshots } = setUp(before);
    snapshots.clear();
    alias.foreign(version);
    expect(await runner.run(task('snapshot'))).toMatchObject({ outcome: 'refused' });
    expect(snapshots.size).toBe(0);
  });

  it('is refused for a plan that would change nothing', async () => {
    const idle = shiftPlan('inc-a', 'checkout', '2');
    const digest = planDigestOf(idle);
    const { runner, snapshots } = setUp({
      change: { ...before.change, planDigest: digest },
      lock: before.lock,
      facts: {},
    });
    snapshots.clear();
    const { runner: idleRunner } = setUp({
      change: { ...before.change, planDigest: digest, changeId: 'chg-idle' },
      lock: { ...before.lock, changeId: 'chg-idle' },
      facts: { storedPlan: idle },
    });
    expect(
      await idleRunner.run({ ...task('snapshot'), changeId: 'chg-idle', planDigest: digest }),
    ).toMatchObject({
      outcome: 'refused',
      reason: 'the plan would change nothing',
    });
    expect(await runner.run({ ...task('snapshot'), planDigest: digest })).toMatchObject({
      outcome: 'refused',
    });
  });
});

describe('roll-back', () => {
  const rolling = {
    change: { status: 'rolling-back' },
    lock: { phase: 'rolling-back', leaseExpiresAtEpochMs: start - 1 },
  };

  it('restores what was read, under a kill switch, after the lease and without the plan', async () => {
    const { alias, around, runner, snapshots } = setUp({ ...rolling, facts: { storedPlan: undefined } });
    snapshots.set(intent.key, intent.text);
    alias.state = { functionVersion: '1', additionalWeights: {}, revisionId: 'r2' };
    around.killSwitch = 'engaged';
    expect(await runner.run(task('roll-back'))).toMatchObject({ outcome: 'restored' });
    expect(alias.state.functionVersion).toBe('2');
    expect(await runner.run(task('roll-back'))).toMatchObject({ outcome: 'restored' });
    expect(alias.effects).toBe(1);
  });

  it('leaves a foreign value as it is, also one equal to ours that we never began to write', async () => {
    for (const [version, text] of [
      ['9', intent.text],
      ['1', undefined],
    ] as const) {
      const { alias, runner, snapshots } = setUp(rolling);
      if (text !== undefined) snapshots.set(intent.key, text);
      alias.foreign(version);
      expect(await runner.run(task('roll-back'))).toMatchObject({ outcome: 'failed' });
      expect(alias.effects).toBe(0);
    }
  });

  describe('of a change that a person undoes', () => {
    const undoing = { ...rolling, change: { ...rolling.change, undoExecution: 'chg-a-undo-1' } };
    const refused = (reason: string) => ({ outcome: 'undo-refused', reason: `not undone: ${reason}` });
    const changedSince = 'somebody else has changed the target since; it is left as it is';
    const maybeOurs =
      'the target stands neither as the change left it nor as it was before, and our own restore had begun; it is left as it is';
    const busy = new DependencyUnavailableError('change.service-busy', 'busy');
    const setUpUndo = () => {
      const world = setUp(undoing);
      world.snapshots.set(intent.key, intent.text);
      world.alias.foreign('1');
      return world;
    };

    it('is given up, and nothing written, where somebody else has moved the target since', async () => {
      const { alias, runner } = setUpUndo();
      alias.foreign('9');
      expect(await runner.run(task('roll-back'))).toStrictEqual(refused(changedSince));
      expect(alias.state.functionVersion).toBe('9');
      expect(alias.effects).toBe(0);
    });

    it('is given up where the target is gone', async () => {
      const { alias, runner } = setUpUndo();
      alias.read = async () => ({ outcome: 'refused', reason: 'the alias does not exist' });
      expect(await runner.run(task('roll-back'))).toStrictEqual(refused('the alias does not exist'));
    });

    it.each([
      ['gets in between its look and its write', ({ alias }: ReturnType<typeof setUp>) => alias.restore],
      ['moves the target after a write that was not answered', () => async () => Promise.reject(busy)],
    ])('has failed, and is given up by no later try, where somebody else %s', async (_what, writeOf) => {
      const world = setUpUndo();
      const { alias, runner } = world;
      const write = writeOf(world).bind(alias);
      alias.restore = async (...given) => {
        alias.foreign('9');
        return write(...given);
      };
      await runner.run(task('roll-back')).catch((error: unknown) => expect(error).toBe(busy));
      for (const _ of ['the next try', 'its recovery']) {
        expect(await runner.run(task('roll-back'))).toStrictEqual({ outcome: 'failed', reason: maybeOurs });
      }
      alias.read = async () => ({ outcome: 'refused', reason: 'the alias does not exist' });
      expect(await runner.run(task('roll-back'))).toMatchObject({ outcome: 'failed' });
      expect(alias.state.functionVersion).toBe('9');
    });

    it('has failed at once where somebody else gets in between its look and its write', async () => {
      const { alias, runner } = setUpUndo();
      const write = alias.restore.bind(alias);
      alias.restore = async (...given) => {
        alias.foreign('9');
        return write(...given);
      };
      expect(await runner.run(task('roll-back'))).toMatchObject({ outcome: 'failed' });
      expect(alias.effects).toBe(0);
    });

    it('does not begin where it cannot be kept that it has begun', async () => {
      const { alias, runner, surroundings } = setUpUndo();
      Object.assign(surroundings.snapshots, { keepFirst: () => Promise.reject(busy) });
      await expect(runner.run(task('roll-back'))).rejects.toBe(busy);
      expect(alias.effects).toBe(0);
    });

    it('restores what stands as the change left it, and what stands restored already', async () => {
      const { alias, runner } = setUpUndo();
      for (const _ of ['restores', 'finds it restored'])
        expect(await runner.run(task('roll-back'))).toMatchObject({ outcome: 'restored' });
      expect(alias.effects).toBe(1);
    });

    it.each([
      ['its snapshot is gone', ({ snapshots }: ReturnType<typeof setUp>) => snapshots.clear()],
      [
        'its write is refused although nobody has moved the target',
        ({ alias }: ReturnType<typeof setUp>) => {
          alias.restore = async () => ({ outcome: 'failed', reason: 'AccessDenied' });
        },
      ],
      [
        'its write is said to follow another one although nobody has moved the target',
        ({ alias }: ReturnType<typeof setUp>) => {
          alias.restore = async () => ({ outcome: 'target-changed' });
        },
      ],
    ])('has failed where %s', async (_what, spoil) => {
      const world = setUpUndo();
      spoil(world);
      expect(await world.runner.run(task('roll-back'))).toMatchObject({ outcome: 'failed' });
    });
  });

  it.each([
    ['threw', () => Promise.reject(new Error('socket hang up'))],
    ['was said to follow another write', async () => ({ outcome: 'failed', reason: 'version 7' }) as const],
    ['was said to have changed nothing', async () => ({ outcome: 'target-changed' }) as const],
  ])('is judged by what stands there although its write %s', async (_, answer) => {
    const { alias, runner, snapshots } = setUp(rolling);
    snapshots.set(intent.key, intent.text);
    alias.foreign('1');
    const write = alias.restore.bind(alias);
    alias.restore = async (...given) => {
      await write(...given);
      return answer();
    };
    expect(await runner.run(task('roll-back'))).toMatchObject({ outcome: 'restored' });
  });

  it('throws what its write threw when nothing was restored, so that it is tried again', async () => {
    const { alias, runner, snapshots } = setUp(rolling);
    snapshots.set(intent.key, intent.text);
    alias.foreign('1');
    alias.trouble.restore = new DependencyUnavailableError('change.service-busy', 'busy');
    await expect(runner.run(task('roll-back'))).rejects.toBe(alias.trouble.restore);
  });

  it.each(changeStatuses.filter((status) => status !== 'rolling-back'))(
    'has no place while %s',
    async (status) => {
      const { alias, runner } = setUp({ ...rolling, change: { status } });
      alias.state = { functionVersion: '1', additionalWeights: {}, revisionId: 'r2' };
      expect(await runner.run(task('roll-back'))).toMatchObject({ outcome: 'failed' });
      expect(alias.effects).toBe(0);
    },
  );
});

describe('validate', () => {
  const executed = { change: { status: 'executed' }, lock: { phase: 'held' } };

  it('reads the target back instead of believing the API', async () => {
    const { alias, runner } = setUp(executed);
    expect(await runner.run(task('validate'))).toMatchObject({ outcome: 'fail' });
    alias.state = { functionVersion: '1', additionalWeights: {}, revisionId: 'r2' };
    expect(await runner.run(task('validate'))).toMatchObject({ outcome: 'pass' });
    alias.state = { functionVersion: '1', additionalWeights: { '3': 0.5 }, revisionId: 'r3' };
    expect(await runner.run(task('validate'))).toMatchObject({ outcome: 'fail' });
  });

  it('waits for a target that was told and has not arrived, or is busy, and fails any other value', async () => {
    const { alias, runner, surroundings } = setUp(executed);
    // As of an ECS rollout: told, but its reading does not say so before it is through.
    const arriving = new ActionRunner({ ...aliasTarget, readBack: () => 'on its way' }, alias, surroundings);
    expect(await arriving.run(task('validate'))).toMatchObject({ outcome: 'fail' });
    alias.state = { functionVersion: '1', additionalWeights: {}, revisionId: 'r2' };
    expect(await arriving.run(task('validate'))).toMatchObject({ outcome: 'pending' });
    // As of a runbook that ended badly: it stands where the change leads, and nothing is left to wait for.
    for (const [isUnderWay, outcome] of [
      [false, 'fail'],
      [true, 'pending'],
    ] as const) {
      const rules = { ...aliasTarget, readBack: () => 'no such value', isUnderWay: () => isUnderWay };
      const ending = new ActionRunner(rules, alias, surroundings);
      expect(await ending.run(task('validate'))).toMatchObject({ outcome });
    }
    // As of one that has no inverse: under way although nothing tells where it leads.
    const onTheWay = {
      ...aliasTarget,
      readBack: () => 'on its way',
      isAfter: () => false,
      isUnderWay: () => true,
    };
    const running = new ActionRunner(onTheWay, alias, surroundings);
    expect(await running.run(task('validate'))).toMatchObject({ outcome: 'pending' });
    alias.trouble.read = new DependencyUnavailableError('change.service-busy', 'busy');
    expect(await runner.run(task('validate'))).toMatchObject({ outcome: 'pending' });
    alias.trouble.read = new Error('no answer');
    expect(await runner.run(task('validate'))).toMatchObject({ outcome: 'inconclusive' });
  });

  it('is inconclusive when it has no business here or cannot know its deadline', async () => {
    expect(await setUp().runner.run(task('validate'))).toMatchObject({ outcome: 'inconclusive' });
    const notThere = setUp({ ...executed, change: { status: 'executed', executedAtEpochMs: undefined } });
    expect(await notThere.runner.run(task('validate'))).toMatchObject({ outcome: 'inconclusive' });
    const tampered = setUp({ ...executed, facts: { storedPlan: { ...plan, successCriteria: [] } } });
    expect(await tampered.runner.run(task('validate'))).toMatchObject({ outcome: 'inconclusive' });
  });
});

describe('snapshots as text', () => {
  it.each([
    '',
    'null',
    '[]',
    '{"__proto__":{"schemaVersion":1}}',
    snapshotText.replace('chg-a', 'chg-b'),
    snapshotText.replace('lambda.shift-alias', 'ssm.put-parameter'),
    snapshotText.replace('"schemaVersion":1', '"schemaVersion":2'),
    `${snapshotText.slice(0, -1)},"more":1}`,
    '['.repeat(100_000),
  ])('%# is not the snapshot of this change', (text) => {
    expect(parseSnapshot(text, { changeId: 'chg-a', action: 'lambda.shift-alias' })).toBeUndefined();
  });

  it('is where the role of the action may write', () => {
    expect(snapshotKey('lambda.shift-alias', 'chg-a')).toBe('lambda.shift-alias/chg-a.json');
  });
});

describe('a task without its change', () => {
  it.each(['snapshot', 'execute', 'validate', 'roll-back'] as const)('%s is refused', (operation) => {
    expect(whyNot(task(operation), { change: undefined, lock: undefined, storedPlan: plan }, start)).toBe(
      'the change is not recorded',
    );
  });
});

describe('a parameter', () => {
  const parameters = { name: '/checkout/flag', fromValue: 'on', toValue: 'off' };
  const read = { type: 'String', value: 'on', dataType: 'text', version: 3 } as const;

  it.each([
    [{ ...read }, true, false, true, true],
    [{ ...read, version: 5 }, true, false, false, true],
    [{ ...read, value: 'off', version: 4 }, false, true, false, false],
    [{ ...read, type: 'StringList', version: 4 } as const, true, false, false, false],
  ])('%j', (current, isBefore, isAfter, isUntouched, isRestored) => {
    expect(parameterTarget.isBefore(parameters, current)).toBe(isBefore);
    expect(parameterTarget.isAfter(parameters, current)).toBe(isAfter);
    expect(parameterTarget.isUntouched(read, current)).toBe(isUntouched);
    expect(parameterTarget.isRestored(read, current)).toBe(isRestored);
  });
});

describe('an alias that is shifted in steps', () => {
  const parameters = { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' };
  const progressive = { ...parameters, progressive: true };
  const at = (functionVersion: string, additionalWeights: Record<string, number> = {}) => ({
    functionVersion,
    additionalWeights,
    revisionId: 'r1',
  });

  it.each([
    [at('2', { '1': 0.1 }), 0],
    [at('2', { '1': 0.5 }), 1],
    [at('1'), 2],
    [at('2'), -1],
    [at('2', { '1': 0.2 }), -1],
    [at('2', { '3': 0.1 }), -1],
    [at('1', { '2': 0.5 }), -1],
  ])('%j is step %d', (current, step) => {
    expect([0, 1, 2].findIndex((index) => aliasTarget.isAtStep?.(progressive, current, index))).toBe(step);
    expect(aliasTarget.isAfter(progressive, current)).toBe(step === 2);
  });

  it('reads back what each step is held against', () => {
    for (const [index, { criteria }] of stepsOf(shiftAlias, progressive).entries()) {
      const { functionVersion, additionalWeights } = aliasAfter(progressive, index);
      const expected = aliasTarget.readBack(at(functionVersion, { ...additionalWeights }));
      expect(criteria[0]).toStrictEqual({ kind: 'read-back', expected });
    }
  });

  it.each([parameters, { ...parameters, progressive: false }])('is shifted at once by %j', (given) => {
    expect(stepsOf(shiftAlias, given)).toStrictEqual([]);
    expect(shiftAlias.effect(given)).toStrictEqual({ before: 'version 2', after: 'version 1' });
  });

  it('tells the model what it is, and where it is wanted', () => {
    expect(shiftAlias.parametersJsonSchema).toHaveProperty(
      'properties.progressive.description',
      expect.stringMatching(/10 % and 50 % .*in prod/),
    );
  });

  it('says so in what approvers see', () => {
    expect(shiftAlias.effect(progressive).after).toBe('version 1, by way of 10 % and 50 % of traffic');
    expect(stepsOf(shiftAlias, progressive).map(({ name }) => name)).toStrictEqual([
      '10 % of traffic',
      '50 % of traffic',
      'all traffic',
    ]);
  });

  it('does not begin beside a third version', () => {
    expect(aliasTarget.isBefore(progressive, at('2', { '3': 0.25 }))).toBe(false);
    expect(aliasTarget.isBefore(parameters, at('2', { '3': 0.25 }))).toBe(true);
    expect(aliasTarget.isBefore(progressive, at('2'))).toBe(true);
  });
});

describe('the owner of a target', () => {
  const before = { change: { status: 'locked', snapshotDigest: undefined }, lock: { phase: 'held' } };

  it.each([
    [{ outcome: 'owned', stack: 'checkout' }, { ownerStack: 'checkout' }],
    [{ outcome: 'not-owned' }, {}],
    [{ outcome: 'unknown', reason: 'AccessDenied' }, {}],
  ] as const)('%j comes with the snapshot, also with one taken before', async (owner, expected) => {
    const { around, runner } = setUp(before);
    around.owner = owner;
    const snapshotDigest = snapshotDigestOf(snapshotText);
    for (const _ of [1, 2]) {
      expect(await runner.run(task('snapshot'))).toStrictEqual({
        outcome: 'taken',
        snapshotDigest,
        ...expected,
      });
    }
  });
});

describe('an alias with weights', () => {
  const weighted = (additionalWeights: Record<string, number>) => ({ ...state, additionalWeights });

  it.each([
    [{}, {}, true],
    [{ '3': 0.1 }, { '3': 0.1 }, true],
    [{ '3': 0.1 }, {}, false],
    [{}, { '3': 0.1 }, false],
    [{ '3': 0.1 }, { '3': 0.2 }, false],
    [{ '3': 0.1 }, { '4': 0.1 }, false],
  ])('%j against %j is the same: %s', (a, b, expected) => {
    expect(aliasTarget.isRestored(weighted(a), weighted(b))).toBe(expected);
  });
});
