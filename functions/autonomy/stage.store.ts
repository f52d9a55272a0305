import { openAndAnnounce } from '../audit/announcement.ts';
import { openedEntry } from '../audit/finding-closure.ts';
import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Actor } from '../audit/ledger-entry.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Item, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { controlChain, itemKeys } from '../platform/item-keys.ts';
import type { AutonomyStage } from '../platform/vocabulary.ts';
import type { AutonomyPolicy, Place } from './autonomy-policy.ts';
import { type Lowering, loweringFinding, loweringWords } from './lowering.ts';
import { isLower, nextStage, readStage, type StageItem, type StageReading } from './stage.ts';
import { policiesChanged, policiesUnmoved, putStage, stageEntry, unmoved } from './stage-writes.ts';

/** How often a lowering looks again after somebody else changed the stage. */
const attempts = 10;

export type LowerResult =
  | { readonly outcome: 'lowered'; readonly from: AutonomyStage; readonly item: StageItem }
  /** It stands there or lower already. */
  | { readonly outcome: 'unchanged'; readonly inForce: StageReading };

/** The stages set at run time, over those that the policy declares. */
export class StageStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #tables: { readonly controls: string; readonly operations: string };
  readonly #policy: Pick<AutonomyPolicy, 'stages'>;
  readonly #clock: Clock;
  readonly #policyDigest: string | undefined;

  /** @param policyDigest Of the published set that the policy was read from; a raise insists that it still is the published one. */
  constructor(
    database: Database,
    ledger: LedgerStore,
    tables: { readonly controls: string; readonly operations: string },
    policy: Pick<AutonomyPolicy, 'stages'>,
    clock: Clock,
    policyDigest?: string,
  ) {
    this.#database = database;
    this.#ledger = ledger;
    this.#tables = tables;
    this.#policy = policy;
    this.#clock = clock;
    this.#policyDigest = policyDigest;
  }

  /** What is in force at a place; strongly consistent. */
  async inForce(place: Place): Promise<StageReading> {
    const item = await this.#database.get(this.#tables.controls, itemKeys.stage(place));
    return readStage(this.#policy, place, item);
  }

  /** The condition that what is declared is still what this store was given; none where it was not told of which set. */
  declaredUnmoved(): Write[] {
    return this.#policyDigest === undefined
      ? []
      : [policiesUnmoved(this.#tables.operations, this.#policyDigest)];
  }

  /** What is in force at these places and wherever a stage is declared or was ever set; strongly consistent. */
  async all(places: readonly Place[] = []): Promise<StageReading[]> {
    const items = await this.#database.query(this.#tables.controls, 'STAGE');
    const known = new Map<string, Place>();
    for (const place of [...this.#policy.stages, ...places, ...items.map(placeOf)]) {
      known.set(itemKeys.stage(place).sk, place);
    }
    const bySortKey = new Map(items.map((item) => [String(item['sk']), item]));
    return [...known]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([sk, place]) => readStage(this.#policy, place, bySortKey.get(sk)));
  }

  /**
   * Lowers a stage at once, whoever else changes it meanwhile: what counts is that it stands no higher than
   * this when the call returns. Only where nothing was set at run time, and for more than `observe`, does it hang on
   * what is declared: over a declaration that went lower still meanwhile it would raise.
   *
   * @param options.declaredUnread What is declared is not known: `observe` is written where nothing was set, too.
   * @throws InterlockError `autonomy.policies-changed`, DependencyUnavailableError `autonomy.contention`.
   */
  async lower(
    place: Place,
    to: AutonomyStage,
    by: Actor,
    reason: string,
    { declaredUnread = false }: { declaredUnread?: boolean } = {},
  ): Promise<LowerResult> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const before = await this.inForce(place);
      const isUnset = before.version === 0;
      const isForced = before.from === 'unreadable' || (isUnset && declaredUnread && to === 'observe');
      if (!isLower(to, before.stage) && !isForced) return { outcome: 'unchanged', inForce: before };
      const now = this.#clock();
      const cause = 'lowered';
      const item = nextStage(before, { stage: to, changedBy: by.id, changedAtEpochMs: now, reason, cause });
      const result = await this.#ledger.commit(
        controlChain('autonomy', now),
        [
          stageEntry(
            'autonomy.lowered',
            before.stage,
            item,
            by,
            isUnset && declaredUnread ? { declared: 'not read' } : {},
          ),
        ],
        [
          putStage(this.#tables.controls, before, item),
          ...(isUnset && to !== 'observe' ? this.declaredUnmoved() : []),
        ],
      );
      if (result.outcome === 'committed') return { outcome: 'lowered', from: before.stage, item };
      if (result.refusals[1] !== undefined) throw policiesChanged();
    }
    throw new DependencyUnavailableError(
      'autonomy.contention',
      `the stage of ${itemKeys.stage(place).sk} changed ${attempts} times while it was lowered; lower it again`,
    );
  }

  /**
   * Lowers a stage because thresholds were breached, with the finding, and announces it: all or nothing, so that
   * nobody has to send anything afterwards. A person who changed it since it was read wins: the next review
   * judges what stands then.
   */
  async lowerAutomatically(
    before: StageReading,
    lowering: Extract<Lowering, { outcome: 'lower' }>,
    now: number,
  ): Promise<'lowered' | 'superseded'> {
    const by = { kind: 'system', id: 'review-autonomy' } as const;
    const item = nextStage(before, {
      stage: lowering.to,
      changedBy: by.id,
      changedAtEpochMs: now,
      reason: lowering.reason,
      cause: 'lowered-automatically',
    });
    const finding = loweringFinding(before, item, lowering);
    const detail = { because: lowering.because, findingId: finding.findingId };
    const result = await this.#ledger.commit(
      controlChain('autonomy', now),
      [
        stageEntry('autonomy.lowered-automatically', before.stage, item, by, detail),
        openedEntry(finding, by.id),
      ],
      [
        putStage(this.#tables.controls, before, item),
        ...openAndAnnounce(this.#tables.operations, finding, loweringWords(before, lowering)),
      ],
    );
    return result.outcome === 'committed' ? 'lowered' : 'superseded';
  }
}

/** The condition that a stage is still what was read. */
export function stageCheck(controlsTable: string, reading: StageReading): Write {
  return { kind: 'check', table: controlsTable, key: itemKeys.stage(reading), ...unmoved(reading) };
}

/** The key says where an item counts, whatever its members say. */
function placeOf(item: Item): Place {
  const [environment = '', agentRole = '', actionClass = ''] = String(item['sk']).split('#');
  return { environment, agentRole, actionClass };
}
