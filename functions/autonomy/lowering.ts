import * as z from 'zod/mini';
import type { AnnouncementWords } from '../audit/announcement.ts';
import type { Finding } from '../audit/finding.ts';
import type { EpochMs } from '../platform/clock.ts';
import { digestOf } from '../platform/digest.ts';
import { InvalidInputError } from '../platform/errors.ts';
import { malformedMembers } from '../platform/malformed-members.ts';
import type { AutonomyStage } from '../platform/vocabulary.ts';
import { isLower, oneStageLower, placeName, type StageItem, type StageReading } from './stage.ts';
import type { StageEvidence, Window } from './stage-evidence.ts';

const percent = z.number().check(z.gte(0), z.lte(100));
const count = z.int().check(z.gte(0));

const schema = z.strictObject({
  version: z.literal(1),
  /** How far back a stage is judged, at most: never past its last change. */
  windowHours: z.int().check(z.gte(1), z.lte(720)),
  changeFailure: z.strictObject({
    /** Fewer changes than this say nothing about a rate. */
    minimumChanges: z.int().check(z.gte(1)),
    /** More changes than this share rolled back or not even that: one stage down. */
    maximumPercent: percent,
  }),
  /** More incidents than this in which the agent was cut off: one stage down. */
  maximumCutOffs: count,
  /**
   * More proposals than this denied for what they were, by policy, blast radius, catalogue, or because the plan
   * is not what it claims or aims outside the workload: one stage down. Not a kill switch, a full day or an error.
   */
  maximumDenials: count,
});

/** When a place loses autonomy by itself (`policies/autonomy-thresholds.json`). */
export type LoweringThresholds = z.output<typeof schema>;

/** @throws InvalidInputError `autonomy-thresholds.invalid` naming the members at fault. */
export function parseLoweringThresholds(json: unknown): LoweringThresholds {
  const parsed = z.safeParse(schema, json);
  if (parsed.success) return parsed.data;
  const members = malformedMembers(parsed.error);
  throw new InvalidInputError(
    'autonomy-thresholds.invalid',
    `policies/autonomy-thresholds.json has missing, unknown or malformed members: ${members}`,
  );
}

/**
 * Lists are eventually consistent: what is younger than this may not be in them yet, so a review ends this long
 * ago, and what comes after a stage's last change begins this long before it. Two reviews never count the same
 * event, and none falls between them.
 *
 *     review at 10:00:00 counts up to 09:59:50 and lowers ─┐ the stage's last change: 10:00:00
 *     review at 10:05:00 counts from 09:59:50 ─────────────┘
 */
export const settleMs = 10_000;

/** What a review of a stage looks at: at most the window of the thresholds, and nothing that was judged before. */
export function reviewWindow(
  { windowHours }: LoweringThresholds,
  changedAtEpochMs: EpochMs | undefined,
  now: EpochMs,
): Window {
  const untilEpochMs = now - settleMs;
  const longest = untilEpochMs - windowHours * 3_600_000;
  return { afterEpochMs: Math.max(longest, (changedAtEpochMs ?? 0) - settleMs), untilEpochMs };
}

export type LoweringCause = 'rollback-failed' | 'change-failures' | 'agent-cut-off' | 'denials';

export type Lowering =
  | { readonly outcome: 'keep' }
  | {
      readonly outcome: 'lower';
      readonly to: AutonomyStage;
      readonly because: LoweringCause;
      /** Subject, limit, actual: for people. */
      readonly reason: string;
    };

/**
 * Whether a place has to lose autonomy: a change that could not even be undone leaves nothing above `suggest`;
 * any other breach costs one stage. `observe` is the end, and nothing is ever raised.
 */
export function judgeStage(
  { stage }: Pick<StageReading, 'stage'>,
  evidence: Pick<StageEvidence, 'ended' | 'rolledBack' | 'rollbackFailed' | 'cutOffs' | 'denials'>,
  thresholds: LoweringThresholds,
): Lowering {
  if (stage === 'observe') return { outcome: 'keep' };
  const { ended, rolledBack, rollbackFailed, cutOffs, denials } = evidence;
  const { changeFailure, maximumCutOffs, maximumDenials } = thresholds;
  const lower = (to: AutonomyStage, because: LoweringCause, reason: string): Lowering => ({
    outcome: 'lower',
    to,
    because,
    reason,
  });
  if (rollbackFailed > 0 && isLower('suggest', stage)) {
    return lower(
      'suggest',
      'rollback-failed',
      `${counted(rollbackFailed, 'change')} could not be rolled back`,
    );
  }
  const failed = rolledBack + rollbackFailed;
  if (ended >= changeFailure.minimumChanges && failed * 100 > changeFailure.maximumPercent * ended) {
    const limit = `${changeFailure.maximumPercent} % of at least ${changeFailure.minimumChanges}`;
    return lower(
      oneStageLower(stage),
      'change-failures',
      `${failed} of ${counted(ended, 'change')} did not hold; allowed are ${limit}`,
    );
  }
  if (cutOffs > maximumCutOffs) {
    return lower(
      oneStageLower(stage),
      'agent-cut-off',
      `the agent was cut off in ${counted(cutOffs, 'incident')} because too many of its proposals were denied; allowed are ${maximumCutOffs}`,
    );
  }
  if (denials > maximumDenials) {
    return lower(
      oneStageLower(stage),
      'denials',
      `${counted(denials, 'proposal')} ${denials === 1 ? 'was' : 'were'} denied for what ${denials === 1 ? 'it' : 'they'} asked; allowed are ${maximumDenials}`,
    );
  }
  return { outcome: 'keep' };
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** One finding for each lowering: somebody has to look at why before the stage is raised again. */
export function loweringFinding(
  before: StageReading,
  { environment, agentRole, actionClass, stage, version, changedAtEpochMs }: StageItem,
  { because, reason }: Extract<Lowering, { outcome: 'lower' }>,
): Finding {
  const place = { environment, agentRole, actionClass };
  return {
    findingId: `autonomy-lowered-${digestOf([place, version]).slice(0, 20)}`,
    kind: 'autonomy-lowered',
    summary: `${placeName(place)} was lowered from ${before.stage} to ${stage}: ${reason}`,
    openedAtEpochMs: changedAtEpochMs,
    detail: { ...place, from: before.stage, to: stage, version, because, reason },
  };
}

/** What everybody is told of it. */
export function loweringWords(
  before: StageReading,
  { to, reason }: Extract<Lowering, { outcome: 'lower' }>,
): AnnouncementWords {
  const { environment, agentRole, actionClass, stage } = before;
  return {
    // The subject of a mail takes ASCII only.
    title: `Less autonomy for ${environment}/${agentRole}/${actionClass}`,
    lines: [
      `${placeName(before)} was lowered from ${stage} to ${to} by itself.`,
      `Reason: ${reason}.`,
      'Look at the finding (`interlock findings`) before you ask for the stage to be raised again with `interlock autonomy set`.',
    ],
  };
}
