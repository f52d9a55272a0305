import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Control, parseAutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { type Decision, type DecisionInput, decide } from '../../functions/autonomy/decision.ts';
import { resolveAction } from '../../functions/change/catalogue.ts';
import { readCedarWasm, readPolicySet } from '../../functions/platform/policy-files.store.ts';
import {
  type AutonomyStage,
  autonomyStages,
  type RiskTier,
  riskTiers,
} from '../../functions/platform/vocabulary.ts';
import { PolicyEngine } from '../../functions/policy/policy-engine.ts';
import type { PolicyAnswer } from '../../functions/policy/policy-set.ts';
import autonomyJson from '../../policies/autonomy.json' with { type: 'json' };

const shipped = parseAutonomyPolicy(autonomyJson);
const engine = new PolicyEngine(readCedarWasm(), readPolicySet());

const shiftAlias = { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' };
const flagOff = { name: '/checkout/flags/new-pricing', fromValue: 'on', toValue: 'off' };

const flagKey = 'ssm-parameter//checkout/flags/new-pricing';

const base: DecisionInput = {
  killSwitch: 'released',
  environment: 'local',
  planEnvironment: 'local',
  targetKey: 'lambda-alias/checkout:live',
  agentRole: 'responder',
  action: resolveAction('lambda.shift-alias', shiftAlias),
  planFault: undefined,
  confidence: 0.9,
  lowConfidence: false,
  autonomy: shipped,
  evaluatePolicy: (request) => engine.evaluate(request),
};

describe('decision, in order', () => {
  it('stops at an engaged kill switch before anything else is looked at', () => {
    const evaluatePolicy = () => {
      throw new Error('must not be asked');
    };
    expect(decide({ ...base, killSwitch: 'engaged', evaluatePolicy })).toMatchObject({
      outcome: 'deny',
      clause: 'kill-switch',
    });
  });

  it.each([
    'iam.attach-role-policy',
    '__proto__',
    'constructor',
    'toString',
    '',
    'Lambda.shift-alias',
    'lambda.shift-\u0430lias',
  ])('denies an action that is not in the catalogue: %j', (action) => {
    expect(decide({ ...base, action: resolveAction(action, shiftAlias) })).toMatchObject({
      outcome: 'deny',
      clause: 'catalogue.unknown-action',
    });
  });

  it.each([
    ['a member too many', { ...shiftAlias, force: true }],
    ['a member missing', { functionName: 'checkout' }],
    ['an ARN where a name belongs', { ...shiftAlias, functionName: 'arn:aws:lambda:eu-west-1:1:function:a' }],
    ['$LATEST', { ...shiftAlias, toVersion: '$LATEST' }],
    ['__proto__ as own key', JSON.parse(`{"__proto__":{"toVersion":"1"},"functionName":"a"}`)],
    ['no object', 'shift it'],
    ['null', null],
  ])('denies parameters outside the schema: %s', (_what, parameters: unknown) => {
    expect(decide({ ...base, action: resolveAction('lambda.shift-alias', parameters) })).toMatchObject({
      outcome: 'deny',
      clause: 'catalogue.invalid-parameters',
    });
  });

  it('denies by an explicit forbid and says which policy and why', () => {
    const action = resolveAction('ssm.put-parameter', { ...flagOff, name: '/interlock/local/kill-switch' });
    expect(decide({ ...base, action })).toMatchObject({
      outcome: 'deny',
      clause: 'policy.forbid',
      determiningPolicies: ['forbid-interlock-itself'],
      reason: "no agent may change Interlock's own functions or settings",
    });
  });

  it.each([
    ['another role', { agentRole: 'gardener' }, 'policy.no-permit'],
    ['a target elsewhere', { planEnvironment: 'prod' }, 'policy.no-permit'],
  ])('denies %s', (_what, change, clause) => {
    expect(decide({ ...base, ...change })).toMatchObject({ outcome: 'deny', clause });
  });

  it('denies a plan that is not what it claims, whatever policy and stage would say', () => {
    const planFault = 'the effect does not follow from the parameters';
    expect(decide({ ...base, planFault })).toMatchObject({
      outcome: 'deny',
      clause: 'plan.unsound',
      reason: planFault,
    });
  });

  it('asks one person for a medium-risk action in guarded, and nobody for a low-risk one', () => {
    expect(decide(base)).toMatchObject({
      outcome: 'require-approval',
      quorum: 1,
      tier: 'medium',
      stage: 'guarded',
    });
    expect(
      decide({ ...base, targetKey: flagKey, action: resolveAction('ssm.put-parameter', flagOff) }),
    ).toMatchObject({
      outcome: 'auto',
      tier: 'low',
    });
  });

  it('rates a parameter that is not a flag medium', () => {
    const action = resolveAction('ssm.put-parameter', { ...flagOff, fromValue: '10', toValue: '20' });
    expect(decide({ ...base, targetKey: flagKey, action })).toMatchObject({
      outcome: 'require-approval',
      tier: 'medium',
    });
  });

  it.each([undefined, 'lambda-alias/payments:live', flagKey])(
    "denies a target that is not one of the incident's workload: %s",
    (targetKey) => {
      expect(decide({ ...base, targetKey })).toMatchObject({
        outcome: 'deny',
        clause: 'plan.outside-workload',
      });
    },
  );

  it('only recommends where no stage is set', () => {
    expect(decide({ ...base, environment: 'prod', planEnvironment: 'prod' })).toMatchObject({
      outcome: 'recommend',
      stage: 'observe',
    });
  });

  it.each([
    [0.69, 'require-approval'],
    [0.7, 'auto'],
    [0.71, 'auto'],
    [0, 'require-approval'],
    [Number.NaN, 'require-approval'],
  ])('lets confidence %d lead to %s', (confidence, outcome) => {
    const action = resolveAction('ssm.put-parameter', flagOff);
    expect(decide({ ...base, targetKey: flagKey, action, confidence }).outcome).toBe(outcome);
  });
});

/** How much a decision lets happen: 0 the most. */
function strictness(decision: Decision): number {
  switch (decision.outcome) {
    case 'auto':
      return 0;
    case 'require-approval':
      return decision.quorum;
    case 'recommend':
      return 10;
    case 'deny':
      return 20;
  }
}

const controls: readonly Control[] = ['auto', 'approval-1', 'approval-2', 'recommend'];

/** Any monotone matrix: each cell at least as strict as the cells it may not be looser than. */
const anyPolicy = fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }).map((cells) => {
  const rows: number[][] = [];
  for (const [fromTop, _stage] of autonomyStages.entries()) {
    const above = rows[0] ?? [0, 0, 0];
    let left = 0;
    rows.unshift(
      riskTiers.map((_tier, column) => {
        left = Math.max(left, above[column] ?? 0, cells[fromTop * 3 + column] ?? 0);
        return left;
      }),
    );
  }
  const matrix = Object.fromEntries(
    autonomyStages.map((stage, row) => [
      stage,
      Object.fromEntries(riskTiers.map((tier, column) => [tier, controls[rows[row]?.[column] ?? 3]])),
    ]),
  );
  return parseAutonomyPolicy({ version: 1, minimumConfidenceForAuto: 0.5, matrix, stages: [] });
});

