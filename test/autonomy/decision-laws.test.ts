import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AutonomyPolicy,
  type Control,
  parseAutonomyPolicy,
} from '../../functions/autonomy/autonomy-policy.ts';
import { decide } from '../../functions/autonomy/decision.ts';
import type { DecisionInput, DecisionRules, TagReading } from '../../functions/autonomy/decision-input.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import type { ProposedAction } from '../../functions/autonomy/proposed-action.ts';
import { autonomyStages, riskTiers } from '../../functions/platform/vocabulary.ts';
import { exceptionPolicy } from '../../functions/policy/exception.ts';
import type { PolicyAnswer } from '../../functions/policy/policy-set.ts';
import {
  base,
  files,
  flagKey,
  flagOff,
  lowRisk,
  now,
  resolved,
  shiftAlias,
  shipped,
  strictness,
  wasm,
} from './decision-inputs.ts';

const controls: readonly Control[] = ['auto', 'approval-1', 'approval-2', 'recommend'];

/** Any monotone matrix: each cell at least as strict as the cells it may not be looser than. */
const anyAutonomy: fc.Arbitrary<AutonomyPolicy> = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }), {
    minLength: 12,
    maxLength: 12,
  })
  .map((cells) => {
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

const anyAnswer: fc.Arbitrary<PolicyAnswer> = fc.constantFrom<PolicyAnswer>(
  { outcome: 'permitted', determiningPolicies: ['p'] },
  { outcome: 'forbidden', determiningPolicies: ['f'], reason: 'forbidden' },
  { outcome: 'no-permit' },
  { outcome: 'policy-error', determiningPolicies: [] },
  { outcome: 'tags-unknown', determiningPolicies: ['t'] },
);
const permitting: PolicyAnswer = { outcome: 'permitted', determiningPolicies: ['p'] };

const anyAction: fc.Arbitrary<ProposedAction> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        known: fc.constantFrom(
          resolved('lambda.shift-alias', shiftAlias),
          resolved('ssm.put-parameter', flagOff),
        ),
        tier: fc.constantFrom(...riskTiers),
        resources: fc.nat(11),
        capacityPercent: fc.nat(210),
        irreversible: fc.nat(3).map((n) => n === 0),
      })
      .map(
        ({ known, tier, resources, capacityPercent, irreversible }): ProposedAction => ({
          ...known,
          tier,
          blastRadius: { resources, capacityPercent },
          ...(irreversible ? { irreversible: 'no way back' } : {}),
        }),
      ),
  },
  { weight: 1, arbitrary: fc.string().map((id): ProposedAction => ({ outcome: 'unknown-action', id })) },
  {
    weight: 1,
    arbitrary: fc
      .string()
      .map((id): ProposedAction => ({ outcome: 'invalid-parameters', id, members: ['a'] })),
  },
);

const anyDenial = fc.record({
  agentRole: fc.constantFrom('responder', 'gardener'),
  action: fc.constantFrom('lambda.shift-alias', 'ssm.put-parameter', 'iam.attach'),
  targetKey: fc.constantFrom('lambda-alias/checkout:live', flagKey, 'lambda-alias/other:live'),
  planDigest: fc.constantFrom('d1', 'd2', 'd3', 'd4'),
  atEpochMs: fc.integer({ min: now - 2_000_000, max: now }),
});

const count = fc.oneof(
  { weight: 9, arbitrary: fc.nat(4) },
  { weight: 1, arbitrary: fc.integer({ min: 998, max: 1_002 }) },
);

const anyTags: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom('interlock:protected', 'interlock:environment', 'team', 'constructor'),
  fc.constantFrom('true', 'false', 'True', '', 'local', 'payments'),
);
const anyTagReading: fc.Arbitrary<TagReading> = fc.oneof(
  { weight: 4, arbitrary: anyTags.map((tags) => ({ reading: 'read' as const, tags })) },
  { weight: 1, arbitrary: fc.constant({ reading: 'unreadable' as const, reason: 'Throttled' }) },
);

