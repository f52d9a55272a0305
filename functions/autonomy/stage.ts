import * as z from 'zod/mini';
import type { EpochMs } from '../platform/clock.ts';
import type { Item } from '../platform/dynamodb.ts';
import { type AutonomyStage, autonomyStages } from '../platform/vocabulary.ts';
import { type AutonomyPolicy, type Place, type StageSet, stageFor } from './autonomy-policy.ts';

export type StageCause = 'raised' | 'lowered' | 'lowered-automatically';

/** The stage in force at a place, and where it comes from. */
export interface StageReading extends Place {
  readonly stage: AutonomyStage;
  /** Of the stored item; 0 when there is none. A writer's condition names it. */
  readonly version: number;
  readonly from: 'set-at-run-time' | 'declared' | 'default' | 'unreadable';
  readonly changedBy?: string;
  readonly changedAtEpochMs?: EpochMs;
  readonly reason?: string;
  readonly cause?: StageCause;
}

/** Of an item that cannot be read: no write that names it as what it stands on can succeed. */
const unreadableVersion = -1;

/** What decides is read strictly; who, when and why are for people, and may be missing. */
const storedStage = z.object({ stage: z.enum(autonomyStages), version: z.int().check(z.gte(1)) });
const storedReason = z.object({
  changedBy: z.string(),
  changedAtEpochMs: z.int(),
  reason: z.string(),
  cause: z.enum(['raised', 'lowered', 'lowered-automatically']),
});

/**
 * The stage in force: what was set at run time, else what `policies/autonomy.json` declares, else `observe`.
 * A stored item that cannot be read counts as `observe`, whatever is declared.
 */
export function readStage(
  policy: Pick<AutonomyPolicy, 'stages'>,
  place: Place,
  item: Item | undefined,
): StageReading {
  const { environment, agentRole, actionClass } = place;
  const where = { environment, agentRole, actionClass };
  if (item === undefined) {
    const stage = stageFor(policy, where);
    const isDeclared = policy.stages.some((entry) => samePlace(entry, where));
    return { ...where, stage, version: 0, from: isDeclared ? 'declared' : 'default' };
  }
  const set = stageSetOf(item);
  if (set.version === unreadableVersion) return { ...where, ...set, from: 'unreadable' };
  const reason = z.safeParse(storedReason, item);
  return { ...where, ...set, ...(reason.success ? reason.data : {}), from: 'set-at-run-time' };
}

/** What a stored item says; one that cannot be read is the lowest stage, under a version that no write will find. */
export function stageSetOf(item: Item): StageSet;
export function stageSetOf(item: Item | undefined): StageSet | undefined;
export function stageSetOf(item: Item | undefined): StageSet | undefined {
  if (item === undefined) return undefined;
  const parsed = z.safeParse(storedStage, item);
  return parsed.success ? parsed.data : { stage: 'observe', version: unreadableVersion };
}

export function samePlace(a: Place, b: Place): boolean {
  return a.environment === b.environment && a.agentRole === b.agentRole && a.actionClass === b.actionClass;
}

/** `local × responder × traffic`. */
export function placeName({ environment, agentRole, actionClass }: Place): string {
  return `${environment} × ${agentRole} × ${actionClass}`;
}

/** The next stage down; `observe` stays. */
export function oneStageLower(stage: AutonomyStage): AutonomyStage {
  return autonomyStages[Math.max(0, autonomyStages.indexOf(stage) - 1)] ?? 'observe';
}

/** True when the first lets less happen than the second. */
export function isLower(stage: AutonomyStage, than: AutonomyStage): boolean {
  return autonomyStages.indexOf(stage) < autonomyStages.indexOf(than);
}

export type StageMove =
  | { readonly move: 'none' }
  /** Takes effect at once. */
  | { readonly move: 'lower' }
  /** Needs evidence and a second person. */
  | { readonly move: 'raise' }
  /** Each stage has to earn the next: the one in between is where its evidence comes from. */
  | { readonly move: 'too-far'; readonly next: AutonomyStage };

/** What it takes to go from one stage to another: down as far as wanted, up by one. */
export function moveBetween(from: AutonomyStage, to: AutonomyStage): StageMove {
  if (from === to) return { move: 'none' };
  if (isLower(to, from)) return { move: 'lower' };
  const next = autonomyStages[autonomyStages.indexOf(from) + 1] ?? from;
  return next === to ? { move: 'raise' } : { move: 'too-far', next };
}

/** A stage as it is stored. */
export interface StageItem extends Place {
  readonly stage: AutonomyStage;
  readonly version: number;
  readonly changedBy: string;
  readonly changedAtEpochMs: EpochMs;
  readonly reason: string;
  readonly cause: StageCause;
}

/** What stands at a place after a change of what stood there. */
export function nextStage(
  before: StageReading,
  change: Pick<StageItem, 'stage' | 'changedBy' | 'changedAtEpochMs' | 'reason' | 'cause'>,
): StageItem {
  const { environment, agentRole, actionClass, version } = before;
  return { environment, agentRole, actionClass, version: Math.max(0, version) + 1, ...change };
}
