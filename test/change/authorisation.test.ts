import { describe, expect, it } from 'vitest';
import {
  countApprovers,
  explainRefusal,
  type FailedConditions,
  permits,
} from '../../functions/change/authorisation.ts';
import type { TargetLock } from '../../functions/change/target-lock.ts';

const subject = {
  changeId: 'chg-a',
  incidentId: 'inc-a',
  planDigest: '1'.repeat(64),
  fencingToken: 4,
  policyDigest: 'a'.repeat(64),
};
const now = 1_772_445_600_000;
const lock: TargetLock = {
  targetKey: 't',
  fencingToken: 4,
  phase: 'held',
  changeId: 'chg-a',
  leaseExpiresAtEpochMs: now + 1,
};
const approval = {
  status: 'approved',
  planDigest: subject.planDigest,
  incidentId: 'inc-a',
  usableUntilEpochMs: now + 1,
  votes: [],
};
const decision = { outcome: 'auto', policyDigest: subject.policyDigest };

const table: [string, FailedConditions, string, string][] = [
  ['change gone', { change: { found: undefined } }, 'status', 'not recorded'],
  ['change elsewhere', { change: { found: { status: 'refused' } } }, 'status', 'refused'],
  ['switch missing', { killSwitch: { found: undefined } }, 'kill-switch', 'never switched off'],
  ['switch engaged', { killSwitch: { found: { engaged: true } } }, 'kill-switch', 'is engaged'],
  ['no decision', { decision: { found: undefined } }, 'decision', 'no decision'],
  ['denied', { decision: { found: { ...decision, outcome: 'deny' } } }, 'decision', 'does not permit'],
  [
    'other policies',
    { decision: { found: { ...decision, policyDigest: 'b' } } },
    'policy-changed',
    'changed after',
  ],
  ...[now - 1, 'soon'].map((notAfterEpochMs): (typeof table)[number] => [
    `permitted until ${notAfterEpochMs}`,
    { decision: { found: { ...decision, notAfterEpochMs } } },
    'decision',
    'and no longer',
  ]),
  [
    'permitted until now, but swapped',
    { decision: { found: { ...decision, notAfterEpochMs: now } } },
    'decision',
    'changed while',
  ],
  ['decision swapped', { decision: { found: decision } }, 'decision', 'changed while'],
  ['no approval', { approval: { found: undefined } }, 'approval', 'no approval'],
  ['pending', { approval: { found: { ...approval, status: 'pending' } } }, 'approval', 'is pending'],
  ['other plan', { approval: { found: { ...approval, planDigest: '2' } } }, 'approval', 'another plan'],
  ['other incident', { approval: { found: { ...approval, incidentId: 'x' } } }, 'approval', 'another plan'],
  [
    'usable until now',
    { approval: { found: { ...approval, usableUntilEpochMs: now } } },
    'approval',
    'no longer usable',
  ],
  [
    'never usable',
    { approval: { found: { ...approval, usableUntilEpochMs: 'for ever' } } },
    'approval',
    'no longer usable',
  ],
  ['quorum short', { approval: { found: approval } }, 'approval', 'quorum'],
  ['plan gone', { plan: { found: undefined } }, 'decision', 'altered'],
  ['lock gone', { lock: { found: undefined } }, 'lock', 'not held'],
  ['other token', { lock: { found: { ...lock, fencingToken: 5 } } }, 'lock', 'not held'],
  ['lease over', { lock: { found: { ...lock, leaseExpiresAtEpochMs: now } } }, 'lock', 'run out'],
  ['lock swapped', { lock: { found: lock } }, 'lock', 'changed while'],
  ['nothing named', {}, 'status', 'without saying'],
];

describe('authorisation', () => {
  it.each(table)('%s', (_, failed, refusal, words) => {
    expect(explainRefusal(failed, subject, now)).toMatchObject({
      outcome: 'refused',
      refusal,
      reason: expect.stringContaining(words),
    });
  });

  it('names the kill switch before anything that was decided', () => {
    const failed: FailedConditions = {
      killSwitch: { found: { engaged: true } },
      decision: { found: undefined },
      approval: { found: undefined },
      lock: { found: undefined },
    };
    expect(explainRefusal(failed, subject, now).refusal).toBe('kill-switch');
  });

  const vote = (identityId: unknown, verdict: unknown = 'approve') => ({
    identityId,
    displayName: 'somebody',
    verdict,
    atEpochMs: now,
  });

  it.each([
    [[vote('ada')], 1],
    [[vote('ada'), vote('ben')], 2],
    [[vote('ada'), vote('ada')], 1],
    [[vote('ada'), vote('ben', 'reject')], 1],
    [[vote('ada'), vote('ada', 'reject')], 0],
    [[vote('ada'), vote('ben', 'approved')], 0],
    [[vote('ada'), { ...vote('ben'), onBehalfOf: 'ada' }], 1],
    [[vote('ada'), { ...vote('ben'), onBehalfOf: 'ADA' }], 1],
    [[vote('ada'), { ...vote('ben'), onBehalfOf: 'cleo', via: 'slack' }], 2],
    [[vote('ada'), { ...vote('ben'), onBehalfOf: '' }], 0],
    [[vote('ada'), { ...vote('ben'), onBehalfOf: null }], 0],
    [[vote('')], 0],
    [[vote(undefined), vote(null)], 0],
    [['ada', 'ben'], 0],
    ['ada', 0],
    [{ length: 9 }, 0],
    [undefined, 0],
  ])('%j is the approval of so many people: %s', (votes, count) => {
    expect(countApprovers({ votes })).toBe(count);
  });

  it.each([
    undefined,
    {},
    { outcome: 'deny' },
    { outcome: 'recommend' },
    { outcome: 'AUTO' },
    { outcome: ['auto'] },
  ])('%j does not permit', (found) => {
    expect(permits(found)).toBe(false);
  });
});
