import * as z from 'zod/mini';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Item, Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { parseJson } from '../platform/parse-json.ts';
import { type AutonomyStage, autonomyStages } from '../platform/vocabulary.ts';
import type { Place } from './autonomy-policy.ts';
import { isLower, nextStage, placeName, readStage } from './stage.ts';
import { putStage, stageEntry, unmoved } from './stage-writes.ts';

/** A place whose declared stage a publication changes. */
export interface DeclarationChange extends Place {
  readonly stage: AutonomyStage;
  readonly previous: AutonomyStage;
}

/** Only what declares: an archived file may have been written for an earlier matrix. */
const declarations = z.object({
  stages: z.array(
    z.object({
      environment: z.string(),
      agentRole: z.string(),
      actionClass: z.string(),
      stage: z.enum(autonomyStages),
    }),
  ),
});

/**
 * What two versions of `policies/autonomy.json` declare differently, in order of place. What is not declared is
 * `observe`, and so is everything in a file that is missing or cannot be read.
 */
export function declarationChanges(
  before: string | undefined,
  after: string | undefined,
): DeclarationChange[] {
  const [old, now] = [declaredIn(before), declaredIn(after)];
  return [...new Map([...old, ...now])]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { environment, agentRole, actionClass }]) => ({
      environment,
      agentRole,
      actionClass,
      stage: now.get(name)?.stage ?? 'observe',
      previous: old.get(name)?.stage ?? 'observe',
    }))
    .filter(({ stage, previous }) => stage !== previous);
}

/** What the publication of a declaration does to the stages that were set at run time. */
export interface DeclarationEffect {
  /** One for each place that is declared lower: the stage that people raised is lowered too, or needs not be. */
  readonly writes: readonly Write[];
  readonly entries: readonly LedgerEvent[];
}

/**
 * A stage set at run time wins over the declared one, so less autonomy by declaration has to be written there: else
 * a removal that was reviewed and deployed would do nothing. Nothing is ever raised, and what is declared as before
 * lowers nothing. Each write insists on what was read:
 *
 *     publication     ── reads version 3 ──────────────────── writes 4 ✗ (version is 4) ── reads again
 *     people raise it ── reads version 3 ── writes version 4 ✓
 *
 * @param items What was set at run time.
 */
export function declarationEffect(
  changes: readonly DeclarationChange[],
  items: readonly Item[],
  publication: { readonly controlsTable: string; readonly by: string; readonly policyDigest: string },
  now: EpochMs,
): DeclarationEffect {
  const { controlsTable, by, policyDigest } = publication;
  const bySortKey = new Map(items.map((item) => [String(item['sk']), item]));
  const lowered = changes
    .filter(({ stage, previous }) => isLower(stage, previous))
    .map(({ stage, previous, ...place }) => {
      const key = itemKeys.stage(place);
      const before = readStage({ stages: [{ ...place, stage: previous }] }, place, bySortKey.get(key.sk));
      if (before.from !== 'set-at-run-time' || !isLower(stage, before.stage)) {
        return { write: { kind: 'check', table: controlsTable, key, ...unmoved(before) } as const };
      }
      const reason = `policies/autonomy.json declares ${stage} now; before, it declared ${previous}`;
      const item = nextStage(before, {
        stage,
        changedBy: by,
        changedAtEpochMs: now,
        reason,
        cause: 'lowered',
      });
      const actor = { kind: 'system', id: by } as const;
      return {
        write: putStage(controlsTable, before, item),
        entry: stageEntry('autonomy.lowered', before.stage, item, actor, { policyDigest }),
      };
    });
  return {
    writes: lowered.map(({ write }) => write),
    entries: lowered.flatMap(({ entry }) => (entry === undefined ? [] : [entry])),
  };
}

function declaredIn(text: string | undefined) {
  const parsed = z.safeParse(declarations, parseJson(text));
  return new Map((parsed.success ? parsed.data.stages : []).map((entry) => [placeName(entry), entry]));
}
