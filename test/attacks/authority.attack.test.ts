import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planDigestOf } from '../../functions/change/plan.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { planOf } from '../approvals/fixtures.ts';
import type { Asked } from './asked.ts';
import { delegationEndsAt } from './attacked-people.ts';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

/** Another plan for the same incident: version 666 instead of 1. */
function worsePlan(incidentId: string) {
  return planOf(
    'lambda.shift-alias',
    { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '666' },
    incidentId,
  );
}

async function isUndecided(asked: Asked, votes = 0): Promise<void> {
  const approval = await world.approval(asked);
  expect(approval.status).toBe('pending');
  expect(approval.votes).toHaveLength(votes);
}

describe('the plan', () => {
  it('is changed in the table between the page and the click', async () => {
    const asked = await world.ask();
    const ana = await world.signedIn('ana');
    const fields = await ana.opened(asked);
    const plan = worsePlan(asked.incidentId);
    await world.put({
      ...itemKeys.plan(asked.incidentId, asked.planDigest),
      plan,
      planDigest: asked.planDigest,
    });
    expect(await ana.submit(asked.path, fields)).toBe(409);
    await isUndecided(asked);
  });

  it('is replaced with its digest between the page and the click, so that approval and plan agree again', async () => {
    const asked = await world.ask();
    const ana = await world.signedIn('ana');
    const fields = await ana.opened(asked);
    const plan = worsePlan(asked.incidentId);
    const planDigest = planDigestOf(plan);
    await world.put({ ...itemKeys.plan(asked.incidentId, planDigest), plan, planDigest });
    const decision = await world.get(itemKeys.decision(asked.incidentId, asked.planDigest));
    await world.put({ ...decision, ...itemKeys.decision(asked.incidentId, planDigest) });
    const approval = await world.get(itemKeys.approval(asked.approvalId));
    await world.put({ ...approval, planDigest });
    expect(await ana.submit(asked.path, fields)).toBe(409);
    await isUndecided(asked);
  });

  it('that was shown is another one than the form says', async () => {
    const asked = await world.ask();
    const ana = await world.signedIn('ana');
    const fields = await ana.opened(asked);
    const planDigest = planDigestOf(worsePlan(asked.incidentId));
    expect(await ana.submit(asked.path, { ...fields, planDigest })).toBe(409);
    const { planDigest: _left, ...without } = fields;
    expect(await ana.submit(asked.path, without)).toBe(400);
    await isUndecided(asked);
  });

  it('was decided on under another approval', async () => {
    const asked = await world.ask({ decision: { approvalId: 'another-approval-of-the-same-plan' } });
    const ana = await world.signedIn('ana');
    const { csrf = '' } = await ana.fieldsOf(asked.path, '/sign-out', 'csrf');
    const page = await ana.ask('GET', asked.path);
    expect(page.text).not.toContain('value="approve"');
    const token = await world.tokenFor(ana, `approval/${asked.approvalId}`);
    expect(token).not.toBe(csrf);
    const fields = { csrf: token, planDigest: asked.planDigest, verdict: 'approve' };
    expect(await ana.submit(asked.path, fields)).toBe(409);
    await isUndecided(asked);
  });
});

