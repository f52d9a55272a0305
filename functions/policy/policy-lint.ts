import { type PolicyJson, policyToJson } from '@cedar-policy/cedar-wasm/web';
import { PolicyEngine } from './policy-engine.ts';
import type { PolicyRequest, PolicySet } from './policy-set.ts';
import { type CatalogueExample, catalogueExamples, type TableReport } from './policy-tables.ts';
import { policiesAskingForTags } from './policy-tags.ts';

/** Something about a policy that its author should look at. */
export interface LintFinding {
  readonly policyId: string;
  readonly problem: string;
}

/** 2026-06-10T12:00:00Z, a Wednesday outside every freeze. */
const ordinaryDay = 1_781_092_800_000;

/**
 * Looks for policies that never decide anything, permits that are broader than the catalogue, and policies
 * without a reason. What a permit lets through is tried out rather than read off its text, with the tags of the
 * table tests where it asks for tags: some of them it was written for.
 *
 * @param tables How the table tests went.
 * @param knownRoles Roles that the other policy files name. @default every role is known
 */
export function lintPolicies(
  wasm: Uint8Array,
  set: PolicySet,
  { determining, tags }: Pick<TableReport, 'determining' | 'tags'>,
  knownRoles?: readonly string[],
): LintFinding[] {
  const examples = catalogueExamples();
  const deciding = new Set([...determining, ...decidingExamples(new PolicyEngine(wasm, set), set, examples)]);
  const alone = new PolicyEngine(wasm, { schema: set.schema, policies: {} });
  const asking = new Set(policiesAskingForTags(set.policies).map(({ id }) => id));
  return parsedPolicies(set).flatMap((policy) => {
    const { id, json } = policy;
    const problems = [
      ...(json.annotations?.['reason'] === undefined ? ['it has no @reason for whoever is told no'] : []),
      ...(deciding.has(id) ? [] : ['it decides no table test and no example of the catalogue']),
      ...(json.effect === 'permit'
        ? breadthOf(policy, alone, examples, asking.has(id) ? [{}, ...tags] : [{}])
        : []),
      ...(json.effect === 'permit' && knownRoles !== undefined
        ? principalsOf(json)
            .filter((role) => !knownRoles.includes(role))
            .map((role) => `it permits role ${JSON.stringify(role)}, which no other policy file knows`)
        : []),
    ];
    return problems.map((problem) => ({ policyId: id, problem }));
  });
}

/** Roles that the permits of a set name, in order. */
export function rolesOf(set: PolicySet): string[] {
  const roles = parsedPolicies(set).flatMap(({ json }) =>
    json.effect === 'permit' ? principalsOf(json) : [],
  );
  return [...new Set(roles)].toSorted();
}

interface ParsedPolicy {
  readonly id: string;
  /** Its text. */
  readonly policy: string;
  readonly json: PolicyJson;
}

/** What stands in the policies of a set that an engine has read: it does not start on one that cannot be parsed. */
function parsedPolicies(set: PolicySet): ParsedPolicy[] {
  return Object.entries(set.policies).flatMap(([id, policy]) => {
    const parsed = policyToJson(policy);
    return parsed.type === 'success' ? [{ id, policy, json: parsed.json }] : [];
  });
}

/** The question that an example of the catalogue makes for a role in an environment. */
export function requestFor(
  { action, target, tier, parameters, parameterText, blastRadius }: CatalogueExample,
  agentRole: string,
  environment: string,
): PolicyRequest {
  return {
    agentRole,
    action,
    target,
    targetEnvironment: environment,
    targetTags: {},
    environment,
    tier,
    parameters,
    parameterText,
    blastRadius,
    history: { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 },
    nowEpochMs: ordinaryDay,
  };
}

function decidingExamples(
  engine: PolicyEngine,
  set: PolicySet,
  examples: readonly CatalogueExample[],
): string[] {
  return rolesOf(set).flatMap((role) =>
    examples.flatMap((example) => {
      const answer = engine.evaluate(requestFor(example, role, 'dev'));
      return answer.outcome === 'no-permit' ? [] : answer.determiningPolicies;
    }),
  );
}

function breadthOf(
  permit: ParsedPolicy,
  alone: PolicyEngine,
  examples: readonly CatalogueExample[],
  tags: TableReport['tags'],
): string[] {
  const { json } = permit;
  const role = principalsOf(json)[0] ?? 'nobody';
  const permits = (change: (asked: PolicyRequest) => PolicyRequest): boolean =>
    examples.some((example) =>
      tags.some((targetTags) => {
        const asked = { ...requestFor(example, role, 'dev'), targetTags };
        return alone.evaluate(change(asked), [permit]).outcome === 'permitted';
      }),
    );
  const otherKind = (asked: PolicyRequest): PolicyRequest => ({
    ...asked,
    target: { ...asked.target, type: 'another-kind' },
  });
  return [
    ...(principalsOf(json).length > 0
      ? []
      : [
          json.principal.op === 'All' || json.principal.op === 'is'
            ? 'it permits every role'
            : 'it does not name one role with `principal ==`',
        ]),
    ...(json.action.op === 'All' ? ['it permits every action'] : []),
    ...(permits(otherKind) ? ['it permits every kind of target'] : []),
    ...(permits((asked) => ({ ...asked, targetEnvironment: 'elsewhere' }))
      ? ['it permits targets of other environments']
      : []),
  ];
}

function principalsOf({ principal }: PolicyJson): string[] {
  if (principal.op !== '==' || !('entity' in principal)) return [];
  const { entity } = principal;
  return 'id' in entity ? [entity.id] : [];
}
