import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';
import { malformedMembers } from '../platform/malformed-members.ts';
import type { ChangeHistory } from './policy-set.ts';
import type { VariantThresholds } from './variants.ts';

const count = z.int().check(z.gte(0), z.lte(1_000_000));
const positive = z.int().check(z.gte(1), z.lte(1_000_000));

const limits = z.strictObject({
  /** How many resources one change may alter. */
  maximumResources: count,
  /** Which share of its target's capacity one change may alter; raising beyond double is more than 100. */
  maximumCapacityPercent: count,
  /** How many changes may start in the environment on one UTC day. */
  maximumChangesPerDay: count,
  maximumChangesPerDayOfAction: count,
  maximumChangesPerDayOnTarget: count,
});

const schema = z.strictObject({
  version: z.literal(1),
  /** For every environment that is not named: there is none without limits. */
  default: limits,
  environments: z.record(z.string().check(z.minLength(1)), limits),
  variants: z.strictObject({
    cooldownAfterDenials: positive,
    cooldownSeconds: positive,
    cutOffAfterDenials: positive,
  }),
});

/** How much one change may touch, and how many may start in a day. */
export type Limits = z.output<typeof limits>;

/** Blast-radius and history limits per environment, and the thresholds of variant hunting (`policies/limits.json`). */
export interface LimitsPolicy {
  readonly default: Limits;
  readonly environments: Readonly<Record<string, Limits>>;
  readonly variants: VariantThresholds;
}

/**
 * Reads the limits strictly.
 *
 * @throws InvalidInputError `limits.invalid` for a missing, unknown or malformed member, or thresholds that cut
 * an agent off before it cools down.
 */
export function parseLimits(json: unknown): LimitsPolicy {
  const parsed = z.safeParse(schema, json);
  if (!parsed.success) {
    const members = malformedMembers(parsed.error);
    throw new InvalidInputError(
      'limits.invalid',
      `policies/limits.json has missing, unknown or malformed members: ${members}`,
    );
  }
  const { cooldownAfterDenials, cutOffAfterDenials } = parsed.data.variants;
  if (cutOffAfterDenials < cooldownAfterDenials) {
    throw new InvalidInputError(
      'limits.invalid',
      `policies/limits.json cuts off after ${cutOffAfterDenials} denials but cools down after ${cooldownAfterDenials}; cut off later`,
    );
  }
  return parsed.data;
}

/** The limits of an environment; one that is not named has the default ones. */
export function limitsFor(policy: LimitsPolicy, environment: string): Limits {
  const own = Object.hasOwn(policy.environments, environment) ? policy.environments[environment] : undefined;
  return own ?? policy.default;
}

/** A limit that a change would exceed. */
export interface LimitFault {
  readonly kind: 'blast-radius' | 'history';
  /** For an operator: which limit, how much it allows, how much was asked. */
  readonly reason: string;
}

/** The first limit that one more change would exceed. A number that is none exceeds every limit. */
export function limitFault(
  allowed: Limits,
  blastRadius: { readonly resources: number; readonly capacityPercent: number },
  history: ChangeHistory,
): LimitFault | undefined {
  const { resources, capacityPercent } = blastRadius;
  if (!(resources <= allowed.maximumResources)) {
    return radius(`alters ${resources} resources`, `${allowed.maximumResources} are allowed at once`);
  }
  if (!(capacityPercent <= allowed.maximumCapacityPercent)) {
    return radius(
      `alters ${capacityPercent} % of its target's capacity`,
      `${allowed.maximumCapacityPercent} % are allowed at once`,
    );
  }
  const perDay = [
    ['in this environment', history.changesToday, allowed.maximumChangesPerDay],
    ['of this action', history.changesTodayOfAction, allowed.maximumChangesPerDayOfAction],
    ['on this target', history.changesTodayOnTarget, allowed.maximumChangesPerDayOnTarget],
  ] as const;
  for (const [what, started, maximum] of perDay) {
    if (!(started < maximum)) {
      const reason = `${started} of ${maximum} changes a day ${what} were started; try again after midnight UTC`;
      return { kind: 'history', reason };
    }
  }
  return undefined;
}

function radius(asked: string, allowed: string): LimitFault {
  return { kind: 'blast-radius', reason: `the change ${asked}, but ${allowed}` };
}

/**
 * What the usage item of a day says about one action and target. A counter that was never written is 0, one
 * that is no count is more than any limit.
 */
export function historyFrom(
  usage: Readonly<Record<string, unknown>> | undefined,
  action: string,
  targetKey: string,
): ChangeHistory {
  const counter = (name: string): number => {
    const value = usage?.[name];
    if (value === undefined) return 0;
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : Number.MAX_SAFE_INTEGER;
  };
  return {
    changesToday: counter('all'),
    changesTodayOfAction: counter(`action#${action}`),
    changesTodayOnTarget: counter(`target#${targetKey}`),
  };
}
