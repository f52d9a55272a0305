import {
  Database,
  type Item,
  type ItemKey,
  type TransactResult,
  type Write,
} from '../../functions/platform/dynamodb.ts';
import { transact } from '../model/memory-tables.ts';

/** Never asked: whatever the class below does not answer itself has to be added to it first. */
const noClient = undefined as unknown as ConstructorParameters<typeof Database>[0];

/**
 * Tables in memory that judge a transaction as DynamoDB does (`expressions.integration.test.ts` holds the two
 * against each other): the stores run on it as they are.
 */
export class MemoryDatabase extends Database {
  readonly #items = new Map<string, { readonly table: string; readonly item: Item }>();

  constructor() {
    super(noClient);
  }

  override async get(table: string, key: ItemKey): Promise<Item | undefined> {
    return structuredClone(this.#items.get(place(table, key))?.item);
  }

  override async query(
    table: string,
    pk: string,
    {
      skPrefix = '',
      limit,
      newestFirst = false,
    }: { skPrefix?: string; limit?: number; newestFirst?: boolean } = {},
  ): Promise<Item[]> {
    const found = this.#of(table)
      .filter((item) => item['pk'] === pk && String(item['sk']).startsWith(skPrefix))
      .toSorted((a, b) => (String(a['sk']) < String(b['sk']) ? -1 : 1));
    return structuredClone((newestFirst ? found.toReversed() : found).slice(0, limit));
  }

  override async byStatus(
    table: string,
    statusKey: string,
    limit = 100,
    { oldestFirst = false, sinceEpochMs = 0 }: { oldestFirst?: boolean; sinceEpochMs?: number } = {},
  ): Promise<Item[]> {
    const since = new Date(sinceEpochMs).toISOString();
    const found = this.#of(table)
      .filter((item) => item['statusKey'] === statusKey && String(item['statusAt']) >= since)
      .toSorted((a, b) => (String(a['statusAt']) < String(b['statusAt']) ? -1 : 1));
    return structuredClone((oldestFirst ? found : found.toReversed()).slice(0, limit));
  }

  override async putOnce(table: string, item: Item): Promise<'stored' | 'exists'> {
    const result = await this.transact([{ kind: 'put', table, item, condition: 'attribute_not_exists(pk)' }]);
    return result.outcome === 'committed' ? 'stored' : 'exists';
  }

  override async transact(writes: readonly Write[]): Promise<TransactResult> {
    const standing = (table: string, key: ItemKey) => this.#items.get(place(table, key))?.item;
    const { result, written } = transact(standing, writes);
    for (const { table, key, after } of written) {
      if (after === undefined) this.#items.delete(place(table, key));
      else this.#items.set(place(table, key), { table, item: structuredClone(after) });
    }
    return result;
  }

  #of(table: string): Item[] {
    return [...this.#items.values()].filter((one) => one.table === table).map(({ item }) => item);
  }
}

function place(table: string, key: ItemKey): string {
  return JSON.stringify([table, key.pk, key.sk]);
}
