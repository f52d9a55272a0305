import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { KillSwitchStore } from '../../functions/autonomy/kill-switch.store.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { DependencyUnavailableError } from '../../functions/platform/errors.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { conflictingClient } from '../platform/conflicting-database.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { shiftPlan, start, World } from './world.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

const place = { environment: 'local', agentRole: 'responder', actionClass: 'traffic' };

async function atTheGate(options: Parameters<World['prepare']>[0] = {}) {
  const world = await new World(tables).prepare(options);
  await world.killSwitch(false);
  const token = await world.upToTheGate();
  return { world, token };
}

/** Nothing was started and nothing can be executed either, whatever the gate answered. */
async function expectNotStarted(world: World, token: number): Promise<void> {
  expect((await world.changes.find(world.changeId))?.status).not.toBe('executing');
  expect(await world.types()).not.toContain('change.started');
  expect(await world.act('execute', token)).toMatchObject({ outcome: 'refused' });
  expect(world.alias.effects).toBe(0);
}

describe('the authorise transaction', () => {
  it.each(['auto', 'require-approval'] as const)(
    'lets a change start whose decision is %s',
    async (outcome) => {
      const { world, token } = await atTheGate({ outcome });
      expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
      expect(await world.changes.find(world.changeId)).toMatchObject({
        status: 'executing',
        startedAtEpochMs: start,
      });
      expect(await world.changes.lockOf(world.targetKey)).toMatchObject({
        phase: 'mutating',
        leaseExpiresAtEpochMs: start + 900_000,
      });
      expect((await world.types()).at(-1)).toBe('change.started');
    },
  );

  const missing: [string, string, (world: World) => Promise<void>][] = [
    ['the kill switch is engaged', 'kill-switch', (world) => world.killSwitch(true)],
    [
      'the kill switch is missing',
      'kill-switch',
      (world) => world.remove(tables.controls, itemKeys.killSwitch('global')),
    ],
    [
      'the kill switch says something else than false',
      'kill-switch',
      (world) => world.put(tables.controls, { ...itemKeys.killSwitch('global'), engaged: 'no' }),
    ],
    ...['environment#local', 'agent#responder', 'action#lambda.shift-alias'].flatMap((scope) =>
      [true, 'no', undefined].map((engaged): [string, string, (world: World) => Promise<void>] => [
        `the kill switch over ${scope} says ${engaged}`,
        'kill-switch',
        (world) =>
          world.put(tables.controls, {
            ...itemKeys.killSwitch(scope),
            ...(engaged === undefined ? {} : { engaged }),
          }),
      ]),
    ),
    [
      'the autonomy stage was set after the decision',
      'stage',
      (world) => world.put(tables.controls, { ...itemKeys.stage(place), stage: 'guarded', version: 1 }),
    ],
    [
      'the autonomy stage is not the version that was decided under',
      'stage',
      async (world) => {
        await world.put(tables.controls, { ...itemKeys.stage(place), stage: 'guarded', version: 3 });
        await world.prepare({ decision: { stageVersion: 2 } });
      },
    ],
    [
      'the decision does not say which stage it rests on',
      'stage',
      async (world) => {
        await world.prepare({ decision: { stageVersion: 'none' } });
      },
    ],
    ...(['all', 'action#lambda.shift-alias', 'target'] as const).map(
      (counter): [string, string, (world: World) => Promise<void>] => [
        `the limit of the day is reached (${counter})`,
        'limit',
        (world) =>
          world.put(tables.controls, {
            ...itemKeys.usage('local', '2026-03-02'),
            [counter === 'target' ? `target#${world.targetKey}` : counter]: 10_000,
          }),
      ],
    ),
    [
      'it was decided under a break-glass that has run out this very millisecond',
      'break-glass',
      async (world) => {
        await world.prepare({ outcome: 'auto', decision: { breakGlass: true } });
        await world.breakGlass(start);
      },
    ],
    [
      'it was decided under a break-glass of another environment',
      'break-glass',
      async (world) => {
        await world.prepare({ outcome: 'auto', decision: { breakGlass: true } });
        await world.breakGlass(start + 1, 'prod');
      },
    ],
    [
      'it was decided under a break-glass that does not exist',
      'break-glass',
      async (world) => {
        await world.prepare({ outcome: 'auto', decision: { breakGlass: true } });
      },
    ],
    ...(['requested', 'rejected', 'revoked'] as const).map(
      (status): [string, string, (world: World) => Promise<void>] => [
        `the exception that permitted it is ${status}`,
        'exception',
        async (world) => {
          await world.prepare({ decision: { exceptionIds: ['exception-exc-1'] } });
          await world.exception('exc-1', status, start + 1);
        },
      ],
    ),
    [
      'the exception that permitted it has run out this very millisecond',
      'exception',
      async (world) => {
        await world.prepare({ decision: { exceptionIds: ['exception-exc-2'] } });
        await world.exception('exc-2', 'approved', start);
      },
    ],
    [
      'one of two exceptions is gone',
      'exception',
      async (world) => {
        await world.prepare({ decision: { exceptionIds: ['exception-exc-3', 'exception-none'] } });
        await world.exception('exc-3', 'approved', start + 1);
      },
    ],
    [
      'a broken glass stands in for people where only people may approve',
      'approval',
      async (world) => {
        await world.prepare({
          approval: { votes: [], breakGlassBy: 'ada' },
          decision: { peopleOnly: true },
        });
        await world.breakGlass(start + 1);
      },
    ],
    [
      'it was approved under a break-glass that does not exist',
      'break-glass',
      async (world) => {
        await world.prepare({ approval: { votes: [], breakGlassBy: 'ada' } });
      },
    ],
    [
      'there is no decision',
      'decision',
      (world) => world.remove(tables.operations, itemKeys.decision(world.incidentId, world.planDigest)),
    ],
    ...['deny', 'recommend', 'Auto', '__proto__'].map(
      (outcome): [string, string, (world: World) => Promise<void>] => [
        `the decision is ${outcome}`,
        'decision',
        async (world) => {
          await world.prepare({ decision: { outcome } });
        },
      ],
    ),
    [
      'the policies changed since the decision',
      'policy-changed',
      async (world) => {
        await world.prepare({ decision: { policyDigest: 'b'.repeat(64) } });
      },
    ],
    [
      'the decision asks for approval but for nobody',
      'decision',
      async (world) => {
        await world.prepare({ decision: { quorum: 0 } });
      },
    ],
    [
      'there is no approval',
      'approval',
      (world) => world.remove(tables.operations, itemKeys.approval(world.approvalId)),
    ],
    ...['pending', 'rejected', 'expired', 'APPROVED'].map(
      (status): [string, string, (world: World) => Promise<void>] => [
        `the approval is ${status}`,
        'approval',
        async (world) => {
          await world.prepare({ approval: { status } });
        },
      ],
    ),
    [
      'the approval was given to another plan',
      'approval',
      async (world) => {
        await world.prepare({ approval: { planDigest: 'c'.repeat(64) } });
      },
    ],
    [
      'the approval was given to another incident',
      'approval',
      async (world) => {
        await world.prepare({ approval: { incidentId: 'inc-other' } });
      },
    ],
    [
      'the approval is usable until this very millisecond',
      'approval',
      async (world) => {
        await world.prepare({ approval: { usableUntilEpochMs: start } });
      },
    ],
    ...[start - 1, 'for ever'].map((notAfterEpochMs): [string, string, (world: World) => Promise<void>] => [
      `the policies permitted a start until ${notAfterEpochMs}`,
      'decision',
      async (world) => {
        await world.prepare({ decision: { notAfterEpochMs } });
      },
    ]),
    [
      'fewer people approved than the decision asked for',
      'approval',
      async (world) => {
        await world.prepare({ decision: { quorum: 2 } });
      },
    ],
    [
      'the plan is gone',
      'decision',
      (world) => world.remove(tables.operations, itemKeys.plan(world.incidentId, world.planDigest)),
    ],
    [
      'the plan was altered under its digest',
      'decision',
      async (world) => {
        await world.prepare({ plan: { plan: { ...world.plan, agentRole: 'admin' } } });
      },
    ],
    [
      'the lease has run out',
      'lock',
      async (world) => {
        world.now = start + 900_000;
        await world.prepare({ approval: { usableUntilEpochMs: start + 9_000_000 } });
      },
    ],
    [
      'the lock is held under another token',
      'lock',
      async (world) => {
        await world.put(tables.controls, {
          ...itemKeys.lock(world.targetKey),
          phase: 'held',
          fencingToken: 7,
          changeId: world.changeId,
          incidentId: world.incidentId,
          leaseExpiresAtEpochMs: start + 900_000,
        });
      },
    ],
    [
      'the lock is held by another change',
      'lock',
      async (world) => {
        await world.put(tables.controls, {
          ...itemKeys.lock(world.targetKey),
          phase: 'held',
          fencingToken: 1,
          changeId: 'chg-other',
          incidentId: world.incidentId,
          leaseExpiresAtEpochMs: start + 900_000,
        });
      },
    ],
    ['the lock is gone', 'lock', (world) => world.remove(tables.controls, itemKeys.lock(world.targetKey))],
    [
      'the change has ended',
      'status',
      async (world) => {
        await world.openings.refuse(world.subject, 'refused', 'test');
      },
    ],
  ];

  // What one case leaves in items that every change shares must not refuse the next.
  beforeEach(async () => {
    const world = new World(tables);
    for (const scope of ['environment#local', 'agent#responder', 'action#lambda.shift-alias']) {
      await world.remove(tables.controls, itemKeys.killSwitch(scope));
    }
    await world.remove(tables.controls, itemKeys.stage(place));
    await world.remove(tables.controls, itemKeys.usage('local', '2026-03-02'));
  });

  it.each(missing)('refuses when %s', async (_, refusal, takeAway) => {
    const { world, token } = await atTheGate();
    await takeAway(world);
    expect(await world.gate.authorise(world.changeId, token)).toMatchObject({ outcome: 'refused', refusal });
    await expectNotStarted(world, token);
  });

  const seenOnlyOutside = new Set(['the change has ended', 'the lease has run out']);

  it.each(missing.filter(([what]) => !seenOnlyOutside.has(what)))(
    'refuses when it turns out inside the transaction that %s',
    async (_, __, takeAway) => {
      const { world, token } = await atTheGate();
      world.database.beforeTransact = () => takeAway(world);
      expect(await world.gate.authorise(world.changeId, token)).toMatchObject({ outcome: 'refused' });
      await expectNotStarted(world, token);
    },
  );

  it.each([
    ['decided', { outcome: 'auto', decision: { breakGlass: true } }],
    ['approved', { approval: { votes: [], breakGlassBy: 'ada' }, decision: { quorum: 2 } }],
  ] as const)('is open to what was %s under a break-glass one millisecond before its end', async (_, how) => {
    const { world, token } = await atTheGate(how);
    await world.breakGlass(start + 1);
    expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
  });

  it('is open to what an exception permits one millisecond before its end', async () => {
    const { world, token } = await atTheGate({ decision: { exceptionIds: ['exception-exc-4'] } });
    await world.exception('exc-4', 'approved', start + 1);
    expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
  });

  it('counts what started that day, and lets exactly as many start as the limit says', async () => {
    const usage = async () => tables.database.get(tables.controls, itemKeys.usage('local', '2026-03-02'));
    const first = await atTheGate();
    await first.world.put(tables.controls, { ...itemKeys.usage('local', '2026-03-02'), all: 9_999 });
    expect(await first.world.gate.authorise(first.world.changeId, first.token)).toStrictEqual({
      outcome: 'authorised',
    });
    expect(await usage()).toMatchObject({
      all: 10_000,
      'action#lambda.shift-alias': 1,
      [`target#${first.world.targetKey}`]: 1,
    });
    const second = await atTheGate();
    expect(await second.world.gate.authorise(second.world.changeId, second.token)).toMatchObject({
      refusal: 'limit',
    });
    // A repeated request is not counted again.
    expect(await first.world.gate.authorise(first.world.changeId, first.token)).toStrictEqual({
      outcome: 'authorised',
    });
    expect(await usage()).toMatchObject({ all: 10_000 });
  });

  it('is open under the very version of the stage that was decided under', async () => {
    const { world, token } = await atTheGate({ decision: { stageVersion: 2 } });
    await world.put(tables.controls, { ...itemKeys.stage(place), stage: 'guarded', version: 2 });
    expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
  });

  it('is open one millisecond before approval and lease end', async () => {
    const { world, token } = await atTheGate({ approval: { usableUntilEpochMs: start + 1 } });
    await world.put(tables.controls, {
      ...itemKeys.lock(world.targetKey),
      phase: 'held',
      fencingToken: token,
      changeId: world.changeId,
      incidentId: world.incidentId,
      leaseExpiresAtEpochMs: start + 1,
    });
    expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
  });

  it('is open at the last instant that the policies permit', async () => {
    const { world, token } = await atTheGate({ decision: { notAfterEpochMs: start } });
    expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
  });

  it('answers a repeated request the same, but not under a kill switch', async () => {
    const { world, token } = await atTheGate();
    expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
    expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
    await world.killSwitch(true);
    expect(await world.gate.authorise(world.changeId, token)).toMatchObject({ refusal: 'kill-switch' });
    expect(await world.settled()).toMatchObject({ starts: 1 });
  });

  it('refuses a token that is not the current one, at every step', async () => {
    const { world, token } = await atTheGate();
    const stale = token + 1;
    expect(await world.gate.authorise(world.changeId, stale)).toMatchObject({
      outcome: 'refused',
      refusal: 'lock',
    });
    await world.gate.authorise(world.changeId, token);
    expect(await world.act('execute', stale)).toMatchObject({ outcome: 'refused' });
    for (const event of ['executed', 'execute-failed', 'rollback-started'] as const) {
      expect(await world.changes.record(world.changeId, stale, event)).toMatchObject({ outcome: 'refused' });
    }
    expect(await world.endings.takeOver(world.changeId, stale)).toMatchObject({ outcome: 'refused' });
    expect(await world.endings.release(world.changeId, stale)).toMatchObject({ outcome: 'handed-over' });
    expect((await world.changes.lockOf(world.targetKey))?.phase).toBe('mutating');
  });

  it('after a take-over the former holder can neither execute, record nor release', async () => {
    const { world, token } = await atTheGate();
    await world.gate.authorise(world.changeId, token);
    expect(await world.endings.takeOver(world.changeId, token)).toMatchObject({ fencingToken: token + 1 });
    expect(await world.endings.takeOver(world.changeId, token)).toMatchObject({ fencingToken: token + 1 });
    expect(await world.act('execute', token)).toMatchObject({ outcome: 'refused' });
    expect(await world.changes.record(world.changeId, token, 'executed')).toMatchObject({
      outcome: 'refused',
    });
    expect(await world.act('roll-back', token)).toMatchObject({ outcome: 'failed' });
    expect(await world.act('roll-back', token + 1)).toMatchObject({ outcome: 'restored' });
    expect(world.alias.effects).toBe(0);
  });

  it('refuses a second, different snapshot', async () => {
    const { world, token } = await atTheGate();
    expect(await world.changes.recordSnapshot(world.changeId, token, 'd'.repeat(64))).toMatchObject({
      outcome: 'refused',
    });
  });

  it('does not execute or roll back from a snapshot that was tampered with', async () => {
    const { world, token } = await atTheGate();
    await world.gate.authorise(world.changeId, token);
    const [[key, text] = ['', '']] = [...world.snapshots];
    world.snapshots.set(key, text.replace('"functionVersion":"2"', '"functionVersion":"1"'));
    expect(await world.act('execute', token)).toMatchObject({
      outcome: 'refused',
      refusal: 'not-authorised',
    });
    await world.changes.record(world.changeId, token, 'rollback-started');
    expect(await world.act('roll-back', token)).toMatchObject({ outcome: 'failed' });
    expect(world.alias.effects).toBe(0);
  });
});

