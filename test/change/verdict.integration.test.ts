import { beforeAll, describe, expect, it } from 'vitest';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { ExecutionDied, named } from './asl-interpreter.ts';
import { World } from './world.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

/** A change whose alarm cannot be asked. */
async function unclear(): Promise<World> {
  const world = await new World(tables).prepare();
  await world.killSwitch(false);
  world.alarm = { result: 'unreadable', reason: 'alarm: AccessDenied' };
  return world;
}

const output = (outcome: string, reason: string) => ({
  status: 'SUCCEEDED',
  output: { outcome, reason: expect.stringContaining(reason) },
});

describe('a change that cannot be judged', () => {
  it('is kept when a person says so', async () => {
    const world = await unclear();
    world.verdict = 'approved';
    expect(await world.execute()).toMatchObject(output('kept', 'a person decided to keep it'));
    const { verdictApprovalId: approvalId } = (await world.changes.find(world.changeId)) ?? {};
    expect(approvalId).toBeTypeOf('string');
    expect(world.questions).toStrictEqual([
      {
        incidentId: world.incidentId,
        planDigest: world.planDigest,
        approvalId,
        verdictOn: { changeId: world.changeId, reason: 'inconclusive: alarm: AccessDenied' },
        taskToken: 'token of Ask a person',
      },
    ]);
    expect(await world.types()).toStrictEqual([
      'change.lock-acquired',
      'change.snapshot-taken',
      'change.started',
      'change.executed',
      'change.person-asked',
      'change.validated',
      'change.released',
    ]);
    expect(await world.settled()).toMatchObject({
      status: 'kept',
      version: '1',
      lock: 'free',
      chainFaults: [],
    });
  });

  it.each([
    ['a person says no', 'rejected', 'a person decided to undo it'],
    ['nobody answers', undefined, 'no person decided: States.Timeout'],
  ] as const)('is rolled back when %s', async (_, verdict, reason) => {
    const world = await unclear();
    world.verdict = verdict;
    expect(await world.execute()).toMatchObject(output('rolled-back', reason));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it.each(['States.Timeout', 'States.HeartbeatTimeout', 'Lambda.Unknown'])(
    'is kept when a person said so and only the answer got lost (%s)',
    async (error) => {
      const world = await unclear();
      world.verdict = 'approved';
      world.lostAnswer = error;
      expect(await world.execute()).toMatchObject(output('kept', 'a person decided to keep it'));
      expect(await world.settled()).toMatchObject({
        status: 'kept',
        version: '1',
        lock: 'free',
        chainFaults: [],
      });
      expect(await world.types()).toContain('approval.callback-too-late');
    },
  );

  it('is rolled back when a person said no and the answer got lost', async () => {
    const world = await unclear();
    world.verdict = 'rejected';
    world.lostAnswer = 'States.Timeout';
    expect(await world.execute()).toMatchObject(output('rolled-back', 'a person decided to undo it'));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it('is rolled back when the question is still open, which nobody can answer any more', async () => {
    const world = await unclear();
    world.isAskedUnanswered = true;
    expect(await world.execute()).toMatchObject(output('rolled-back', 'no person decided: States.Timeout'));
    expect(await world.types()).toContain('approval.expired');
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it('is rolled back when nobody can say what was decided', async () => {
    const world = await unclear();
    world.verdict = 'approved';
    world.lostAnswer = 'States.Timeout';
    const ending = await world.execute({
      onState: (state) => {
        if (state === 'Settle the verdict') throw named('Runtime.ExitError', 'the process died');
      },
    });
    expect(ending).toMatchObject(output('rolled-back', 'it is not known what a person decided'));
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it.each([
    ['that is not stored', () => undefined],
    ['to another question', () => ({ planDigest: 'f'.repeat(64) })],
    ['that is stored as a rejection', () => ({ status: 'rejected' })],
  ])('is rolled back on an answer %s', async (_, altered) => {
    const world = await unclear();
    world.verdict = 'approved';
    const put = world.put.bind(world);
    world.put = async (table, item) => {
      const members = altered();
      if (members !== undefined) await put(table, { ...item, ...members });
    };
    expect(await world.execute()).toMatchObject(
      output('rolled-back', 'no person decided to keep the change'),
    );
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it('is left alone by recovery while the person thinks, and undone when the wait itself dies', async () => {
    const world = await unclear();
    const ending = await world.execute({
      onState: async (state) => {
        if (state !== 'Ask a person') return;
        world.now += 600_000;
        expect(await world.recover()).toStrictEqual([{ changeId: world.changeId, outcome: 'left' }]);
        throw new ExecutionDied();
      },
    });
    expect(ending).toBe('died');
    await world.recover(world.changeId);
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', version: '2', lock: 'free' });
  });

  it('asks under one id, however often the question is recorded', async () => {
    const world = await unclear();
    const answers: unknown[] = [];
    await world.execute({
      onState: async (state) => {
        if (state !== 'Ask a person') return;
        answers.push(await world.verdicts.askPerson(world.changeId, 1, 'again'));
        answers.push(await world.verdicts.askPerson(world.changeId, 2, 'with another token'));
      },
    });
    const { approvalId } = world.questions[0] as { approvalId: string };
    expect(answers).toMatchObject([{ outcome: 'recorded', approvalId }, { outcome: 'refused' }]);
    expect((await world.types()).filter((type) => type === 'change.person-asked')).toHaveLength(1);
  });

  it('is not put before anybody unless its effect is there', async () => {
    const world = await unclear();
    const token = await world.upToTheGate();
    expect(await world.verdicts.askPerson(world.changeId, token, 'too early')).toMatchObject({
      outcome: 'refused',
    });
  });
});

describe('a target that a CloudFormation stack owns', () => {
  it('is followed up when the change is kept', async () => {
    const world = await unclear();
    world.alarm = { result: 'pass', reason: 'alarm: it is OK' };
    world.owner = { outcome: 'owned', stack: 'checkout' };
    expect(await world.execute()).toMatchObject({ output: { outcome: 'kept' } });
    expect(await world.changes.find(world.changeId)).toMatchObject({ driftStack: 'checkout' });
    const taken = (await world.chain()).find(({ type }) => type === 'change.snapshot-taken');
    expect(taken?.detail).toMatchObject({ driftStack: 'checkout' });
    expect(await world.findingOf('drift-follow-up')).toMatchObject({
      kind: 'drift-follow-up',
      status: 'open',
      detail: { changeId: world.changeId, stack: 'checkout' },
    });
  });

  it.each([
    ['it is rolled back', { outcome: 'owned', stack: 'checkout' }, 'fail'],
    ['nothing owns it', { outcome: 'not-owned' }, 'pass'],
    ['the owner is not known', { outcome: 'unknown', reason: 'AccessDenied' }, 'pass'],
  ] as const)('is not followed up when %s', async (_, owner, result) => {
    const world = await unclear();
    world.alarm = { result, reason: 'alarm: seen' };
    world.owner = owner;
    await world.execute();
    expect(await world.findingOf('drift-follow-up')).toBeUndefined();
    expect(await world.settled()).toMatchObject({ hasEnded: true, lock: 'free' });
  });
});
