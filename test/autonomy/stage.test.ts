import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { isLower, moveBetween, nextStage, oneStageLower, readStage } from '../../functions/autonomy/stage.ts';
import { approvalRefusal, type StageRequest } from '../../functions/autonomy/stage-request.ts';
import { autonomyStages } from '../../functions/platform/vocabulary.ts';

const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const policy = { stages: [{ ...place, stage: 'guarded' }] } as unknown as AutonomyPolicy;
const stored = {
  ...place,
  stage: 'suggest',
  version: 3,
  changedBy: 'arn:aws:iam::111122223333:user/ana',
  changedAtEpochMs: 1_795_392_000_000,
  reason: 'too many surprises',
  cause: 'lowered',
};
const stage = fc.constantFrom(...autonomyStages);

describe('stage in force', () => {
  it('is what was set, else what is declared, else observe', () => {
    expect(readStage(policy, place, stored)).toMatchObject({
      stage: 'suggest',
      version: 3,
      from: 'set-at-run-time',
    });
    expect(readStage(policy, place, undefined)).toMatchObject({
      stage: 'guarded',
      version: 0,
      from: 'declared',
    });
    expect(readStage(policy, { ...place, actionClass: 'capacity' }, undefined)).toMatchObject({
      stage: 'observe',
      version: 0,
      from: 'default',
    });
  });

  it.each([
    ['an unknown stage', { stage: 'Guarded' }],
    ['no stage', { stage: undefined }],
    ['no version', { version: undefined }],
    ['a version of 0', { version: 0 }],
    ['a fraction of a version', { version: 1.5 }],
    ['a stage that is inherited from objects', { stage: 'constructor' }],
  ])('is observe for an item with %s, whatever is declared', (_what, change) => {
    expect(readStage(policy, place, { ...stored, ...change })).toMatchObject({
      stage: 'observe',
      from: 'unreadable',
    });
  });

  it('decides by stage and version alone', () => {
    const bare = { stage: 'suggest', version: 3 };
    expect(readStage(policy, place, bare)).toMatchObject({ ...bare, from: 'set-at-run-time' });
  });

  it('belongs to the place that was asked for, whatever the item says of itself', () => {
    expect(readStage(policy, place, { ...stored, environment: 'dev' })).toMatchObject(place);
  });
});

describe('moves between stages', () => {
  it('go down as far as wanted and up by one', () => {
    const outcomes = autonomyStages.map((from) => autonomyStages.map((to) => moveBetween(from, to).move));
    expect(outcomes).toStrictEqual([
      ['none', 'raise', 'too-far', 'too-far'],
      ['lower', 'none', 'raise', 'too-far'],
      ['lower', 'lower', 'none', 'raise'],
      ['lower', 'lower', 'lower', 'none'],
    ]);
  });

  it('name the stage that comes next when too much was asked for', () => {
    expect(moveBetween('observe', 'guarded')).toStrictEqual({ move: 'too-far', next: 'suggest' });
  });

  it('reach observe from anywhere by single steps down, and never pass it', () => {
    fc.assert(
      fc.property(stage, (from) => {
        const lower = oneStageLower(from);
        expect(from === 'observe' ? lower === 'observe' : isLower(lower, from)).toBe(true);
      }),
    );
    expect(oneStageLower('observe')).toBe('observe');
  });

  it('write a version that was never there before', () => {
    const change = {
      stage: 'observe',
      changedBy: 'x',
      changedAtEpochMs: 1,
      reason: 'y',
      cause: 'lowered',
    } as const;
    expect(nextStage(readStage(policy, place, stored), change)).toMatchObject({ ...place, version: 4 });
    expect(nextStage(readStage(policy, place, undefined), change)).toMatchObject({ version: 1 });
    expect(nextStage(readStage(policy, place, { stage: '?' }), change)).toMatchObject({ version: 1 });
  });
});

describe('approving a request', () => {
  const request = {
    ...place,
    requestId: 'raise-1',
    from: 'suggest',
    to: 'auto-low',
    againstVersion: 3,
    requestedBy: 'arn:aws:iam::111122223333:user/ana',
    requestedByPerson: 'ana',
    status: 'requested',
    expiresAtEpochMs: 1_795_996_800_000,
  } as unknown as StageRequest;
  const inForce = { stage: 'suggest', version: 3 } as const;
  const ben = 'arn:aws:iam::111122223333:user/ben';
  const now = 1_795_996_799_999;
  const owners = [
    { agentRole: 'responder', identityIds: ['Mia'] },
    { agentRole: 'gardener', identityIds: ['ben'] },
  ];

  it('is for a second person, in time, on the stage it was asked for', () => {
    expect(approvalRefusal(request, inForce, ben, owners, now)).toBeUndefined();
  });

  it.each([
    ['same-person', request, inForce, 'arn:aws:iam::111122223333:user/ana', now],
    ['same-person', request, inForce, 'arn:aws:iam::999900009999:user/team/Ana', now],
    ['same-person', request, inForce, 'arn:aws:sts::111122223333:assumed-role/Operator/ana', now],
    ['unknown-person', request, inForce, 'unknown', now],
    ['unknown-person', request, inForce, '', now],
    ['agent-owner', request, inForce, 'arn:aws:iam::111122223333:user/mia', now],
    ['agent-owner', request, inForce, 'arn:aws:sts::999900009999:assumed-role/Operator/MIA', now],
    ['expired', request, inForce, ben, 1_795_996_800_000],
    ['already-decided', { ...request, status: 'rejected' }, inForce, ben, now],
    ['already-decided', { ...request, status: 'approved' }, inForce, ben, now],
    ['stage-changed', request, { stage: 'suggest', version: 4 }, ben, now],
    ['stage-changed', request, { stage: 'observe', version: 3 }, ben, now],
  ] as const)('is refused as %s', (refusal, asked, reading, by, at) => {
    expect(approvalRefusal(asked as StageRequest, reading, by, owners, at)).toBe(refusal);
  });
});
