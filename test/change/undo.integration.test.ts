import { beforeAll, describe, expect, it } from 'vitest';
import { closeFinding } from '../../functions/audit/finding-closure.ts';
import { factsOf, isAbout } from '../../functions/audit/recorded-fact.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { ExecutionDied, named } from './asl-interpreter.ts';
import { snapshotRetentionSeconds, World } from './world.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

async function kept(): Promise<World> {
  const world = await new World(tables).prepare();
  await world.killSwitch(false);
  await world.execute();
  expect(await world.settled()).toMatchObject({ status: 'kept', version: '1' });
  return world;
}

/** What `interlock audit verify` would miss of a finding about the change, in the chain of its incident. */
async function missedOf(world: World, kind: string): Promise<string[]> {
  const entries = await world.chain();
  return factsOf((await world.findingOf(kind)) ?? {})
    .filter((fact) => !entries.some((entry) => isAbout(entry, fact)))
    .map(({ type }) => type);
}

const output = (outcome: string, reason: string) => ({
  status: 'SUCCEEDED',
  output: { outcome, reason: expect.stringContaining(reason) },
});

describe('undoing a change that was kept', () => {
  it('restores the snapshot under a new fencing token and says who wanted it', async () => {
    const world = await kept();
    expect(await world.undo()).toMatchObject(output('rolled-back', 'undone by a person: too slow'));
    expect((await world.types()).slice(-3)).toStrictEqual([
      'change.undo-started',
      'change.rolled-back',
      'change.released',
    ]);
    const started = (await world.chain()).find(({ type }) => type === 'change.undo-started');
    expect(started?.detail).toMatchObject({
      requestedBy: 'arn:aws:iam::1:user/ada',
      reason: 'too slow',
      fencingToken: 2,
    });
    expect(await world.settled()).toMatchObject({
      status: 'rolled-back',
      version: '2',
      lock: 'free',
      chainFaults: [],
      releases: 2,
    });
  });

  it.each(['global', 'environment#local', 'agent#responder', 'action#lambda.shift-alias'])(
    'is refused under the kill switch %s',
    async (scope) => {
      const own = await freshTables();
      const world = await new World(own).prepare();
      await world.killSwitch(false);
      await world.execute();
      await world.put(own.controls, { ...itemKeys.killSwitch(scope), engaged: true });
      expect(await world.undo()).toMatchObject(output('refused', `the kill switch (${scope}) is engaged`));
      expect(await world.settled()).toMatchObject({
        status: 'kept',
        version: '1',
        lock: 'free',
        releases: 1,
      });
    },
  );

  it.each([
    [-1, 'rolled-back'],
    [0, 'refused'],
    [1, 'refused'],
  ])('%d ms after its snapshot is no longer kept: %s', async (ms, outcome) => {
    const world = await kept();
    const { snapshotTakenAtEpochMs = 0 } = (await world.changes.find(world.changeId)) ?? {};
    world.now = snapshotTakenAtEpochMs + snapshotRetentionSeconds * 1_000 + ms;
    expect(await world.undo()).toMatchObject({ output: { outcome } });
  });

  it('is refused while another change holds the target, and while it has not ended itself', async () => {
    const world = await kept();
    const other = new World(tables);
    other.plan = { ...world.plan, incidentId: other.incidentId };
    await other.prepare();
    await other.openings.acquireLock(other.subject);
    expect(await world.undo()).toMatchObject(output('refused', `the target is locked by ${other.changeId}`));
    await other.openings.refuse(other.subject, 'refused', 'test');
    expect(await world.undo(2)).toMatchObject(output('rolled-back', 'undone by a person'));
    expect(await world.undo(3)).toMatchObject(output('refused', 'it is rolled-back'));
  });

  it('is refused while the change is about to free its lock', async () => {
    const world = await new World(tables).prepare();
    await world.killSwitch(false);
    let answer: unknown;
    await world.execute({
      onState: async (state) => {
        if (state === 'Release the lock') answer = await world.undo();
      },
    });
    expect(answer).toMatchObject(output('refused', 'about to free its lock'));
  });

  it.each([
    ['no person', { requestedBy: undefined }],
    ['no reason', { reason: undefined }],
  ])('is not begun when it names %s', async (_, members) => {
    const world = await kept();
    const input = { ...world.subject, mode: 'undo', requestedBy: 'ada', reason: 'slow', ...members };
    expect(await world.undo(1, { input })).toMatchObject({ output: { outcome: 'kept' } });
    expect(await world.settled()).toMatchObject({ status: 'kept', version: '1', releases: 1 });
  });

  it.each(['again', 'chg-other-undo-1'])('is refused to an execution called %s', async (name) => {
    const world = await kept();
    expect(await world.undo(1, { name })).toMatchObject(output('refused', 'does not belong to this change'));
  });

  describe('that somebody else has moved on from since', () => {
    const reason = 'not undone: somebody else has changed the target since; it is left as it is';
    const stillKept = { status: 'kept', version: '9', lock: 'free', chainFaults: [], finding: undefined };

    it('is refused: the change stays kept, nothing is written, nobody paged', async () => {
      const world = await kept();
      const before = await world.changes.find(world.changeId);
      world.now += 86_400_000;
      world.alias.foreign('9');
      world.counter.names.length = 0;
      expect(await world.undo()).toMatchObject(output('kept', reason));
      expect(world.counter.names).toStrictEqual(['transaction', 'transaction', 'transaction']);
      expect(await world.settled()).toMatchObject({ ...stillKept, releases: 2 });
      expect(world.pages).toStrictEqual([]);
      expect((await world.types()).slice(-3)).toStrictEqual([
        'change.undo-started',
        'change.undo-refused',
        'change.released',
      ]);
      const refusal = (await world.chain()).find(({ type }) => type === 'change.undo-refused');
      expect(refusal?.detail).toMatchObject({
        changeId: world.changeId,
        requestedBy: 'arn:aws:iam::1:user/ada',
        reason,
        fencingToken: 2,
      });
      // Nothing that counts what was kept in a period counts it once more.
      expect(await world.changes.find(world.changeId)).toMatchObject({
        statusReason: reason,
        updatedAtEpochMs: before?.updatedAtEpochMs,
      });
      const item = await tables.database.get(tables.operations, itemKeys.change(world.changeId));
      expect(item).toMatchObject({
        statusKey: 'CHANGE#kept',
        statusAt: new Date(before?.updatedAtEpochMs ?? 0).toISOString(),
      });
    });

    it('may be undone later, once it stands as the change left it, and the refused attempt does nothing', async () => {
      const world = await kept();
      world.alias.foreign('9');
      await world.undo();
      world.alias.foreign('1');
      // A call of the first attempt that was given up, and comes late.
      expect(
        await world.undos.reopen(world.changeId, {
          requestedBy: 'ada',
          reason: 'too slow',
          execution: `${world.changeId}-undo-1`,
        }),
      ).toStrictEqual({ outcome: 'refused', reason });
      expect(await world.undo(2)).toMatchObject(output('rolled-back', 'undone by a person'));
      expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
    });

    it('keeps the follow-up of its drift open, and does not open it again', async () => {
      const world = new World(tables);
      world.owner = { outcome: 'owned', stack: 'checkout' };
      await world.prepare();
      await world.killSwitch(false);
      await world.execute();
      world.alias.foreign('9');
      expect(await world.undo()).toMatchObject(output('kept', reason));
      expect(await world.settled()).toMatchObject(stillKept);
      expect(await world.findingOf('drift-follow-up')).toMatchObject({ status: 'open' });
    });

    const writes = [1, 2, 3];

    it.each(writes)('is refused all the same by its recovery when it died at write %d', async (write) => {
      const world = await kept();
      world.alias.foreign('9');
      world.counter.dieAround(write, 'after', () => new ExecutionDied());
      expect(await world.undo()).toBe('died');
      await world.recover(`${world.changeId}-undo-1`);
      expect(await world.settled()).toMatchObject(stillKept);
      expect(world.pages).toStrictEqual([]);
      // The next attempt is in charge of itself, not the recovery of the one before.
      expect(await world.changes.find(world.changeId)).not.toHaveProperty('recoveredFrom');
      world.alias.foreign('1');
      world.counter.dieAround(1, 'after', () => new ExecutionDied());
      expect(await world.undo(2)).toBe('died');
      await world.recover(`${world.changeId}-undo-2`);
      expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
    });

    it.each(writes)('is refused once when a function dies at write %d and is called again', async (write) => {
      const world = await kept();
      world.alias.foreign('9');
      world.counter.dieAround(write, 'after', () => named('Lambda.ServiceException', 'the process died'));
      expect(await world.undo()).toMatchObject(output('kept', reason));
      expect(await world.settled()).toMatchObject({ ...stillKept, releases: 2 });
      const types = await world.types();
      expect(types.filter((type) => type === 'change.undo-refused')).toHaveLength(1);
    });
  });

  it('is the only rollback that may be given up: one of a change under way is a failed one', async () => {
    const world = await new World(tables).prepare();
    await world.killSwitch(false);
    world.alarm = { result: 'fail', reason: 'alarm: it is in ALARM' };
    let answer: unknown;
    await world.execute({
      onState: async (state) => {
        if (state !== 'Roll the change back') return;
        world.alias.foreign('9');
        answer = await world.changes.record(world.changeId, 1, 'undo-refused', { reason: 'mine' });
      },
    });
    expect(answer).toStrictEqual({ outcome: 'refused', reason: 'no person undoes the change' });
    expect(await world.settled()).toMatchObject({ status: 'rollback-failed', version: '9', finding: 'open' });
    expect((await world.types()).slice(-3)).toStrictEqual([
      'change.rollback-failed',
      'finding.opened',
      'change.released',
    ]);
    expect(await missedOf(world, 'rollback-failed')).toStrictEqual([]);
  });

  it.each([
    ['closes its follow-up', false, { closedBy: 'change-control', evidence: 'the change was undone' }],
    ['leaves a follow-up that a person has closed', true, { closedBy: 'ada', evidence: 'ticket 7' }],
  ])('%s', async (_what, isClosedByPerson, closed) => {
    const world = new World(tables);
    world.owner = { outcome: 'owned', stack: 'checkout' };
    await world.prepare();
    await world.killSwitch(false);
    await world.execute();
    const followUp = await world.findingOf('drift-follow-up');
    expect(followUp).toMatchObject({ status: 'open', detail: { changeId: world.changeId } });
    const closure = { by: 'ada', evidence: 'ticket 7', atEpochMs: world.now };
    // After its finding was read as open, right before the change is recorded as rolled back.
    const person = async () => {
      const write = closeFinding(tables.operations, String(followUp?.['findingId']), closure);
      await tables.database.transact([write]);
    };
    const ending = await world.undo(1, {
      onState: (state) => {
        if (isClosedByPerson && state === 'Roll the change back') world.database.beforeTransact = person;
      },
    });
    expect(ending).toMatchObject(output('rolled-back', 'undone by a person'));
    expect(await world.findingOf('drift-follow-up')).toMatchObject({
      status: 'closed',
      statusKey: 'FINDING#closed',
      ...closed,
    });
    // Who closes it tells the ledger of it: here that is change control, or the person's own command.
    expect(await missedOf(world, 'drift-follow-up')).toStrictEqual(
      isClosedByPerson ? ['finding.closed'] : [],
    );
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', lock: 'free', chainFaults: [] });
  });

  it('gives way to a kill switch that is engaged first', async () => {
    const own = await freshTables();
    const world = await new World(own).prepare();
    await world.killSwitch(false);
    await world.execute();
    const ending = await world.undo(1, {
      onState: (state) => {
        if (state === 'Reopen the change') world.database.beforeTransact = () => world.killSwitch(true);
      },
    });
    expect(ending).toMatchObject(output('refused', 'the kill switch (global) is engaged'));
    expect(await world.settled()).toMatchObject({ status: 'kept', version: '1' });
  });
});

