import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/autonomy/decision.ts';
import type { DecisionInput } from '../../functions/autonomy/decision-input.ts';
import { base, proposed, resolved, shiftAlias, shipped } from './decision-inputs.ts';

/** An agent leaves out, or names, whatever parameters suit it. */
describe('what an agent cannot choose its way around, under the shipped policies', () => {
  const shiftInProd = (given: object): DecisionInput => ({
    ...base,
    environment: 'prod',
    planEnvironment: 'prod',
    stageSet: { stage: 'guarded', version: 1 },
    action: proposed('lambda.shift-alias', { ...shiftAlias, ...given }),
  });

  it.each([
    ['left out', {}],
    ['false', { progressive: false }],
  ])(
    'is traffic at once in prod, with progressive %s: it is denied, and told what to propose',
    (_what, given) => {
      expect(decide(shiftInProd(given), shipped)).toMatchObject({
        outcome: 'deny',
        determiningPolicies: ['forbid-traffic-at-once-in-prod'],
        reason: expect.stringContaining('propose it with progressive true'),
      });
    },
  );

  it('is heard when it proposes steps after that denial', () => {
    const denied = { agentRole: base.agentRole, action: 'lambda.shift-alias', targetKey: base.targetKey };
    const denials = [{ ...denied, planDigest: 'at-once', atEpochMs: base.nowEpochMs - 1_000 }];
    expect(decide({ ...shiftInProd({ progressive: true }), denials }, shipped).outcome).toBe(
      'require-approval',
    );
  });

  it.each([
    ['guarded', '/checkout/flags/new-pricing', 'auto'],
    ['guarded', '/checkout/flags/require-login', 'require-approval'],
    ['auto-low', '/checkout/flags/new-pricing', 'auto'],
    ['auto-low', '/checkout/flags/require-login', 'recommend'],
  ] as const)('is a safeguard: at stage %s, %s is switched off by outcome %s', (stage, name, outcome) => {
    const action = resolved('ssm.put-parameter', { name, fromValue: 'true', toValue: 'false' });
    const input = { ...base, stageSet: { stage, version: 1 }, action, targetKey: action.target.key };
    expect(decide(input, shipped).outcome).toBe(outcome);
  });
});
