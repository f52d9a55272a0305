import * as z from 'zod/mini';
import type { EpochMs } from '../../platform/clock.ts';
import type { Database } from '../../platform/dynamodb.ts';
import { itemKeys } from '../../platform/item-keys.ts';
import type { Identity } from '../authority.ts';
import type { People, PersonRecord } from './person-record.ts';

/** Longer than anything relies on what it says (8 hours). Seconds. */
const keptSeconds = 86_400;

const itemSchema = z.object({
  displayName: z.string(),
  groups: z.array(z.string()),
  aliases: z.array(z.string()),
  confirmedAtEpochMs: z.number(),
});

/** {@link People} in `Controls`. */
export class PersonRecordStore implements People {
  readonly #database: Database;
  readonly #table: string;

  constructor(database: Database, controlsTable: string) {
    this.#database = database;
    this.#table = controlsTable;
  }

  async find(identityId: string): Promise<PersonRecord | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.person(identityId));
    const parsed = z.safeParse(itemSchema, item);
    if (!parsed.success) return undefined;
    const { confirmedAtEpochMs, ...said } = parsed.data;
    return { identity: { id: identityId, ...said }, confirmedAtEpochMs };
  }

  async confirmed(identity: Identity, askedAtEpochMs: EpochMs): Promise<void> {
    await this.#write(identity, askedAtEpochMs, askedAtEpochMs);
  }

  async lapsed(identity: Identity, askedAtEpochMs: EpochMs): Promise<void> {
    await this.#write({ ...identity, groups: [] }, askedAtEpochMs, 0);
  }

  async #write(identity: Identity, askedAtEpochMs: EpochMs, confirmedAtEpochMs: EpochMs): Promise<void> {
    const { id: identityId, displayName, groups, aliases = [] } = identity;
    await this.#database.transact([
      {
        kind: 'put',
        table: this.#table,
        item: {
          ...itemKeys.person(identityId),
          identityId,
          displayName,
          groups,
          aliases,
          confirmedAtEpochMs,
          askedAtEpochMs,
          ttlEpochSeconds: Math.ceil(askedAtEpochMs / 1_000) + keptSeconds,
        },
        condition: 'attribute_not_exists(pk) OR askedAtEpochMs <= :asked',
        values: { ':asked': askedAtEpochMs },
      },
    ]);
  }
}
