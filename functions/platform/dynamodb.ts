import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
  QueryCommand,
  type QueryCommandOutput,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { EpochMs } from './clock.ts';
import { DependencyUnavailableError } from './errors.ts';

/** One item as plain values; `pk` and `sk` are its key in every Interlock table. */
export type Item = Record<string, NativeAttributeValue>;
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

interface Expression {
  readonly condition?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, NativeAttributeValue>>;
}

/** One member of a transaction. Expressions use DynamoDB's own expression language. */
export type Write =
  | ({ readonly kind: 'put'; readonly table: string; readonly item: Item } & Expression)
  | ({
      readonly kind: 'update';
      readonly table: string;
      readonly key: ItemKey;
      readonly update: string;
    } & Expression)
  | ({ readonly kind: 'delete'; readonly table: string; readonly key: ItemKey } & Expression)
  | ({
      readonly kind: 'check';
      readonly table: string;
      readonly key: ItemKey;
      readonly condition: string;
    } & Expression);

/** Why one member of a transaction was refused: its condition did not hold; `item` is what stood there. */
export interface Refusal {
  readonly item: Item | undefined;
}

/** `refusals` lines up with the writes: a hole means that member was fine and another one stopped it. */
export type TransactResult =
  | { readonly outcome: 'committed' }
  | { readonly outcome: 'refused'; readonly refusals: readonly (Refusal | undefined)[] };

/** All SDK access to DynamoDB goes through this; its errors and types stay here. */
export class Database {
  readonly #client: DynamoDBClient;

  constructor(client: DynamoDBClient = new DynamoDBClient({})) {
    this.#client = client;
  }

  /** Strongly consistent read of one item. */
  async get(table: string, key: ItemKey): Promise<Item | undefined> {
    const { Item: found } = await this.#client.send(
      new GetItemCommand({ TableName: table, Key: marshall(key), ConsistentRead: true }),
    );
    return found === undefined ? undefined : unmarshall(found);
  }

  /**
   * Every item of one partition whose `sk` begins with the prefix, in `sk` order, strongly consistent.
   * `limit` and `newestFirst` read from one end without walking the partition.
   */
  async query(
    table: string,
    pk: string,
    options: { skPrefix?: string; limit?: number; newestFirst?: boolean } = {},
  ): Promise<Item[]> {
    const items: Item[] = [];
    let startKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression:
            options.skPrefix === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :sk)',
          ExpressionAttributeValues: marshall({
            ':pk': pk,
            ...(options.skPrefix === undefined ? {} : { ':sk': options.skPrefix }),
          }),
          ScanIndexForward: options.newestFirst !== true,
          Limit: options.limit,
          ExclusiveStartKey: startKey,
        }),
      );
      items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined && (options.limit === undefined || items.length < options.limit));
    return items;
  }

  /** Every item of a table, page by page; strongly consistent within each page. For audits, never in a handler. */
  async *scan(table: string): AsyncGenerator<Item> {
    for await (const page of paginateScan(
      { client: this.#client },
      { TableName: table, ConsistentRead: true },
    )) {
      for (const item of page.Items ?? []) yield unmarshall(item);
    }
  }

  /**
   * Items of one status through the `byStatus` index of `Operations`, at most `limit`. Newest first, for lists
   * that people look at; a sweep reads `oldestFirst`, so that what waits longest is never beyond the limit.
   * Eventually consistent: for lists and sweeps that run again, never for a decision.
   *
   * @param options.sinceEpochMs Only items that came into the status at this time or later. @default all
   */
  async byStatus(
    table: string,
    statusKey: string,
    limit = 100,
    options: { oldestFirst?: boolean; sinceEpochMs?: EpochMs } = {},
  ): Promise<Item[]> {
    const items: Item[] = [];
    let startKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#statusPage(table, statusKey, options, startKey, limit - items.length);
      items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined && items.length < limit);
    return items;
  }

  /**
   * Every item of one status, newest first, page by page: for a person's search that ends when it has found, or
   * that must leave nothing out. Eventually consistent, as {@link byStatus}; never in a handler.
   */
  async *eachByStatus(
    table: string,
    statusKey: string,
    options: { sinceEpochMs?: EpochMs } = {},
  ): AsyncGenerator<Item> {
    let startKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#statusPage(table, statusKey, options, startKey);
      for (const item of page.Items ?? []) yield unmarshall(item);
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined);
  }

  async #statusPage(
    table: string,
    statusKey: string,
    { oldestFirst = false, sinceEpochMs }: { oldestFirst?: boolean; sinceEpochMs?: EpochMs },
    startKey: Record<string, AttributeValue> | undefined,
    limit?: number,
  ): Promise<QueryCommandOutput> {
    return this.#client.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'byStatus',
        KeyConditionExpression:
          sinceEpochMs === undefined ? 'statusKey = :status' : 'statusKey = :status AND statusAt >= :since',
        ExpressionAttributeValues: marshall({
          ':status': statusKey,
          ...(sinceEpochMs === undefined ? {} : { ':since': new Date(sinceEpochMs).toISOString() }),
        }),
        ScanIndexForward: oldestFirst,
        Limit: limit,
        ExclusiveStartKey: startKey,
      }),
    );
  }

  /**
   * Stores an item unless one stands under its key: one plain write, half the price of a transaction. A
   * request repeated by the SDK after a lost answer says `exists` although it was the one that stored.
   */
  async putOnce(table: string, item: Item): Promise<'stored' | 'exists'> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: table,
          Item: toAttributes(item),
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
      return 'stored';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'exists';
      throw error;
    }
  }

  /**
   * All or nothing. Conflicts with other transactions are retried with jitter; a condition that did not hold
   * is a value, not an error. At most 100 writes (DynamoDB's limit).
   *
   * @throws DependencyUnavailableError `dynamodb.contention` when conflicts outlast the retries.
   */
  async transact(writes: readonly Write[]): Promise<TransactResult> {
    const command = { TransactItems: writes.map(toTransactItem) };
    try {
      await conflictRetry.execute(() => this.#client.send(new TransactWriteItemsCommand(command)));
      return { outcome: 'committed' };
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const reasons = error.CancellationReasons ?? [];
      if (!reasons.some((reason) => reason.Code === 'ConditionalCheckFailed')) {
        const codes = reasons.map((reason) => reason.Code ?? 'unknown').join(', ');
        throw new DependencyUnavailableError(
          'dynamodb.contention',
          `transaction cancelled (${codes}); retry later`,
          { cause: error },
        );
      }
      return {
        outcome: 'refused',
        refusals: reasons.map((reason) =>
          reason.Code === 'ConditionalCheckFailed'
            ? { item: reason.Item === undefined ? undefined : unmarshall(reason.Item) }
            : undefined,
        ),
      };
    }
  }
}

