import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { deliverBatch, repairMissed } from '../../functions/approvals/callback-batch.ts';
import { deliverDecision } from '../../functions/approvals/deliver-decision.ts';
import type { Item, TransactResult, Write } from '../../functions/platform/dynamodb.ts';
import { now, pending } from './fixtures.ts';
import { MemoryApprovals } from './memory-approvals.ts';
import { MemoryDatabase } from './memory-database.ts';

/** Tables in memory whose writes come out as stream records, as DynamoDB says them. */
class StreamedDatabase extends MemoryDatabase {
  readonly records: DynamoDBRecord[] = [];

  override async transact(writes: readonly Write[]): Promise<TransactResult> {
    const keys = writes.map((write) => ({
      table: write.table,
      key: write.kind === 'put' ? { pk: String(write.item['pk']), sk: String(write.item['sk']) } : write.key,
    }));
    const read = () => Promise.all(keys.map(({ table, key }) => this.get(table, key)));
    const before = await read();
    const result = await super.transact(writes);
    const after = await read();
    if (result.outcome === 'refused') return result;
    for (const [index, NewImage] of after.entries()) {
      if (keys[index]?.table === 'Operations') this.#record(before[index], NewImage);
    }
    return result;
  }

  #record(before: Item | undefined, after: Item | undefined): void {
    if (after === undefined || JSON.stringify(before) === JSON.stringify(after)) return;
    const image = (item: Item) => marshall(item, { removeUndefinedValues: true }) as never;
    this.records.push({
      eventName: before === undefined ? 'INSERT' : 'MODIFY',
      dynamodb: {
        SequenceNumber: String(this.records.length + 1),
        NewImage: image(after),
        ...(before === undefined ? {} : { OldImage: image(before) }),
      },
    });
  }
}

const minute = 60_000;

/** A decided approval whose execution cannot be told while `isAway`, behind a stream and a sweep each minute. */
async function world() {
  const clock = { now };
  const database = new StreamedDatabase();
  const store = new MemoryApprovals(() => clock.now, database);
  const approval = pending();
  await store.create(approval, Buffer.from('token-1'));
  const stepFunctions = { isAway: true };
  const sent: string[] = [];
  const told: string[] = [];
  const deliver = (approvalId: string) =>
    deliverDecision(
      {
        approvals: store,
        tokens: { decrypt: async (_id, ciphertext) => Buffer.from(ciphertext).toString() },
        executions: {
          succeed: async (token) => {
            sent.push(token);
            if (stepFunctions.isAway) throw new Error('throttled');
            told.push(token);
            return 'delivered';
          },
        },
      },
      approvalId,
    );
  const nothing = async () => undefined;

  /** Ten records at a time; from the first that is said to have failed on, again, ten times. */
  async function drain(invocationsAtMost = 100): Promise<number> {
    const wakes = ({ eventName, dynamodb }: DynamoDBRecord) =>
      eventName === 'MODIFY' && ['APPROVAL', 'INCIDENT'].includes(String(dynamodb?.NewImage?.['sk']?.S));
    let invocations = 0;
    while (database.records.length > 0) {
      let batch = database.records.splice(0, 10).filter(wakes);
      for (let attempt = 0; attempt < 11 && batch.length > 0; attempt++) {
        invocations += 1;
        if (invocations > invocationsAtMost) throw new Error('the stream feeds itself');
        const answer: unknown = await deliverBatch(batch, { approval: deliver, incident: nothing }, () => {});
        const failures =
          (answer as { batchItemFailures?: { itemIdentifier: string }[] } | undefined)?.batchItemFailures ??
          [];
        const lowest = Math.min(...failures.map(({ itemIdentifier }) => Number(itemIdentifier)));
        batch = batch.filter(({ dynamodb }) => Number(dynamodb?.SequenceNumber) >= lowest);
      }
    }
    return invocations;
  }

  const sweep = () =>
    repairMissed(store, clock.now, { deliver, cancelMoot: nothing }, () => {}).catch(() => 'incomplete');
  const decide = () => {
    const vote = { identityId: 'ana', displayName: 'Ana', verdict: 'approve', via: 'page' } as const;
    return store.vote('apr-1', approval.planDigest, vote, { may: 'decide' }, 900);
  };
  return { approval, clock, decide, drain, sent, store, sweep, stepFunctions, told };
}

describe('while Step Functions takes no answers', () => {
  it('the stream tries once: what the callback notes about itself announces nothing', async () => {
    const { decide, drain, sent, store } = await world();
    await decide();
    expect(await drain()).toBeLessThanOrEqual(2);
    expect(sent).toStrictEqual(['token-1']);
    expect(await store.get('apr-1')).toMatchObject({ callbackDelivered: false, callbackAttempts: 1 });
  });

  it('the sweep tries after 1, 3, 6, 10, … minutes, and tells it as soon as it can after that', async () => {
    const { clock, decide, drain, sent, stepFunctions, sweep, store, told } = await world();
    await decide();
    await drain();
    const tried: number[] = [];
    for (let elapsed = minute; elapsed <= 30 * minute; elapsed += minute) {
      const before = sent.length;
      clock.now = now + elapsed;
      await sweep();
      await drain();
      if (sent.length > before) tried.push(elapsed / minute);
      expect(sent.length - before).toBeLessThanOrEqual(1);
    }
    expect(tried).toStrictEqual([1, 3, 6, 10, 15, 21, 28]);
    stepFunctions.isAway = false;
    clock.now = now + 36 * minute - 1;
    await sweep();
    expect(told).toStrictEqual([]);
    clock.now = now + 36 * minute;
    await sweep();
    expect(told).toStrictEqual(['token-1']);
    expect(await store.get('apr-1')).toMatchObject({ callbackDelivered: true });
    expect(await drain()).toBeLessThanOrEqual(1);
    expect(sent).toHaveLength(9);
  });

  it.each(['not yet told', 'told'])(
    'a new token for a decision that was %s announces it again, at once',
    async (what) => {
      const { approval, decide, drain, stepFunctions, store, told } = await world();
      stepFunctions.isAway = what === 'not yet told';
      await decide();
      await drain();
      stepFunctions.isAway = false;
      expect(await store.create(approval, Buffer.from('token-2'))).toBe('token-replaced');
      await drain();
      expect(told.at(-1)).toBe('token-2');
      expect(await store.get('apr-1')).toMatchObject({ callbackDelivered: true });
    },
  );
});