describe('races', () => {
  it('of two changes on one target one gets the lock; the other gets it afterwards with a higher token', async () => {
    const functionName = `race-${start}`;
    const worlds = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const world = new World(tables);
        world.plan = shiftPlan(world.incidentId, functionName);
        return world.prepare();
      }),
    );
    const results = await Promise.all(worlds.map((world) => world.openings.acquireLock(world.subject)));
    const winners = results.flatMap((result, index) => (result.outcome === 'acquired' ? [index] : []));
    expect(winners).toHaveLength(1);
    const winner = worlds[winners[0] ?? 0];
    expect(results.filter(({ outcome }) => outcome === 'locked')).toHaveLength(7);
    expect(
      new Set(results.map((result) => (result.outcome === 'locked' ? result.heldBy : winner?.changeId))),
    ).toStrictEqual(new Set([winner?.changeId]));
    await winner?.openings.refuse(winner.subject, 'refused', 'test');
    const next = worlds.find((world) => world !== winner);
    expect(await next?.openings.acquireLock(next.subject)).toMatchObject({
      outcome: 'acquired',
      fencingToken: 2,
    });
  });

  it('never takes an orphaned lock: recovery does', async () => {
    const functionName = `orphan-${start}`;
    const holder = new World(tables);
    holder.plan = shiftPlan(holder.incidentId, functionName);
    await holder.prepare();
    await holder.killSwitch(false);
    const token = await holder.upToTheGate();
    await holder.gate.authorise(holder.changeId, token);
    const other = new World(tables);
    other.plan = shiftPlan(other.incidentId, functionName);
    await other.prepare();
    for (const now of [start + 899_999, start + 900_000, start + 900_001]) {
      other.now = now;
      expect(await other.openings.acquireLock(other.subject)).toMatchObject({
        outcome: 'locked',
        heldBy: holder.changeId,
      });
    }
    holder.now = start + 900_001;
    expect(await holder.recover()).toMatchObject([{ outcome: 'recovery-started' }]);
    expect(await holder.changes.find(holder.changeId)).toMatchObject({ status: 'rolled-back' });
    expect(await other.openings.acquireLock(other.subject)).toMatchObject({
      outcome: 'acquired',
      fencingToken: token + 2,
    });
  });

  it.each([
    ['as the emulator runs transactions', () => undefined],
    ['with conflicts as on DynamoDB', conflictingClient],
  ])('no change of 50 starts once engaging the kill switch has returned, %s', async (_, connect) => {
    const busy = new Set<string>();
    let conflicts = 0;
    const client = connect(busy, () => {
      conflicts += 1;
    });
    const worlds = await Promise.all(
      Array.from({ length: 50 }, () => new World(tables, 900, client).prepare({ outcome: 'auto' })),
    );
    const database = new Database(client);
    const ledger = new LedgerStore(database, tables.ledgerTable, 'test-artefact');
    const killSwitch = new KillSwitchStore(database, ledger, tables.controls);
    const set = (state: 'engaged' | 'released') =>
      killSwitch.set(state, { kind: 'person', id: 'ada' }, 'race', start);
    await set('released');
    const tokens = await Promise.all(worlds.map((world) => world.upToTheGate()));
    conflicts = 0;
    const oneStarted = Promise.withResolvers<void>();
    let isEngaged = false;
    // One consistent read of all locks, sent the moment `set` has returned: what `stopped` is judged by.
    let inFlightOnReturn: string[] = [];
    const mine = new Set(worlds.map(({ changeId }) => changeId));
    const inFlight = async () =>
      (await killSwitch.inFlight())
        .map(({ changeId }) => changeId)
        .filter((changeId) => mine.has(changeId))
        .toSorted();
    const engage = async (): Promise<void> => {
      // Not before one has started, so that there is something in flight to be seen.
      await oneStarted.promise;
      // The person's command itself must get through the crowd: a failure here fails the test.
      await set('engaged');
      isEngaged = true;
      inFlightOnReturn = await inFlight();
    };
    const engaging = engage();
    const ask = async (world: World, token: number) => {
      try {
        return (await world.gate.authorise(world.changeId, token)).outcome;
      } catch (error) {
        // The crowd was too dense for the retries. Nothing was written; the state machine asks again later.
        if (error instanceof DependencyUnavailableError) return 'unavailable';
        throw error;
      }
    };
    const answers = await Promise.all(
      worlds.map(async (world, index) => {
        // Most ask at once, some a little later, and ten after the switch.
        if (index >= 30) for (let turn = 0; turn < index; turn++) await new Promise(setImmediate);
        if (index >= 40) await engaging;
        const askedAfter = isEngaged;
        const outcome = await ask(world, tokens[index] ?? 0);
        if (outcome === 'authorised') oneStarted.resolve();
        return { askedAfter, outcome };
      }),
    );
    await engaging;
    expect(await killSwitch.status()).toMatchObject({ state: 'engaged', changedBy: 'ada' });
    expect(conflicts > 0).toBe(client !== undefined);
    // What the tables say now is final: nothing more starts, whoever asks again.
    const startsOf = async (world: World) =>
      (await world.types()).filter((type) => type === 'change.started').length;
    const starts = () => Promise.all(worlds.map(startsOf));
    const startedThen = await starts();
    const again: string[] = [];
    for (const [index, world] of worlds.entries()) again.push(await ask(world, tokens[index] ?? 0));
    const startedNow = await starts();
    expect(answers.filter(({ askedAfter, outcome }) => askedAfter && outcome === 'authorised')).toStrictEqual(
      [],
    );
    expect(answers.filter(({ askedAfter }) => askedAfter).length).toBeGreaterThanOrEqual(10);
    expect(new Set(again)).toStrictEqual(new Set(['refused']));
    expect(startedNow).toStrictEqual(startedThen);
    // A start and what the gate answered agree, and what did start is visible as in flight.
    expect(startedNow).toStrictEqual(answers.map(({ outcome }) => (outcome === 'authorised' ? 1 : 0)));
    expect(answers.some(({ outcome }) => outcome === 'authorised')).toBe(true);
    const started = worlds.filter((_world, index) => answers[index]?.outcome === 'authorised');
    expect(await inFlight()).toStrictEqual(started.map(({ changeId }) => changeId).toSorted());
    // Whatever has started by now was visible as in flight when `set` returned: nothing came later.
    expect(inFlightOnReturn).toStrictEqual(await inFlight());
  });

  it('the executor itself does nothing once the switch is on, for changes that had started', async () => {
    const { world, token } = await atTheGate();
    await world.gate.authorise(world.changeId, token);
    await world.killSwitch(true);
    expect(await world.act('execute', token)).toMatchObject({ outcome: 'refused', refusal: 'kill-switch' });
    await world.remove(tables.controls, itemKeys.killSwitch('global'));
    expect(await world.act('execute', token)).toMatchObject({ outcome: 'refused', refusal: 'kill-switch' });
    expect(world.alias.effects).toBe(0);
  });
});
