import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { PolicyEngine } from '../../functions/policy/policy-engine.ts';
import { policySetOf } from '../../functions/policy/policy-files.ts';
import type { PolicyRequest } from '../../functions/policy/policy-set.ts';
import { asking } from './requests.ts';

const wasm = readCedarWasm();
const deployed = policySetOf(readPolicyFiles());

const tiers = ['low', 'medium', 'high'] as const;
const actions = ['lambda.shift-alias', 'ssm.put-parameter'] as const;

/** Text that spells none of the words which the shipped policies forbid: no `i`, `u` or `w`. */
const plain = fc.stringMatching(/^[abcdefghkmnorst0-9_.-]{1,12}$/);
const path = fc.array(plain, { maxLength: 3 }).map((parts) => parts.map((part) => `/${part}`).join(''));
const harmless = fc.tuple(path, plain).map(([above, name]) => `${above}/${name}`);

/** A name that one of the shipped policies forbids, whatever stands around the word it looks for. */
const ofInterlock = fc
  .tuple(
    path,
    fc.option(plain),
    fc.constantFrom('interlock', 'Interlock', 'INTERLOCK', 'iNTERLOCK', 'interLock'),
    fc.option(plain),
    path,
  )
  .map(([above, before, word, after, below]) => `${above}/${before ?? ''}${word}${after ?? ''}${below}`);
const guarded = fc.oneof(
  fc
    .tuple(
      path,
      fc.constantFrom('iam', 'IAM', 'identity', 'audit', 'Audit', 'backup', 'BackUp', 'network'),
      harmless,
    )
    .map(([above, word, below]) => `${above}/${word}${below}`),
  harmless.map((below) => `/aws${below}`),
);
const forbidden = fc.oneof(
  fc.record({ action: fc.constantFrom(...actions), name: ofInterlock }),
  fc.record({ action: fc.constant('ssm.put-parameter' as const), name: guarded }),
  fc.record({
    action: fc.constant('lambda.shift-alias' as const),
    name: harmless,
    isAtOnceInProd: fc.constant(true),
  }),
);

interface Subject {
  readonly action: string;
  readonly name: string;
  /** @default in steps, wherever it is */
  readonly isAtOnceInProd?: boolean;
}

const place = fc.record({
  // The shipped permits know `responder` only: for anybody else the extra ones alone permit.
  agentRole: fc.constantFrom('responder', 'gardener'),
  environment: fc.constantFrom('local', 'prod'),
  tier: fc.constantFrom(...tiers),
});

function request(
  { action, name, isAtOnceInProd = false }: Subject,
  given: { agentRole: string; environment: string; tier: string },
): PolicyRequest {
  const isParameter = action === 'ssm.put-parameter';
  const type = isParameter ? 'ssm-parameter' : 'lambda-alias';
  const target = { type, id: name, key: `${type}/${name}` };
  const example = asking(action);
  const inSteps = isParameter || isAtOnceInProd ? {} : { progressive: true };
  const environment = isAtOnceInProd ? 'prod' : given.environment;
  return {
    ...example,
    ...given,
    environment,
    targetEnvironment: environment,
    target,
    parameters: { ...example.parameters, ...inSteps },
  };
}

type Place = (asked: PolicyRequest) => string;
const anyone: readonly Place[] = [
  () => 'principal',
  (asked) => `principal == Interlock::AgentRole::"${asked.agentRole}"`,
  () => 'principal is Interlock::AgentRole',
];
const anything: readonly Place[] = [
  () => 'action',
  (asked) => `action == Interlock::Action::"${asked.action}"`,
  () => `action in [${actions.map((action) => `Interlock::Action::"${action}"`).join(', ')}]`,
];
const anywhere: readonly Place[] = [
  () => 'resource',
  (asked) => `resource == Interlock::Target::"${asked.target.key}"`,
  () => 'resource is Interlock::Target',
];
/** Conditions that hold for the request, some of them naming exactly what is forbidden. */
const holding: readonly Place[] = [
  () => '',
  () => 'when { true }',
  (asked) => `when { resource.name == "${asked.target.id}" }`,
  (asked) => `when { resource.kind == "${asked.target.type}" && resource.name like "*" }`,
  () => 'when { resource.environment == context.environment }',
  (asked) => `when { context.tier == "${asked.tier}" } unless { resource.name == "" }`,
  (asked) => `unless { context.environment != "${asked.environment}" }`,
];

/** A permit that holds for whatever it is made for. */
const permit = fc
  .tuple(
    fc.constantFrom(...anyone),
    fc.constantFrom(...anything),
    fc.constantFrom(...anywhere),
    fc.constantFrom(...holding),
  )
  .map(
    ([who, what, where, when]): Place =>
      (asked) =>
        `permit (${who(asked)}, ${what(asked)}, ${where(asked)}) ${when(asked)};`,
  );

/** What is asked, and the permit added for it. Several are added at once: parsing them is what takes the time. */
const asked = (subject: fc.Arbitrary<Subject>) =>
  fc.array(
    fc
      .tuple(permit, subject, place)
      .map(([added, about, given]) => ({ added, asked: request(about, given) })),
    { minLength: 1, maxLength: 8, size: 'max' },
  );

const engine = new PolicyEngine(wasm, deployed);

/** Answers under the shipped policies and all the added ones, whose ids sort before and after the shipped ones. */
function outcomes(cases: readonly { added: Place; asked: PolicyRequest }[]): string[] {
  const exceptions = cases.map(({ added, asked: about }, index) => ({
    id: `${index % 2 === 0 ? 'a' : 'z'}-permit-${index}`,
    policy: added(about),
  }));
  return cases.map(({ asked: about }) => engine.evaluate(about, exceptions).outcome);
}

describe('adding permits', () => {
  it('never overrides a forbid', () => {
    fc.assert(
      fc.property(asked(forbidden), (cases) => {
        expect(outcomes(cases)).toStrictEqual(cases.map(() => 'forbidden'));
      }),
      { numRuns: 30 },
    );
  });

  it('permits all that is not forbidden: the law above is not empty', () => {
    const allowed = fc.record({ action: fc.constantFrom(...actions), name: harmless });
    fc.assert(
      fc.property(asked(allowed), (cases) => {
        expect(outcomes(cases)).toStrictEqual(cases.map(() => 'permitted'));
      }),
      { numRuns: 10 },
    );
  });
});