/** Anything that a decision may be made on, most of it with something wrong. */
const anyInput: fc.Arbitrary<DecisionInput> = fc.record({
  nowEpochMs: fc.constant(now),
  killSwitch: fc.oneof(
    { weight: 8, arbitrary: fc.constant({ reading: 'released' as const }) },
    { weight: 1, arbitrary: fc.constant({ reading: 'engaged' as const, scope: 'global' as const }) },
    {
      weight: 1,
      arbitrary: fc.constant({ reading: 'unreadable' as const, scope: 'agent#responder' as const }),
    },
  ),
  incidentId: fc.constant('inc-1'),
  planDigest: fc.constant('d0'),
  environment: fc.constantFrom('local', 'local', 'local', 'prod'),
  planEnvironment: fc.constantFrom('local', 'prod'),
  agentRole: fc.constantFrom('responder', 'gardener'),
  action: anyAction,
  targetKey: fc.constantFrom('lambda-alias/checkout:live', flagKey, undefined),
  targetTags: anyTagReading,
  planFault: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant('unsound') },
  ),
  confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  lowConfidence: fc.nat(3).map((n) => n === 0),
  stageSet: fc.option(
    fc.record({ stage: fc.constantFrom(...autonomyStages), version: fc.integer({ min: 1, max: 9 }) }),
    { nil: undefined },
  ),
  history: fc.record({ changesToday: count, changesTodayOfAction: count, changesTodayOnTarget: count }),
  denials: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(anyDenial, { maxLength: 5 }) },
  ),
  exceptions: fc.constant([]),
  breakGlass: fc.option(
    fc.record({
      incidentId: fc.constantFrom('inc-1', 'inc-2'),
      environment: fc.constantFrom('local', 'prod'),
      openedAtEpochMs: fc.integer({ min: now - 900_000, max: now }),
      expiresAtEpochMs: fc.integer({ min: now - 900_000, max: now + 900_000 }),
    }),
    { nil: undefined },
  ),
});

const anyRules: fc.Arbitrary<DecisionRules> = fc
  .tuple(
    anyAutonomy,
    fc.oneof({ weight: 3, arbitrary: fc.constant(permitting) }, { weight: 1, arbitrary: anyAnswer }),
  )
  .map(([autonomy, answer]) => ({ ...shipped, autonomy, evaluatePolicy: () => answer }));

