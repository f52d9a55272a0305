import type { NativeAttributeValue } from '@aws-sdk/util-dynamodb';
import type { Item, ItemKey, TransactResult, Write } from '../../functions/platform/dynamodb.ts';
import { holds, updated } from './expressions.ts';

/** What one member of a transaction leaves under its key. */
export interface Written {
  readonly table: string;
  readonly key: ItemKey;
  readonly after: Item | undefined;
}

/** How a transaction ends, and what it leaves behind when it commits. */
export interface Transacted {
  readonly result: TransactResult;
  readonly written: readonly Written[];
}

/**
 * Judges a transaction as DynamoDB does: every condition on what stands there before, then all writes or none.
 *
 * @throws Error for what DynamoDB rejects whatever stands there: two writes to one item, more than 100 writes.
 */
export function transact(
  standing: (table: string, key: ItemKey) => Item | undefined,
  writes: readonly Write[],
): Transacted {
  const places = new Set(writes.map((write) => `${write.table}/${keyOf(write).pk}/${keyOf(write).sk}`));
  if (places.size < writes.length) throw new Error('a transaction may not name the same item twice');
  if (writes.length > 100) throw new Error(`a transaction of ${writes.length} writes; DynamoDB takes 100`);
  const before = writes.map((write) => standing(write.table, keyOf(write)));
  const isFine = writes.map(
    (write, index) =>
      write.condition === undefined || holds(write.condition, before[index], placeholders(write)),
  );
  if (!isFine.every(Boolean)) {
    const refusals = before.map((item, index) => (isFine[index] === true ? undefined : { item }));
    return { result: { outcome: 'refused', refusals }, written: [] };
  }
  const written = writes.flatMap((write, index): Written[] =>
    write.kind === 'check'
      ? []
      : [{ table: write.table, key: keyOf(write), after: afterOf(write, before[index]) }],
  );
  return { result: { outcome: 'committed' }, written };
}

export function keyOf(write: Write): ItemKey {
  if (write.kind !== 'put') return write.key;
  return { pk: String(write.item['pk']), sk: String(write.item['sk']) };
}

function afterOf(write: Exclude<Write, { kind: 'check' }>, before: Item | undefined): Item | undefined {
  switch (write.kind) {
    case 'put':
      return stored(write.item) as Item;
    case 'delete':
      return undefined;
    case 'update':
      return updated(write.update, before, { ...write.key }, placeholders(write));
  }
}

function placeholders(write: Write) {
  return {
    ...(write.names === undefined ? {} : { names: write.names }),
    ...(write.values === undefined ? {} : { values: stored(write.values) as Item }),
  };
}

/** A value without its absent members, as the SDK is told to store it. */
function stored(value: NativeAttributeValue): NativeAttributeValue {
  if (Array.isArray(value)) return value.map((one: NativeAttributeValue) => stored(one));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const members = Object.entries(value as Item).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, stored(member)]));
}
