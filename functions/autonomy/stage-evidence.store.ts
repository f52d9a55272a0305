import * as z from 'zod/mini';
import { type ChangeStatus, changeStatuses } from '../change/change-status.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Database, Item } from '../platform/dynamodb.ts';
import { changeIdFor } from '../platform/ids.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { riskTiers } from '../platform/vocabulary.ts';
import type { ChangeFact, DecisionFact, EvidenceFacts } from './stage-evidence.ts';

/** How many items of one list are read; beyond it the facts say that they are not all. */
const readAtOnce = 5_000;

const outcomes = ['deny', 'recommend', 'require-approval', 'auto'] as const;

const decisionItem = z.object({
  incidentId: z.string(),
  planDigest: z.string(),
  environment: z.string(),
  agentRole: z.string(),
  actionClass: z.optional(z.string()),
  /** Absent when the action is not in the catalogue. */
  tier: z.optional(z.enum(riskTiers)),
  outcome: z.enum(outcomes),
  clause: z.string(),
  cutsOff: z.optional(z.boolean()),
  decidedAtEpochMs: z.number(),
});

const changeItem = z.object({
  changeId: z.string(),
  incidentId: z.string(),
  planDigest: z.string(),
  status: z.enum(changeStatuses),
  startedAtEpochMs: z.optional(z.number()),
  updatedAtEpochMs: z.number(),
});

const incidentItem = z.object({
  openedAtEpochMs: z.number(),
  signal: z.object({ environment: z.string() }),
});

/** Facts, and how far they can be relied on. */
export interface ReadFacts extends EvidenceFacts {
  /** Items that could not be read, or belong to a decision that does not say where it was made. */
  readonly unreadable: number;
  /** True when a list was longer than what is read of it: the newest were read. */
  readonly truncated: boolean;
}

/** Reads what evidence is counted from; lists are eventually consistent. */
export class StageEvidenceStore {
  readonly #database: Database;
  readonly #operationsTable: string;

  constructor(database: Database, operationsTable: string) {
    this.#database = database;
    this.#operationsTable = operationsTable;
  }

  /** @param options.incidentsSinceEpochMs Leave out where incidents do not matter. */
  async facts(sinceEpochMs: EpochMs, options: { incidentsSinceEpochMs?: EpochMs } = {}): Promise<ReadFacts> {
    const { incidentsSinceEpochMs } = options;
    const lists = await Promise.all([
      this.#lists('DECISION', outcomes, sinceEpochMs),
      this.#lists('CHANGE', changeStatuses.filter(mayHaveAnEffect), sinceEpochMs),
      incidentsSinceEpochMs === undefined
        ? { items: [], truncated: false }
        : this.#lists('INCIDENT', ['open', 'closed'], incidentsSinceEpochMs),
    ]);
    const [decisionList, changeList, incidentList] = lists;
    const decisions = parsed(decisionItem, decisionList.items);
    const changes = parsed(changeItem, changeList.items);
    const incidents = parsed(incidentItem, incidentList.items);
    const earlier = await this.#decisionsOf(changes.good, decisions.good);
    return {
      decisions: [...decisions.good, ...earlier.good],
      changes: changes.good,
      incidents: incidents.good.map(({ openedAtEpochMs, signal: { environment } }) => ({
        environment,
        openedAtEpochMs,
      })),
      unreadable: decisions.bad + changes.bad + incidents.bad + earlier.bad,
      truncated: lists.some(({ truncated }) => truncated),
    };
  }

  async #lists(entity: string, statuses: readonly string[], sinceEpochMs: EpochMs) {
    const lists = await Promise.all(
      statuses.map((status) =>
        this.#database.byStatus(this.#operationsTable, `${entity}#${status}`, readAtOnce, { sinceEpochMs }),
      ),
    );
    return { items: lists.flat(), truncated: lists.some((list) => list.length >= readAtOnce) };
  }

  /** A change may end long after its decision was made, which is then in no list. */
  async #decisionsOf(
    changes: readonly (ChangeFact & { incidentId: string; planDigest: string })[],
    known: readonly DecisionFact[],
  ) {
    const knownChanges = new Set(
      known.map(({ incidentId, planDigest }) => changeIdFor(incidentId, planDigest)),
    );
    const missing = changes.filter(({ changeId }) => !knownChanges.has(changeId));
    const items: (Item | undefined)[] = [];
    for (let index = 0; index < missing.length; index += 25) {
      items.push(
        ...(await Promise.all(
          missing
            .slice(index, index + 25)
            .map(({ incidentId, planDigest }) =>
              this.#database.get(this.#operationsTable, itemKeys.decision(incidentId, planDigest)),
            ),
        )),
      );
    }
    return parsed(decisionItem, items);
  }
}

function mayHaveAnEffect(status: ChangeStatus): boolean {
  return status !== 'locked' && status !== 'snapshotted' && status !== 'refused' && status !== 'stopped';
}

function parsed<Schema extends z.ZodMiniType>(schema: Schema, items: readonly (Item | undefined)[]) {
  const good: z.output<Schema>[] = [];
  for (const item of items) {
    const result = z.safeParse(schema, item);
    if (result.success) good.push(result.data);
  }
  return { good, bad: items.length - good.length };
}