const permitted = (): PolicyAnswer => ({ outcome: 'permitted', determiningPolicies: ['p'] });
const anyConfidence = fc.double({ min: 0, max: 1, noNaN: true });

function withTier(tier: RiskTier): DecisionInput['action'] {
  const resolved = resolveAction('lambda.shift-alias', shiftAlias);
  if (resolved.outcome !== 'resolved') throw new Error('the base action must resolve');
  return { ...resolved, definition: { ...resolved.definition, tier: () => tier } };
}

describe('an answer that wanted a stronger model and got none', () => {
  it('is never carried out without a person, however sure it says it is', () => {
    const action = resolveAction('ssm.put-parameter', flagOff);
    expect(decide({ ...base, targetKey: flagKey, action, confidence: 1, lowConfidence: true })).toMatchObject(
      { outcome: 'require-approval', quorum: 1, clause: 'autonomy.low-confidence' },
    );
  });
});

describe('decision, laws', () => {
  it('is monotone under every matrix that is accepted: a higher tier or a lower stage never loosens it', () => {
    fc.assert(
      fc.property(anyPolicy, anyConfidence, (policy, confidence) => {
        const at = (stage: AutonomyStage, tier: RiskTier) => {
          const stages = [{ environment: 'local', agentRole: 'responder', actionClass: 'traffic', stage }];
          return strictness(
            decide({
              ...base,
              evaluatePolicy: permitted,
              confidence,
              action: withTier(tier),
              autonomy: { ...policy, stages },
            }),
          );
        };
        for (const [stageIndex, stage] of autonomyStages.entries()) {
          for (const [tierIndex, tier] of riskTiers.entries()) {
            const higherTier = riskTiers[tierIndex + 1];
            if (higherTier !== undefined)
              expect(at(stage, higherTier)).toBeGreaterThanOrEqual(at(stage, tier));
            const lowerStage = autonomyStages[stageIndex - 1];
            if (lowerStage !== undefined)
              expect(at(lowerStage, tier)).toBeGreaterThanOrEqual(at(stage, tier));
          }
        }
      }),
    );
  });

  it('never lets anything but a permit lead on, whatever the rest says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('forbidden' as const, 'no-permit' as const, 'policy-error' as const),
        fc.constantFrom(...riskTiers),
        anyConfidence,
        (outcome, tier, confidence) => {
          const evaluatePolicy = () => ({ outcome, determiningPolicies: ['p'], reason: 'r' }) as PolicyAnswer;
          expect(decide({ ...base, action: withTier(tier), confidence, evaluatePolicy }).outcome).toBe(
            'deny',
          );
        },
      ),
    );
  });
});