/** What is judged about is reachable: without this a law could hold because nothing is ever let through. */
function seen(outcomes: Map<string, number>, outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

describe('the whole decision, under every matrix that is accepted', () => {
  it('is never loosened by a higher tier', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(anyInput, anyRules, (input, rules) => {
        if (input.action.outcome !== 'resolved') return;
        const { action } = input;
        const byTier = riskTiers.map((tier) => decide({ ...input, action: { ...action, tier } }, rules));
        for (const decision of byTier) seen(outcomes, decision.outcome);
        const strict = byTier.map(strictness);
        expect(strict).toStrictEqual(strict.toSorted((a, b) => a - b));
      }),
      // The inputs that reach each outcome come first: what chance draws may miss one in a thousand.
      {
        numRuns: 300,
        examples: [
          [base, shipped],
          [{ ...base, stageSet: { stage: 'observe', version: 1 } }, shipped],
          [{ ...base, killSwitch: { reading: 'engaged' } }, shipped],
        ],
      },
    );
    expect(new Set(outcomes.keys())).toStrictEqual(
      new Set(['auto', 'require-approval', 'recommend', 'deny']),
    );
  });

  it('is never loosened by a lower stage', () => {
    fc.assert(
      fc.property(anyInput, anyRules, (input, rules) => {
        const strict = autonomyStages
          .toReversed()
          .map((stage) => strictness(decide({ ...input, stageSet: { stage, version: 1 } }, rules)));
        expect(strict).toStrictEqual(strict.toSorted((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });

  it('denies everything under a kill switch, also one that cannot be read', () => {
    fc.assert(
      fc.property(anyInput, anyRules, fc.constantFrom('engaged', 'unreadable'), (input, rules, reading) => {
        expect(decide({ ...input, killSwitch: { reading } }, rules)).toMatchObject({
          outcome: 'deny',
          clause: 'kill-switch',
        });
      }),
    );
  });

  it('lets nothing but a permit lead on, and nothing unknown', () => {
    fc.assert(
      fc.property(anyInput, anyRules, anyAnswer, (input, rules, answer) => {
        const decision = decide(input, { ...rules, evaluatePolicy: () => answer });
        if (answer.outcome !== 'permitted' || input.action.outcome !== 'resolved')
          expect(decision.outcome).toBe('deny');
      }),
    );
  });

  it('never carries out without a person what has no way back, and never a doubtful answer', () => {
    fc.assert(
      fc.property(anyInput, anyRules, fc.boolean(), (input, rules, isDoubtful) => {
        if (input.action.outcome !== 'resolved') return;
        const given = isDoubtful
          ? { ...input, lowConfidence: true }
          : { ...input, action: { ...input.action, irreversible: 'no way back' } };
        expect(decide(given, rules).outcome).not.toBe('auto');
      }),
      { numRuns: 300 },
    );
  });

  it('denies whatever exceeds a limit', () => {
    fc.assert(
      fc.property(anyInput, anyRules, fc.integer({ min: 0, max: 4 }), (input, rules, which) => {
        if (input.action.outcome !== 'resolved') return;
        const { action, history } = input;
        const blast = { ...action.blastRadius };
        const used = { ...history };
        if (which === 0) blast.resources = 11;
        if (which === 1) blast.capacityPercent = 201;
        if (which === 2) used.changesToday = 1_000;
        if (which === 3) used.changesTodayOfAction = 1_000;
        if (which === 4) used.changesTodayOnTarget = 1_000;
        const given = { ...input, action: { ...action, blastRadius: blast }, history: used };
        expect(decide(given, rules).outcome).toBe('deny');
      }),
    );
  });

  it('is the same again from what is stored', () => {
    fc.assert(
      fc.property(anyInput, anyRules, (input, rules) => {
        const stored = JSON.parse(JSON.stringify(input)) as DecisionInput;
        expect(decide(stored, rules)).toStrictEqual(decide(input, rules));
      }),
    );
  });
});

describe('tags of the target', () => {
  const unreadable: TagReading = { reading: 'unreadable', reason: 'AccessDeniedException' };
  const withFile = (text: string, without: readonly string[] = []) => {
    const kept = Object.entries(files).filter(([name]) => !without.includes(name));
    return decisionRules({ ...Object.fromEntries(kept), 'extra.cedar': text }, wasm);
  };
  const protectedFile = 'forbid-protected-targets.cedar';
  const owner = 'resource.hasTag("team") && resource.getTag("team") == "payments"';
  const noQuestion = '@reason("r") forbid (principal, action, resource) when { resource.name == "hasTag" };';
  /** Rules that ask for tags to forbid, to permit, to forbid unless, and not at all. */
  const rulesOf: readonly DecisionRules[] = [
    shipped,
    withFile(`@reason("r") permit (principal, action, resource) when { ${owner} };`),
    withFile(`@reason("r") forbid (principal, action, resource) unless { ${owner} };`),
    withFile(noQuestion, [protectedFile]),
  ];

  it('that cannot be read never loosen a decision, and change nothing where no policy asks for them', () => {
    const changed = new Set<boolean>();
    for (const [which, rules] of rulesOf.entries()) {
      const isAsking = which < rulesOf.length - 1;
      fc.assert(
        fc.property(fc.oneof(anyInput, fc.constantFrom(base, lowRisk)), anyTags, (input, tags) => {
          const known = decide({ ...input, targetTags: { reading: 'read', tags } }, rules);
          const unknown = decide({ ...input, targetTags: unreadable }, rules);
          expect(strictness(unknown)).toBeGreaterThanOrEqual(strictness(known));
          if (isAsking) expect(unknown.outcome).toBe('deny');
          else expect(unknown).toStrictEqual(known);
          if (isAsking) changed.add(known.outcome !== 'deny');
        }),
        { numRuns: 100 },
      );
    }
    expect(changed).toStrictEqual(new Set([true, false]));
  }, 20_000);

  it.each<[string, Partial<DecisionInput>, object]>([
    [
      'nothing else is wrong',
      {},
      {
        clause: 'policy.error',
        reason:
          'the tags of the target could not be read (AccessDeniedException), and policies ask for them, which denies',
        determiningPolicies: ['forbid-protected-targets'],
        tier: 'medium',
      },
    ],
    ['it is outside the workload', { targetKey: undefined }, { clause: 'plan.outside-workload' }],
    ['it is too much', { history: { ...base.history, changesToday: 1_000 } }, { clause: 'limits.history' }],
    [
      'it is forbidden anyway',
      { action: resolved('lambda.shift-alias', { ...shiftAlias, functionName: 'interlock-decide' }) },
      { clause: 'policy.forbid', determiningPolicies: ['forbid-interlock-itself'] },
    ],
    ['nothing permits it', { agentRole: 'gardener' }, { clause: 'policy.no-permit' }],
    ['a kill switch is on', { killSwitch: { reading: 'engaged' } }, { clause: 'kill-switch' }],
  ])('that cannot be read deny when %s', (_what, change, expected) => {
    const decision = decide({ ...base, ...change, targetTags: unreadable }, shipped);
    expect(decision).toMatchObject({ outcome: 'deny', ...expected });
  });

  it('that were stored in another form count as not read', () => {
    const stored = { ...base, targetTags: {} as unknown as TagReading };
    expect(decide(stored, shipped)).toMatchObject({ outcome: 'deny', clause: 'policy.error' });
    expect(decide(stored, withFile(noQuestion, [protectedFile])).outcome).toBe('require-approval');
  });

  it.each(['true', 'True', 'yes', ''])('protect a target with %j', (value) => {
    const targetTags: TagReading = { reading: 'read', tags: { 'interlock:protected': value } };
    expect(decide({ ...lowRisk, targetTags }, shipped)).toMatchObject({
      outcome: 'deny',
      clause: 'policy.forbid',
      determiningPolicies: ['forbid-protected-targets'],
    });
  });

  it.each<Record<string, string>[]>([[{}], [{ 'interlock:protected': 'false' }], [{ constructor: 'true' }]])(
    'leave be with %j',
    (tags) => {
      expect(decide({ ...lowRisk, targetTags: { reading: 'read', tags } }, shipped).outcome).toBe('auto');
    },
  );
});

describe('exceptions under the shipped policies', () => {
  const permitAnything = (id: string, action: string, targetKey: string) => ({
    id: `exception-${id}`,
    policy: exceptionPolicy({
      exceptionId: id,
      owner: 'platform team',
      ticket: 'OPS-1',
      reason: 'the permit is too narrow',
      agentRole: 'gardener',
      action,
      targetKey,
      environment: 'local',
      expiresAtEpochMs: now + 60_001,
    }),
  });
  const shift = resolved('lambda.shift-alias', shiftAlias);
  const gardener = { ...base, agentRole: 'gardener' };
  const exceptions = [permitAnything('exc-1', shift.id, shift.target.key)];

  it('permit what nothing else permits, until a minute before they expire, and are named', () => {
    expect(decide(gardener, shipped).clause).toBe('policy.no-permit');
    expect(decide({ ...gardener, exceptions }, shipped)).toMatchObject({
      outcome: 'recommend',
      determiningPolicies: ['exception-exc-1'],
      exceptionIds: ['exception-exc-1'],
    });
    const late = { ...gardener, exceptions };
    expect(decide({ ...late, nowEpochMs: now + 1 }, shipped).reason).toMatch(/^permitted for less than/);
    expect(decide({ ...late, nowEpochMs: now + 60_001 }, shipped).reason).toMatch(/^no policy permits/);
    expect(decide({ ...base, exceptions }, shipped)).not.toHaveProperty('exceptionIds');
  });

  it('never override a forbid, however many there are', () => {
    const name = fc
      .tuple(
        fc.stringMatching(/^[a-z]{0,5}$/),
        fc.constantFrom('interlock', 'InterLock', 'INTERLOCK', 'cloudtrail', 'Audit'),
      )
      .map(([prefix, word]) => `${prefix}${word}`);
    fc.assert(
      fc.property(name, fc.nat(3), (functionName, length) => {
        const action = resolved('lambda.shift-alias', { ...shiftAlias, functionName });
        const many = Array.from({ length }, (_, index) =>
          permitAnything(`exc-${index}`, action.id, action.target.key),
        );
        const given = { ...gardener, action, targetKey: action.target.key, exceptions: many };
        expect(decide(given, shipped)).toMatchObject({ outcome: 'deny', clause: 'policy.forbid' });
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['no policy', 'permit (principal'],
    ['a forbid', 'forbid (principal, action, resource);'],
    ['two policies', 'permit (principal, action, resource); permit (principal, action, resource);'],
    [
      'one that cannot be evaluated',
      'permit (principal, action, resource) when { 9223372036854775807 + 1 == 0 };',
    ],
  ])('that are %s deny everything they are asked about', (_what, policy) => {
    const decision = decide({ ...base, exceptions: [{ id: 'exception-exc-1', policy }] }, shipped);
    expect(decision).toMatchObject({ outcome: 'deny', clause: 'policy.error' });
    expect(decide(base, shipped).outcome).toBe('require-approval');
  });

  it('cannot take the place of a shipped policy', () => {
    const policy = 'permit (principal, action, resource);';
    const taking = [{ id: 'forbid-interlock-itself', policy }];
    expect(decide({ ...base, exceptions: taking }, shipped).clause).toBe('policy.error');
  });
});
