import { describe, expect, it } from 'vitest';
import type { Approval } from '../../functions/approvals/approval.ts';
import type { Notice } from '../../functions/approvals/notice.ts';
import { now, pending, planOf, vote } from './fixtures.ts';
import { PagesWorld, path } from './pages-world.ts';

/** What `identity` reads on the page of the approval that is stored last. */
async function read(world: PagesWorld, identity = 'ben'): Promise<string> {
  return (await (await world.signedIn(identity)).get(path)).text;
}

describe('the approval page', () => {
  it('shows what, why, what it rests on, time left and who is still needed', async () => {
    const world = new PagesWorld();
    const plan = { ...planOf(), citations: ['https://docs.example/rollback'] };
    await world.put(pending({ quorum: 2, votes: [vote('ana', 'approve', now)] }, plan), plan, (made) => ({
      ...made,
      impact: { resources: 1, capacityPercent: 100 },
      checks: [
        { name: 'target-exists', result: 'pass', reason: 'the alias was read' },
        { name: 'version-exists', result: 'unknown', reason: 'Lambda did not answer' },
      ],
      ownerStack: 'checkout-prod',
      rehearsal: { changeId: 'chg-7', rolledBackAtEpochMs: now - 86_400_000 },
    }));
    const text = await read(world);
    for (const shown of [
      'Change checkout:live from version 2 to version 1?',
      'Because of the critical signal <q>checkout-errors is in ALARM</q> at 09:58 UTC',
      'Agent responder asks for it, 86 % sure.',
      'version <mark>2</mark>',
      'version <mark>1</mark>',
      '1 resource, 100 % of its capacity or traffic',
      'Stack <code>checkout-prod</code> owns this target',
      '<strong>Passed</strong> target-exists',
      '<strong>Not known</strong> version-exists',
      'Lambda did not answer',
      'autonomy.matrix',
      'medium risk',
      'point checkout:live back at version 2',
      'Last rehearsal: 21 Nov 2026, 10:00 UTC',
      '<code>chg-7</code> was rolled back',
      '86 %',
      'Written by a model from untrusted telemetry',
      'whether a database migration shipped with version 2',
      'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
      'cited <code>https://docs.example/rollback</code>',
      '9 minutes left',
      'until 10:10 UTC, then it is rejected',
      '<strong>ANA</strong> approved',
      '1 of 2 still needed',
      'May decide: <strong>approvers</strong>',
      'From 10:06 UTC also <strong>leads</strong>',
      'Kill switch is off',
    ]) {
      expect(text).toContain(shown);
    }
  });

  it('says why it ends early, where the policies end it', async () => {
    const world = new PagesWorld();
    const ends = now + 540_000;
    await world.put(pending({ expiresAtEpochMs: ends, notAfterEpochMs: ends }));
    const why = 'until 10:09 UTC, then it is rejected: after that the policies permit it no longer';
    expect(await read(world)).toContain(why);
    const later = new PagesWorld();
    await later.put(pending({ notAfterEpochMs: now + 3_600_000 }));
    expect(await read(later)).not.toContain('permit it no longer');
  });

  it('says so where nothing was checked, nothing rehearsed and no gap named', async () => {
    const world = new PagesWorld();
    await world.put(pending(), planOf(), (made) => ({
      ...made,
      rehearsal: 'never',
      triage: { diagnosis: 'disk full', confidence: 0.4 },
    }));
    const text = await read(world);
    for (const shown of ['Nothing was checked beforehand', 'Last rehearsal: never', 'It named no gaps']) {
      expect(text).toContain(shown);
    }
  });

  it('counts the escalation group in from the instant at which it joins', async () => {
    const world = new PagesWorld();
    await world.put();
    world.clock.now = now + 399_999;
    expect(await read(world, 'kim')).toContain('Your group is asked only if nobody decides in time');
    world.clock.now = now + 400_000;
    const text = await read(world, 'kim');
    expect(text).toContain('May decide: <strong>approvers, leads</strong>');
    expect(text).toContain('value="approve"');
  });

  it.each<[string, Partial<Approval>, string[]]>([
    [
      'approved',
      { status: 'approved', decidedAtEpochMs: now, usableUntilEpochMs: now + 120_000 },
      ['<h2>Approved</h2>', '22 Nov 2026, 10:00 UTC. The change may start until 22 Nov 2026, 10:02 UTC.'],
    ],
    [
      'approved by breaking the glass',
      { status: 'approved', breakGlassBy: 'kim', decidedAtEpochMs: now },
      ['by kim, who broke the glass'],
    ],
    [
      'rejected',
      { status: 'rejected', votes: [vote('ben', 'reject', now)], decidedAtEpochMs: now },
      ['<h2>Rejected</h2>', 'by BEN. The change does not happen.', 'rejected: wrong timing'],
    ],
    [
      'cancelled',
      { status: 'cancelled', cancelledBecause: 'incident-recovered', decidedAtEpochMs: now },
      [
        '<h2>Cancelled</h2>',
        'because the problem went away by itself. The change does not happen.',
        '<span class="tag">Cancelled</span>',
      ],
    ],
    [
      'cancelled late',
      { status: 'cancelled', cancelledBecause: 'incident-closed', decidedAtEpochMs: now },
      ['because nobody works on the incident any more'],
    ],
    [
      'expired',
      { status: 'expired', decidedAtEpochMs: now + 600_000 },
      ['Not decided before 22 Nov 2026, 10:10 UTC, which rejects it'],
    ],
    ['past its time, unwritten', { expiresAtEpochMs: now + 60_000 }, ['<h2>Expired</h2>']],
  ])('says how it ended: %s', async (_case, over, shown) => {
    const world = new PagesWorld();
    await world.put(pending(over));
    const text = await read(world);
    for (const words of shown) expect(text).toContain(words);
    expect(text).not.toContain('value="approve"');
    expect(text).not.toContain('data-status');
  });

  it('says on whose behalf and where somebody voted', async () => {
    const world = new PagesWorld();
    const stoodIn = { ...vote('dot', 'approve', now), onBehalfOf: 'ana', via: 'slack' as const };
    await world.put(pending({ quorum: 2, votes: [stoodIn] }));
    const text = await read(world);
    expect(text).toContain('<strong>DOT</strong> approved on behalf of ana');
    expect(text).toContain('10:00 UTC, in Slack');
  });

  it('tells a stand-in for whom they decide, and that one person counts once', async () => {
    const world = new PagesWorld();
    await world.put(pending({ quorum: 2 }));
    expect(await read(world, 'dot')).toContain('You stand in for <strong>ana</strong>.');
    const counted = new PagesWorld();
    await counted.put(pending({ quorum: 2, votes: [vote('ana', 'approve', now)] }));
    expect(await read(counted, 'dot')).toContain('ana</strong>, whose approval counts already');
  });

  it('offers whoever approved only to say no', async () => {
    const world = new PagesWorld();
    await world.put(pending({ quorum: 2, votes: [vote('ana', 'approve', now)] }));
    const text = await read(world, 'ana');
    expect(text).toContain('You have approved this.');
    expect(text).not.toContain('value="approve"');
    expect(text).toContain('value="reject"');
  });

  it('names a channel whose latest message did not arrive', async () => {
    const failed = { status: 'failed', attempts: 3 } as const;
    const delivered = { status: 'delivered', attempts: 1 } as const;
    const notice = (kind: Notice['kind'], deliveries: Notice['deliveries']): Notice => ({
      approvalId: 'apr-1',
      kind,
      approvalVersion: 1,
      createdAtEpochMs: now,
      status: 'due',
      deliveries,
      nextAttemptAtEpochMs: now,
    });
    const world = new PagesWorld();
    await world.put(pending(), planOf(), (made) => ({
      ...made,
      notices: [
        notice('requested', { slack: failed, email: failed, webhook: delivered }),
        notice('reminder', { email: delivered }),
      ],
    }));
    const text = await read(world);
    expect(text).toContain('Slack could not be told');
    expect(text).not.toContain('E-mail could not');
    expect(text).not.toContain('Teams or another webhook could not');
  });

  it('asks whether a change may stay, and says what silence does', async () => {
    const world = new PagesWorld();
    const approval = pending({ verdictOn: { changeId: 'chg-1', reason: 'alarm <i>unreadable</i>' } });
    const { incidentId, planDigest } = approval;
    const change = {
      changeId: 'chg-1',
      incidentId,
      planDigest,
      status: 'executed',
      verdictApprovalId: 'apr-1',
    };
    await world.put(approval, planOf(), (made) => ({ ...made, change }));
    const text = await read(world);
    for (const shown of [
      'Keep the change of checkout:live?',
      'alarm &lt;i&gt;unreadable&lt;/i&gt;',
      'Without an answer it is rolled back',
      'Keep it',
      'Roll it back',
      'then it is rolled back',
    ]) {
      expect(text).toContain(shown);
    }
    world.alter('apr-1', { change: { ...change, verdictApprovalId: 'apr-other' } });
    expect(await read(world)).not.toContain('value="approve"');
  });
});
