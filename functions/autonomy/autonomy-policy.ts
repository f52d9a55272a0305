import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';
import { malformedMembers } from '../platform/malformed-members.ts';
import { type AutonomyStage, autonomyStages, type RiskTier, riskTiers } from '../platform/vocabulary.ts';

/** What a cell of the matrix says: nothing but advice, a quorum of distinct people, or go ahead. */
const controls = ['auto', 'approval-1', 'approval-2', 'recommend'] as const;
/** Loosest first: a higher index never lets more happen. */
export type Control = (typeof controls)[number];

const row = z.strictObject({ low: z.enum(controls), medium: z.enum(controls), high: z.enum(controls) });

const schema = z.strictObject({
  version: z.literal(1),
  /** 0…1: below it, a plan may not be carried out without a person. */
  minimumConfidenceForAuto: z.number().check(z.gte(0), z.lte(1)),
  matrix: z.strictObject({ observe: row, suggest: row, 'auto-low': row, guarded: row }),
  stages: z.array(
    z.strictObject({
      environment: z.string().check(z.minLength(1)),
      agentRole: z.string().check(z.minLength(1)),
      actionClass: z.string().check(z.minLength(1)),
      stage: z.enum(autonomyStages),
    }),
  ),
});

/** The autonomy matrix and which stage is set where (`policies/autonomy.json`). */
export type AutonomyPolicy = z.output<typeof schema>;

/**
 * Reads the autonomy policy strictly.
 *
 * @throws InvalidInputError `autonomy.invalid` for an unknown key or word, two stages for the same place, or
 * a matrix in which a lower stage or a higher tier lets more happen.
 */
export function parseAutonomyPolicy(json: unknown): AutonomyPolicy {
  const parsed = z.safeParse(schema, json);
  if (!parsed.success) {
    const members = malformedMembers(parsed.error);
    throw new InvalidInputError(
      'autonomy.invalid',
      `policies/autonomy.json has missing, unknown or malformed members: ${members}`,
    );
  }
  const policy = parsed.data;
  const places = policy.stages.map((entry) =>
    [entry.environment, entry.agentRole, entry.actionClass].join(' × '),
  );
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice !== undefined)
    throw new InvalidInputError('autonomy.invalid', `policies/autonomy.json sets a stage twice for ${twice}`);
  for (const [looser, stricter, what] of neighbours(policy)) {
    if (strictness(looser) > strictness(stricter)) {
      throw new InvalidInputError('autonomy.invalid', `policies/autonomy.json is not monotone: ${what}`);
    }
  }
  return policy;
}

/** Where a stage holds. */
export interface Place {
  readonly environment: string;
  readonly agentRole: string;
  readonly actionClass: string;
}

/** A stage that was set at run time. */
export interface StageSet {
  readonly stage: AutonomyStage;
  /** 1 for the first one that was set, then rising. */
  readonly version: number;
}

/**
 * The stage in force: the one set at run time, else the one that the policy declares, else `observe`. Version
 * 0 says that none was ever set at run time.
 */
export function stageInForce(
  policy: AutonomyPolicy,
  place: Place,
  set: StageSet | undefined,
): { stage: AutonomyStage; version: number } {
  if (set !== undefined) return { stage: set.stage, version: set.version };
  return { stage: stageFor(policy, place), version: 0 };
}

/** The stage that the policy declares for a place; `observe` wherever none is. */
export function stageFor(policy: Pick<AutonomyPolicy, 'stages'>, place: Place): AutonomyStage {
  const entry = policy.stages.find(
    (candidate) =>
      candidate.environment === place.environment &&
      candidate.agentRole === place.agentRole &&
      candidate.actionClass === place.actionClass,
  );
  return entry?.stage ?? 'observe';
}

/** What the matrix says for a stage and tier. */
export function controlFor(policy: AutonomyPolicy, stage: AutonomyStage, tier: RiskTier): Control {
  return policy.matrix[stage][tier];
}

function strictness(control: Control): number {
  return controls.indexOf(control);
}

/** Pairs of cells of which the second may never be looser than the first. */
function* neighbours(policy: AutonomyPolicy): Generator<[Control, Control, string]> {
  for (const stage of autonomyStages) {
    for (const [lower, higher] of pairs(riskTiers)) {
      yield [
        policy.matrix[stage][lower],
        policy.matrix[stage][higher],
        `stage ${stage} allows more for ${higher} than for ${lower}`,
      ];
    }
  }
  for (const tier of riskTiers) {
    for (const [lower, higher] of pairs(autonomyStages)) {
      yield [
        policy.matrix[higher][tier],
        policy.matrix[lower][tier],
        `stage ${lower} allows more for ${tier} than stage ${higher}`,
      ];
    }
  }
}

function pairs<Word>(words: readonly Word[]): [Word, Word][] {
  return words.slice(1).map((word, index) => [words[index] as Word, word]);
}
