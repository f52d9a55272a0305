import { beforeEach, describe, expect, it } from 'vitest';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import { requestApproval } from '../../functions/approvals/request-approval.ts';
import type { StoredDecision } from '../../functions/autonomy/decision.store.ts';
import { replayDecision } from '../../functions/autonomy/replay.ts';
import { AuthoriseStore } from '../../functions/change/authorise.store.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { MemoryApprovals } from '../approvals/memory-approvals.ts';
import { shiftAlias, shipped } from './decision-inputs.ts';
import { MemoryDecisions, policyDigest, tables } from './memory-decisions.ts';

const at = (instant: string): number => Date.parse(instant);
const incidentId = 'inc-freeze';
const lastMinute = at('2026-12-19T23:59:00Z');

let world: MemoryDecisions;
let decision: StoredDecision;
let now: number;
let approvals: MemoryApprovals;
beforeEach(async () => {
  now = at('2026-12-19T22:30:00Z');
  world = await new MemoryDecisions('prod', shipped).begin('traffic');
  const inSteps = { ...shiftAlias, progressive: true };
  const [digest = ''] = await world.propose(incidentId, [['lambda.shift-alias', inSteps]]);
  decision = await world.decide(incidentId, digest, now);
  approvals = new MemoryApprovals(() => now, world.database);
});

/** Four hours to answer, as in prod. */
const ask = () =>
  requestApproval(
    {
      clock: () => now,
      lifeSeconds: 14_400,
      verdictSeconds: 600,
      dossiers: new DossierStore(world.database, world.ledger, tables.operations),
      tokens: { encrypt: async () => Buffer.from('sealed') },
      approvals,
    },
    {
      incidentId,
      planDigest: decision.planDigest,
      approvalId: decision.approvalId ?? '',
      taskToken: 'token',
    },
  );

const approve = () =>
  approvals.vote(
    decision.approvalId ?? '',
    decision.planDigest,
    { identityId: 'ana', displayName: 'Ana', verdict: 'approve', via: 'page' },
    { may: 'decide' },
    900,
  );

/** What the gate says to a change that holds its lock and whose snapshot was taken. */
async function start(status: 'snapshotted' | 'progressing' = 'snapshotted') {
  const { planDigest, targetKey = '' } = decision;
  const changeId = changeIdFor(incidentId, planDigest);
  const held = { fencingToken: 1, changeId, incidentId };
  await world.put(tables.operations, {
    ...itemKeys.change(changeId),
    ...held,
    planDigest,
    status,
    updatedAtEpochMs: now,
    action: 'lambda.shift-alias',
    targetKey,
    snapshotDigest: 'b'.repeat(64),
    ...(status === 'progressing' ? { steps: 3, stepsDone: 1 } : {}),
  });
  const phase = status === 'progressing' ? 'mutating' : 'held';
  const leaseExpiresAtEpochMs = now + 900_000;
  await world.put(tables.controls, { ...itemKeys.lock(targetKey), ...held, phase, leaseExpiresAtEpochMs });
  const limits = {
    maximumChangesPerDay: 9,
    maximumChangesPerDayOfAction: 9,
    maximumChangesPerDayOnTarget: 9,
  };
  const settings = {
    ...tables,
    environment: 'prod',
    policyDigest,
    lockLeaseSeconds: 900,
    dailyLimits: limits,
    snapshotRetentionSeconds: 86_400,
  };
  const gate = new AuthoriseStore(world.database, world.ledger, settings, () => now);
  return gate.authorise(changeId, 1);
}

describe('a change freeze that begins while people are asked', () => {
  it('is known to the decision and written in the ledger, and replaying the decision is identical', async () => {
    expect(decision).toMatchObject({ outcome: 'require-approval', notAfterEpochMs: lastMinute });
    const [made] = await world.entries(incidentId);
    expect(made?.detail).toMatchObject({ notAfterEpochMs: lastMinute });
    expect(replayDecision(decision, shipped).outcome).toBe('identical');
  });

  it('ends the approval before it begins, and what remains is shared out anew', async () => {
    await ask();
    expect(await approvals.get(decision.approvalId ?? '')).toMatchObject({
      expiresAtEpochMs: lastMinute,
      notAfterEpochMs: lastMinute,
      remindAtEpochMs: at('2026-12-19T22:59:40Z'),
      escalateAtEpochMs: at('2026-12-19T23:29:20Z'),
    });
  });

  it('ends what was approved shortly before', async () => {
    await ask();
    now = at('2026-12-19T23:50:00Z');
    expect(await approve()).toMatchObject({
      outcome: 'recorded',
      approval: { status: 'approved', usableUntilEpochMs: lastMinute },
    });
  });

  it('asks nobody who could hardly answer', async () => {
    now = at('2026-12-19T23:58:30.001Z');
    await expect(ask()).rejects.toMatchObject({ code: 'approval.too-late' });
    expect(await approvals.get(decision.approvalId ?? '')).toBeUndefined();
    now = at('2026-12-19T23:58:30Z');
    expect(await ask()).toStrictEqual({ outcome: 'requested' });
  });

  it('keeps the change from starting, whatever the approval says', async () => {
    await ask();
    now = at('2026-12-19T23:50:00Z');
    await approve();
    const key = itemKeys.approval(decision.approvalId ?? '');
    const approval = await world.database.get(tables.operations, key);
    await world.put(tables.operations, {
      ...approval,
      ...key,
      usableUntilEpochMs: at('2026-12-21T00:00:00Z'),
    });
    now = at('2026-12-20T00:01:00Z');
    expect(await start()).toStrictEqual({
      outcome: 'refused',
      refusal: 'decision',
      reason: 'the policies permitted a start until 2026-12-19T23:59:00.000Z and no longer',
    });
    now = lastMinute + 1;
    expect(await start()).toMatchObject({ outcome: 'refused', refusal: 'decision' });
    now = lastMinute;
    expect(await start()).toStrictEqual({ outcome: 'authorised' });
  });

  it('does not stop a further step of a change that started in time', async () => {
    await ask();
    now = at('2026-12-19T23:50:00Z');
    await approve();
    now = at('2026-12-20T00:01:00Z');
    expect(await start('progressing')).toStrictEqual({ outcome: 'authorised' });
  });
});