/** Another transaction touched the same item: nothing was decided, the same request may be sent again. */
const conflictRetry = retry(
  handleWhen(
    (error) =>
      error instanceof TransactionCanceledException &&
      !(error.CancellationReasons ?? []).some((reason) => reason.Code === 'ConditionalCheckFailed') &&
      (error.CancellationReasons ?? []).some((reason) => reason.Code === 'TransactionConflict'),
  ),
  { maxAttempts: 8, backoff: new ExponentialBackoff({ initialDelay: 20, maxDelay: 1_000 }) },
);

function toTransactItem(write: Write): TransactWriteItem {
  const expression = {
    TableName: write.table,
    ...(write.names === undefined ? {} : { ExpressionAttributeNames: { ...write.names } }),
    ...(write.values === undefined ? {} : { ExpressionAttributeValues: toAttributes(write.values) }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  const condition = write.condition === undefined ? {} : { ConditionExpression: write.condition };
  switch (write.kind) {
    case 'put':
      return { Put: { ...expression, ...condition, Item: toAttributes(write.item) } };
    case 'update':
      return {
        Update: { ...expression, ...condition, Key: marshall(write.key), UpdateExpression: write.update },
      };
    case 'delete':
      return { Delete: { ...expression, ...condition, Key: marshall(write.key) } };
    case 'check':
      return {
        ConditionCheck: { ...expression, ConditionExpression: write.condition, Key: marshall(write.key) },
      };
  }
}

/** Absent members are left out rather than stored as NULL. */
function toAttributes(
  values: Readonly<Record<string, NativeAttributeValue>>,
): Record<string, AttributeValue> {
  return marshall(values, { removeUndefinedValues: true });
}
