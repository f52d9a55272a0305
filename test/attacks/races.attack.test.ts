import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setRecovered } from '../approvals/moot-incident.ts';
import type { Asked } from './asked.ts';
import type { Visitor } from './visitor.ts';
import { World } from './world.ts';

/** How often each race is run: whoever may win, wins some of them. */
const rounds = 8;
/** More than a click reads the approval: somebody else comes between each of them and what follows. */
const readsAtMost = 6;
let world: World;
let ana: Visitor;
let ben: Visitor;
beforeEach(async () => {
  world = await World.open();
  ana = await world.signedIn('ana');
  ben = await world.signedIn('ben');
});
afterEach(() => world.close());

async function types(asked: Asked): Promise<string[]> {
  return (await world.ledger(asked)).map(({ type }) => type);
}

function countOf(words: readonly string[], word: string): number {
  return words.filter((each) => each === word).length;
}

describe('races', () => {
  it('two approvers press at once and both decide', async () => {
    for (let round = 0; round < rounds; round++) {
      const asked = await world.ask();
      const [one, other] = [await ana.opened(asked), await ben.opened(asked)];
      const answers = await Promise.all([ana.submit(asked.path, one), ben.submit(asked.path, other)]);
      expect(answers.toSorted()).toStrictEqual([303, 409]);
      const approval = await world.approval(asked);
      expect(approval).toMatchObject({ status: 'approved', version: 2 });
      expect(approval.votes).toHaveLength(1);
      expect(countOf(await types(asked), 'approval.approved')).toBe(1);
      expect(countOf(await types(asked), 'approval.voted')).toBe(1);
    }
  });

  it('two approvers press at once where two are needed, and one of the votes is lost', async () => {
    for (let round = 0; round < rounds; round++) {
      const asked = await world.ask({ quorum: 2 });
      const [one, other] = [await ana.opened(asked), await ben.opened(asked)];
      const answers = await Promise.all([ana.submit(asked.path, one), ben.submit(asked.path, other)]);
      expect(answers).toStrictEqual([303, 303]);
      expect(await world.approval(asked)).toMatchObject({ status: 'approved', version: 3 });
      expect(countOf(await types(asked), 'approval.approved')).toBe(1);
      expect(countOf(await types(asked), 'approval.voted')).toBe(2);
    }
  });

  it('one approves while another rejects, and both are told that it counts', async () => {
    for (let round = 0; round < rounds; round++) {
      const asked = await world.ask();
      const approve = await ana.opened(asked);
      const reject = { ...(await ben.opened(asked)), verdict: 'reject', reason: 'wrong-timing' };
      const answers = await Promise.all([ana.submit(asked.path, approve), ben.submit(asked.path, reject)]);
      const { status, votes } = await world.approval(asked);
      expect(votes).toHaveLength(1);
      expect([status, ...answers]).toStrictEqual(
        votes[0]?.identityId === 'ana' ? ['approved', 303, 409] : ['rejected', 409, 303],
      );
      const entries = await types(asked);
      expect(countOf(entries, 'approval.approved') + countOf(entries, 'approval.rejected')).toBe(1);
    }
  });

  it('one person presses in ten windows at once and makes a quorum of two', async () => {
    const asked = await world.ask({ quorum: 2 });
    const windows = await Promise.all(Array.from({ length: 10 }, () => world.signedIn('ana')));
    const forms = await Promise.all(windows.map((window) => window.opened(asked)));
    await Promise.all(windows.map((window, index) => window.submit(asked.path, forms[index] ?? {})));
    const approval = await world.approval(asked);
    expect(approval).toMatchObject({ status: 'pending' });
    expect(approval.votes).toHaveLength(1);
  });

  it('an approval is pressed while the time runs out', async () => {
    for (let reads = 1; reads <= readsAtMost; reads++) {
      const asked = await world.ask();
      const form = await ana.opened(asked);
      world.afterReads(asked, reads, () => world.approvals.expire(asked.approvalId, 'approval-sweep'));
      const answer = await ana.submit(asked.path, form);
      const { status } = await world.approval(asked);
      expect([status, answer]).toStrictEqual(answer === 303 ? ['approved', 303] : ['expired', 409]);
      const entries = await types(asked);
      expect(countOf(entries, 'approval.approved') + countOf(entries, 'approval.expired')).toBe(1);
    }
  });

  it('an approval is pressed while the incident recovers', async () => {
    for (let reads = 1; reads <= readsAtMost; reads++) {
      const asked = await world.ask();
      const form = await ana.opened(asked);
      await setRecovered(world.tables.database, world.tables.operations, asked.incidentId);
      world.afterReads(asked, reads, () =>
        world.approvals.cancel(asked.approvalId, 'incident-recovered', 'incident-watch'),
      );
      const answer = await ana.submit(asked.path, form);
      const { status } = await world.approval(asked);
      expect([status, answer]).toStrictEqual(answer === 303 ? ['approved', 303] : ['cancelled', 409]);
      const entries = await types(asked);
      expect(countOf(entries, 'approval.approved') + countOf(entries, 'approval.cancelled')).toBe(1);
    }
  });

  it('a decision is turned around by whoever comes after it', async () => {
    const asked = await world.ask();
    const [fields, late] = [await ana.opened(asked), await ben.opened(asked)];
    expect(await ana.submit(asked.path, { ...fields, verdict: 'reject', reason: 'wrong-target' })).toBe(303);
    for (const visitor of [ana, ben]) {
      const form = visitor === ana ? fields : late;
      expect(await visitor.submit(asked.path, form)).toBe(409);
    }
    expect(await world.approval(asked)).toMatchObject({ status: 'rejected' });
  });

  it.each([
    ['a millisecond before the end', 599_999, 303, 'approved'],
    ['at the very end', 600_000, 409, 'pending'],
    ['a millisecond after the end', 600_001, 409, 'pending'],
  ])('an approval is pressed %s', async (_when, laterMs, answer, status) => {
    const now = world.freeze();
    const asked = await world.ask({ lifeSeconds: 600 });
    world.travelTo(now + 590_000);
    const visitor = await world.signedIn('ana');
    const form = await visitor.opened(asked);
    world.travelTo(now + laterMs);
    expect(await visitor.submit(asked.path, form)).toBe(answer);
    expect(await world.approval(asked)).toMatchObject({ status });
  });
});
