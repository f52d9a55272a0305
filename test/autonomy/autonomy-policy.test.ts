import { describe, expect, it } from 'vitest';
import {
  controlFor,
  parseAutonomyPolicy,
  stageFor,
  stageInForce,
} from '../../functions/autonomy/autonomy-policy.ts';
import autonomyJson from '../../policies/autonomy.json' with { type: 'json' };

const shipped = () => structuredClone(autonomyJson) as { matrix: object };

describe('autonomy policy', () => {
  it.each([
    ['observe', ['recommend', 'recommend', 'recommend']],
    ['suggest', ['approval-1', 'recommend', 'recommend']],
    ['auto-low', ['auto', 'recommend', 'recommend']],
    ['guarded', ['auto', 'approval-1', 'approval-2']],
  ] as const)('ships the default matrix: %s', (stage, expected) => {
    const policy = parseAutonomyPolicy(shipped());
    expect((['low', 'medium', 'high'] as const).map((tier) => controlFor(policy, stage, tier))).toStrictEqual(
      expected,
    );
  });

  it('is observe wherever no stage is set, also for names that objects have by inheritance', () => {
    const policy = parseAutonomyPolicy(shipped());
    const place = { environment: 'local', agentRole: 'responder', actionClass: 'traffic' };
    expect(stageFor(policy, place)).toBe('guarded');
    for (const changed of [
      { environment: 'prod' },
      { agentRole: 'constructor' },
      { actionClass: '__proto__' },
    ]) {
      expect(stageFor(policy, { ...place, ...changed })).toBe('observe');
    }
  });

  it('gives way to a stage that was set at run time, higher or lower, under the version of that', () => {
    const policy = parseAutonomyPolicy(shipped());
    const place = { environment: 'local', agentRole: 'responder', actionClass: 'traffic' };
    expect(stageInForce(policy, place, undefined)).toStrictEqual({ stage: 'guarded', version: 0 });
    expect(stageInForce(policy, place, { stage: 'observe', version: 2 })).toStrictEqual({
      stage: 'observe',
      version: 2,
    });
    const elsewhere = { ...place, environment: 'prod' };
    expect(stageInForce(policy, elsewhere, { stage: 'auto-low', version: 1 })).toStrictEqual({
      stage: 'auto-low',
      version: 1,
    });
  });

  it.each([
    [
      'a higher tier that allows more',
      'guarded',
      { low: 'approval-1', medium: 'auto', high: 'approval-2' },
      /for medium than for low/,
    ],
    [
      'a lower stage that allows more',
      'observe',
      { low: 'auto', medium: 'recommend', high: 'recommend' },
      /stage observe/,
    ],
  ])('refuses %s', (_what, stage, row, message) => {
    const json = shipped();
    Object.assign(json.matrix, { [stage]: row });
    expect(() => parseAutonomyPolicy(json)).toThrow(message);
  });

  it.each([
    ['an unknown key', { extra: 1 }],
    [
      'an unknown stage',
      { stages: [{ environment: 'a', agentRole: 'b', actionClass: 'c', stage: 'GUARDED' }] },
    ],
    ['a confidence above 1', { minimumConfidenceForAuto: 1.1 }],
    [
      'a wildcard left empty',
      { stages: [{ environment: '', agentRole: 'b', actionClass: 'c', stage: 'guarded' }] },
    ],
  ])('refuses %s', (_what, change) => {
    expect(() => parseAutonomyPolicy({ ...shipped(), ...change })).toThrow(/autonomy\.json/);
  });

  it('refuses two stages for one place: which one holds must never depend on their order', () => {
    const place = { environment: 'a', agentRole: 'b', actionClass: 'c' };
    const stages = [
      { ...place, stage: 'observe' },
      { ...place, stage: 'guarded' },
    ];
    expect(() => parseAutonomyPolicy({ ...shipped(), stages })).toThrow(/twice for a × b × c/);
  });
});
