import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChangeFact, type DecisionFact, evidenceFor } from '../../functions/autonomy/stage-evidence.ts';
import { changeStatuses } from '../../functions/change/change-status.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';

const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
/** 2026-11-22T00:00:00Z to 2026-11-24T00:00:00Z. */
const window = { afterEpochMs: 1_795_305_600_000, untilEpochMs: 1_795_478_400_000 };
const within = 1_795_392_000_000;
const dayMs = 86_400_000;

const decision = (name: string, change: Partial<DecisionFact> = {}): DecisionFact => ({
  ...place,
  incidentId: `inc-${name}`,
  planDigest: `digest-${name}`,
  tier: 'low',
  outcome: 'auto',
  clause: 'autonomy.matrix',
  decidedAtEpochMs: within,
  ...change,
});
const changeOf = (
  { incidentId, planDigest }: DecisionFact,
  change: Partial<ChangeFact> = {},
): ChangeFact => ({
  changeId: changeIdFor(incidentId, planDigest),
  status: 'kept',
  startedAtEpochMs: within,
  updatedAtEpochMs: within,
  ...change,
});
const nothing = { decisions: [], changes: [], incidents: [] };

describe('evidence of a place', () => {
  it('counts what became of its changes, by tier', () => {
    const a = decision('a');
    const b = decision('b', { tier: 'medium' });
    const c = decision('c', { tier: 'medium' });
    const d = decision('d', { tier: 'medium' });
    const changes = [
      changeOf(a),
      changeOf(b, { status: 'rolled-back' }),
      changeOf(c, { status: 'rollback-failed' }),
      changeOf(d, { status: 'executing' }),
    ];
    expect(evidenceFor(place, { ...nothing, decisions: [a, b, c, d], changes }, window)).toMatchObject({
      byTier: {
        low: { decided: 1, started: 1, kept: 1, rolledBack: 0, rollbackFailed: 0 },
        medium: { decided: 3, started: 3, kept: 0, rolledBack: 1, rollbackFailed: 1 },
      },
      ended: 3,
      kept: 1,
      rolledBack: 1,
      rollbackFailed: 1,
      successPercent: 33.3,
      rollbackPercent: 66.7,
    });
  });

  it('has no rate where nothing ended', () => {
    const empty = evidenceFor(place, nothing, window);
    expect(empty).toMatchObject({ ended: 0, byTier: {}, denials: 0, cutOffs: 0 });
    expect(empty).not.toHaveProperty('successPercent');
  });

  it.each([
    ['environment', { environment: 'dev' }],
    ['agent role', { agentRole: 'janitor' }],
    ['action class', { actionClass: 'capacity' }],
    ['unknown action', { actionClass: undefined }],
  ])('leaves out what happened in another place: %s', (_what, elsewhere) => {
    const other = decision('other', elsewhere);
    const facts = { ...nothing, decisions: [other], changes: [changeOf(other, { status: 'rolled-back' })] };
    expect(evidenceFor(place, facts, window)).toMatchObject({ ended: 0, byTier: {} });
  });

  it.each([
    [window.afterEpochMs, 0],
    [window.afterEpochMs + 1, 1],
    [window.untilEpochMs, 1],
    [window.untilEpochMs + 1, 0],
  ])('counts a change that ended at %d as %d: the start is outside, the end inside', (at, ended) => {
    const a = decision('a', { decidedAtEpochMs: window.afterEpochMs - dayMs });
    const facts = { ...nothing, decisions: [a], changes: [changeOf(a, { updatedAtEpochMs: at })] };
    expect(evidenceFor(place, facts, window).ended).toBe(ended);
  });

  it('counts one event in exactly one of two windows that follow each other', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: window.afterEpochMs + 1, max: window.untilEpochMs }),
        fc.integer({ min: window.afterEpochMs, max: window.untilEpochMs }),
        (at, cut) => {
          const a = decision('a');
          const facts = { ...nothing, decisions: [a], changes: [changeOf(a, { updatedAtEpochMs: at })] };
          const first = evidenceFor(place, facts, { ...window, untilEpochMs: cut });
          const second = evidenceFor(place, facts, { ...window, afterEpochMs: cut });
          expect(first.ended + second.ended).toBe(1);
        },
      ),
    );
  });

  it('counts a change as ended only when it had an effect and nothing more happens to it', () => {
    for (const status of changeStatuses) {
      const a = decision('a');
      const facts = { ...nothing, decisions: [a], changes: [changeOf(a, { status })] };
      const ends = ['kept', 'rolled-back', 'rollback-failed'].includes(status) ? 1 : 0;
      expect([status, evidenceFor(place, facts, window).ended]).toStrictEqual([status, ends]);
    }
    const never = decision('never');
    const facts = {
      ...nothing,
      decisions: [never],
      changes: [changeOf(never, { startedAtEpochMs: undefined, status: 'rolled-back' })],
    };
    expect(evidenceFor(place, facts, window).ended).toBe(0);
  });

  it.each([
    ['catalogue.unknown-action', 1],
    ['catalogue.invalid-parameters', 1],
    ['policy.forbid', 1],
    ['policy.no-permit', 1],
    ['policy.closed-now', 0],
    ['policy.variant-cooldown', 1],
    ['limits.blast-radius', 1],
    ['plan.outside-workload', 1],
    ['plan.unsound', 1],
    ['limits.history', 0],
    ['policy.error', 0],
    ['kill-switch', 0],
    ['agent.cut-off', 0],
  ])('counts a denial by %s against the agent: %d', (clause, denials) => {
    const decisions = [decision('a', { outcome: 'deny', clause })];
    expect(evidenceFor(place, { ...nothing, decisions }, window).denials).toBe(denials);
    const allowed = [decision('a', { outcome: 'auto', clause })];
    expect(evidenceFor(place, { ...nothing, decisions: allowed }, window).denials).toBe(0);
  });

  it('counts a cut-off when it came about, whatever the agent proposes afterwards', () => {
    const { afterEpochMs } = window;
    const cutsOff = { outcome: 'deny', clause: 'policy.forbid', cutsOff: true } as const;
    const later = { outcome: 'deny', clause: 'agent.cut-off', planDigest: 'another' } as const;
    const cutOffs = (...decisions: DecisionFact[]) =>
      evidenceFor(place, { ...nothing, decisions }, window).cutOffs;
    expect(cutOffs(decision('a', cutsOff))).toBe(1);
    expect(cutOffs(decision('a', cutsOff), decision('a', later))).toBe(1);
    expect(cutOffs(decision('a', later), decision('a', cutsOff))).toBe(1);
    expect(cutOffs(decision('a', { ...cutsOff, decidedAtEpochMs: afterEpochMs }), decision('a', later))).toBe(
      0,
    );
    expect(cutOffs(decision('a', { ...cutsOff, actionClass: undefined }))).toBe(1);
    expect(cutOffs(decision('a', { ...cutsOff, actionClass: 'capacity' }))).toBe(0);
    expect(cutOffs(decision('a', cutsOff), decision('b', cutsOff))).toBe(2);
  });

  it('counts denials that speak against the agent, and cut-offs once for each incident', () => {
    const denied = { outcome: 'deny', clause: 'policy.forbid' } as const;
    const cutOff = { outcome: 'deny', clause: 'agent.cut-off' } as const;
    const decisions = [
      decision('a', denied),
      decision('b', { outcome: 'deny', clause: 'policy.no-permit' }),
      decision('c', { outcome: 'deny', clause: 'kill-switch' }),
      decision('d', cutOff),
      decision('d', { ...cutOff, planDigest: 'another variant' }),
      decision('e', { ...cutOff, actionClass: undefined }),
      decision('f', { ...cutOff, agentRole: 'janitor', actionClass: undefined }),
      decision('g', { ...denied, decidedAtEpochMs: window.afterEpochMs }),
    ];
    expect(evidenceFor(place, { ...nothing, decisions }, window)).toMatchObject({
      denials: 2,
      cutOffs: 2,
    });
  });

  it('compares incidents of the environment with as long a time before', () => {
    const incidents = [
      { environment: 'prod', openedAtEpochMs: window.afterEpochMs + 1 },
      { environment: 'prod', openedAtEpochMs: window.afterEpochMs },
      { environment: 'prod', openedAtEpochMs: window.afterEpochMs - dayMs },
      { environment: 'prod', openedAtEpochMs: window.afterEpochMs - 2 * dayMs },
      { environment: 'dev', openedAtEpochMs: within },
    ];
    expect(evidenceFor(place, { ...nothing, incidents }, window)).toMatchObject({
      incidents: 1,
      incidentsBefore: 2,
      incidentsPerDay: 0.5,
      incidentsPerDayBefore: 1,
    });
  });
});
