import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';
import { malformedMembers } from '../platform/malformed-members.ts';
import type { RiskTier } from '../platform/vocabulary.ts';
import type { PolicyAnswer, PolicyRequest } from './policy-set.ts';

const count = z.int().check(z.gte(0));

const caseSchema = z.strictObject({
  /** What it shows, in words. */
  case: z.string().check(z.minLength(3)),
  /** Action of the catalogue; target, tier and blast radius follow from its parameters. */
  action: z.string(),
  /** Put over the action's first example. @default the example as it is */
  parameters: z.optional(z.record(z.string(), z.unknown())),
  /** @default responder */
  role: z.optional(z.string()),
  /** Where Interlock acts. @default dev */
  environment: z.optional(z.string()),
  /** @default the same as `environment` */
  targetEnvironment: z.optional(z.string()),
  /** Put over what follows from the parameters. */
  target: z.optional(z.strictObject({ type: z.optional(z.string()), id: z.optional(z.string()) })),
  /** Tags of the target; `unknown` when they could not be read. @default none */
  tags: z.optional(z.union([z.record(z.string(), z.string()), z.literal('unknown')])),
  tier: z.optional(z.string()),
  /** Instant in UTC. @default 2026-06-10T12:00:00Z, a Wednesday */
  at: z.optional(z.iso.datetime()),
  history: z.optional(
    z.strictObject({ changesToday: count, changesTodayOfAction: count, changesTodayOnTarget: count }),
  ),
  expect: z.enum(['permitted', 'forbidden', 'no-permit', 'tags-unknown']),
  /** Ids of the policies that must have decided, all of them. @default whichever */
  by: z.optional(z.array(z.string()).check(z.minLength(1))),
});

const fileSchema = z.strictObject({
  version: z.literal(1),
  cases: z.array(caseSchema).check(z.minLength(1)),
});

/** One line of a policy table: what is asked, and what the policies must answer. */
export type PolicyCase = z.output<typeof caseSchema>;

/** An action as a case uses it: what follows from its parameters. */
export interface CaseAction {
  readonly target: PolicyRequest['target'];
  readonly tier: RiskTier;
  readonly parameters: PolicyRequest['parameters'];
  readonly parameterText: string;
  readonly blastRadius: PolicyRequest['blastRadius'];
}

/** Looks an action of the catalogue up. @returns what is wrong, in words, when there is no such action. */
export type CaseCatalogue = (
  action: string,
  parameters: Readonly<Record<string, unknown>>,
) => CaseAction | string;

/** A case that did not turn out as it says. */
export interface CaseFailure {
  readonly case: string;
  readonly expected: string;
  readonly actual: string;
}

/** Reads a table strictly. @throws InvalidInputError `policy-tests.invalid` naming the file. */
export function parsePolicyCases(file: string, json: unknown): PolicyCase[] {
  const parsed = z.safeParse(fileSchema, json);
  if (parsed.success) return parsed.data.cases;
  const members = malformedMembers(parsed.error);
  throw new InvalidInputError(
    'policy-tests.invalid',
    `policies/tests/${file} has missing, unknown or malformed members: ${members}`,
  );
}

/** The question that a case asks. @returns what is wrong with the case, in words. */
export function requestOf(given: PolicyCase, catalogue: CaseCatalogue): PolicyRequest | string {
  const action = catalogue(given.action, given.parameters ?? {});
  if (typeof action === 'string') return action;
  const environment = given.environment ?? 'dev';
  const type = given.target?.type ?? action.target.type;
  const id = given.target?.id ?? action.target.id;
  return {
    agentRole: given.role ?? 'responder',
    action: given.action,
    target: given.target === undefined ? action.target : { type, id, key: `${type}/${id}` },
    targetEnvironment: given.targetEnvironment ?? environment,
    targetTags: given.tags === 'unknown' ? undefined : (given.tags ?? {}),
    environment,
    tier: given.tier ?? action.tier,
    parameters: action.parameters,
    parameterText: action.parameterText,
    blastRadius: action.blastRadius,
    history: given.history ?? { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 },
    nowEpochMs: Date.parse(given.at ?? '2026-06-10T12:00:00Z'),
  };
}

/** Holds an answer against the case; undefined when it is what the case expects. */
export function failureOf(given: PolicyCase, answer: PolicyAnswer): CaseFailure | undefined {
  const policies = answer.outcome === 'no-permit' ? [] : answer.determiningPolicies;
  const actual = [answer.outcome, ...policies].join(' ');
  const missing = (given.by ?? []).filter((id) => !policies.includes(id));
  if (answer.outcome === given.expect && missing.length === 0) return undefined;
  return { case: given.case, expected: [given.expect, ...(given.by ?? [])].join(' '), actual };
}