describe('authority', () => {
  it('was taken away between the page and the click', async () => {
    const asked = await world.ask();
    const ana = await world.signedIn('ana');
    const fields = await ana.opened(asked);
    world.provider.setGroups('ana', []);
    expect(await ana.submit(asked.path, fields)).toBe(404);
    await isUndecided(asked);
    expect((await ana.ask('GET', asked.path)).status).toBe(404);
  });

  it('was taken away by removing the person at the provider between the page and the click', async () => {
    const asked = await world.ask();
    const ana = await world.signedIn('ana');
    const fields = await ana.opened(asked);
    world.provider.remove('ana');
    expect(await ana.submit(asked.path, fields)).toBe(303);
    await isUndecided(asked);
    expect((await ana.ask('GET', asked.path)).status).toBe(303);
  });

  it('was taken away between the page of a batch and the click', async () => {
    const { key, item } = await world.askBatch();
    const ana = await world.signedIn('ana');
    const fields = await ana.fieldsOf(`/batches/${key}`, `/batches/${key}`, 'csrf');
    world.provider.setGroups('ana', []);
    await ana.submit(`/batches/${key}`, { ...fields, item, verdict: 'approve' });
    expect(await world.pendingCount()).toBe(2);
  });

  it('is taken for granted while the provider does not answer', async () => {
    const asked = await world.ask();
    const ana = await world.signedIn('ana');
    const fields = await ana.opened(asked);
    for (const how of ['refusing', 'hanging'] as const) {
      world.provider.fail(how);
      expect(await ana.submit(asked.path, fields)).toBe(503);
      await isUndecided(asked);
    }
    world.provider.fail('not');
    expect(await ana.submit(asked.path, fields)).toBe(303);
  });

  it('is claimed by nobody, by a stranger and by a group of another environment', async () => {
    const asked = await world.ask();
    const csrf = await world.tokenFor(await world.signedIn('ana'), `approval/${asked.approvalId}`);
    const fields = { csrf, planDigest: asked.planDigest, verdict: 'approve' };
    expect(await world.visitor().submit(asked.path, fields)).toBe(303);
    for (const person of ['dan', 'pia']) {
      const visitor = await world.signedIn(person);
      const own = await world.tokenFor(visitor, `approval/${asked.approvalId}`);
      expect(await visitor.submit(asked.path, { ...fields, csrf: own })).toBe(404);
    }
    await isUndecided(asked);
  });

  it.each([
    ['who owns the agent', 'olga', {}],
    ['who asked for it', 'ana', { requestedBy: 'ana' }],
    ['who asked for it, in other letters', 'ana', { requestedBy: 'ANA' }],
    ['whose own change it is', 'ana', { changedBy: 'ana' }],
    ['who is asked at escalation only, before it', 'kim', {}],
  ])('is used by a person %s', async (_who, person, question) => {
    const asked = await world.ask(question);
    const visitor = await world.signedIn(person);
    expect((await visitor.ask('GET', asked.path)).text).not.toContain('value="approve"');
    const csrf = await world.tokenFor(visitor, `approval/${asked.approvalId}`);
    const fields = { csrf, planDigest: asked.planDigest, verdict: 'approve' };
    expect(await visitor.submit(asked.path, fields)).toBe(403);
    await isUndecided(asked);
    expect(await (await world.signedIn('ben')).approve(asked)).toBe(303);
  });

  it('of somebody who may not decide is used by their stand-in', async () => {
    const asked = await world.ask({ requestedBy: 'ben' });
    const sam = await world.signedIn('sam');
    const csrf = await world.tokenFor(sam, `approval/${asked.approvalId}`);
    const fields = { csrf, planDigest: asked.planDigest, verdict: 'approve' };
    expect(await sam.submit(asked.path, fields)).toBe(404);
    await isUndecided(asked);
  });

  it('is used by a stand-in at the instant it ends', async () => {
    world.travelTo(delegationEndsAt - 1_000);
    const asked = await world.ask({ quorum: 2 });
    const sam = await world.signedIn('sam');
    const fields = await sam.opened(asked);
    world.travelTo(delegationEndsAt);
    expect(await sam.submit(asked.path, fields)).toBe(404);
    await isUndecided(asked);
  });

  it('is used twice by one person under two sessions', async () => {
    const asked = await world.ask({ quorum: 2 });
    const [first, second] = [await world.signedIn('ana'), await world.signedIn('ana', '198.51.100.7')];
    const [one, other] = [await first.opened(asked), await second.opened(asked)];
    expect(await first.submit(asked.path, one)).toBe(303);
    await second.submit(asked.path, other);
    await isUndecided(asked, 1);
  });

  it('is used by a person and by whoever stands in for them', async () => {
    const asked = await world.ask({ quorum: 2 });
    expect(await (await world.signedIn('ben')).approve(asked)).toBe(303);
    expect(await (await world.signedIn('sam')).approve(asked)).toBe(303);
    await isUndecided(asked, 2);
    expect(await (await world.signedIn('ana')).approve(asked)).toBe(303);
    expect(await world.approval(asked)).toMatchObject({ status: 'approved' });
  });

  it('over a batch is used for a request of another tier, another question and another plan', async () => {
    const { key, item } = await world.askBatch();
    const [digest = ''] = item.split(':');
    const medium = await world.ask();
    const ana = await world.signedIn('ana');
    const { csrf = '' } = await ana.fieldsOf(`/batches/${key}`, `/batches/${key}`, 'csrf');
    for (const forged of [
      `${medium.planDigest}:${medium.approvalId}`,
      `${digest}:${medium.approvalId}`,
      `${medium.planDigest}:${item.split(':')[1]}`,
    ]) {
      await ana.submit(`/batches/${key}`, { csrf, item: forged, verdict: 'approve' });
    }
    expect(await world.pendingCount()).toBe(3);
  });

  it('to stop everything is claimed by somebody who may decide nothing', async () => {
    const dan = await world.signedIn('dan');
    const csrf = await world.tokenFor(dan, 'stop');
    expect(await dan.submit('/stop', { csrf, reason: 'because I can' })).toBe(403);
    expect(await world.killSwitch()).toBe('released');
  });
});