describe('crashes of an undo', () => {
  const writesOfUndo = ['transaction', 'intent object', 'restore', 'transaction', 'transaction'];
  const cases = writesOfUndo.flatMap((_, index) =>
    (['before', 'after'] as const).map((when) => ({ write: index + 1, when })),
  );

  it('knows its writes', async () => {
    const world = await kept();
    world.counter.names.length = 0;
    await world.undo();
    expect(world.counter.names).toStrictEqual(writesOfUndo);
  });

  it.each(cases)('a function that dies $when write $write is called again', async ({ write, when }) => {
    const world = await kept();
    world.counter.dieAround(write, when, () => named('Lambda.ServiceException', 'the process died'));
    expect(await world.undo()).toMatchObject(output('rolled-back', ''));
    expect(await world.settled()).toMatchObject({ version: '2', lock: 'free', chainFaults: [], releases: 2 });
  });

  // A death right after the restore is not noticed: what stands there is read back.
  const deaths = cases.filter(({ write, when }) => write !== 3 || when === 'before');

  it.each(deaths)('an execution that dies $when write $write is recovered', async ({ write, when }) => {
    const world = await kept();
    world.counter.dieAround(write, when, () => new ExecutionDied());
    expect(await world.undo()).toBe('died');
    await world.recover(`${world.changeId}-undo-1`);
    const neverBegan = write === 1 && when === 'before';
    expect(await world.settled()).toMatchObject({
      status: neverBegan ? 'kept' : 'rolled-back',
      version: neverBegan ? '1' : '2',
      lock: 'free',
      chainFaults: [],
      releases: neverBegan ? 1 : 2,
      finding: undefined,
    });
  });

  it.each(deaths)(
    'one that dies $when write $write unseen is found by the sweep',
    async ({ write, when }) => {
      const world = await kept();
      world.counter.dieAround(write, when, () => new ExecutionDied());
      expect(await world.undo()).toBe('died');
      world.executions.set(`${world.changeId}-undo-1`, 'running');
      world.now += 899_000;
      await world.recover();
      world.now += 2_000;
      await world.recover();
      expect(await world.settled()).toMatchObject({ lock: 'free', chainFaults: [], hasEnded: true });
    },
  );

  it('one that dies once it had begun is never given up: whose doing it is that stands there, nobody can tell', async () => {
    const world = await kept();
    world.counter.dieAround(2, 'after', () => new ExecutionDied());
    expect(await world.undo()).toBe('died');
    world.alias.foreign('9');
    await world.recover(`${world.changeId}-undo-1`);
    expect(await world.settled()).toMatchObject({
      status: 'rollback-failed',
      version: '9',
      lock: 'free',
      finding: 'open',
    });
    expect(world.pages).toHaveLength(1);
    expect(await missedOf(world, 'rollback-failed')).toStrictEqual([]);
  });

  it('is left alone while it runs', async () => {
    const world = await kept();
    const ending = await world.undo(1, {
      onState: async (state) => {
        if (state !== 'Roll the change back') return;
        // The execution that made the change ended long ago and is not in charge any more.
        expect(await world.recover(world.changeId)).toMatchObject([{ outcome: 'left' }]);
        expect(await world.recover()).toMatchObject([{ outcome: 'left' }]);
      },
    });
    expect(ending).toMatchObject(output('rolled-back', 'undone by a person'));
  });
});
