import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { setCapacity } from '../../../functions/change/actions/dynamodb-set-capacity/definition.ts';
import { TableClient } from '../../../functions/change/actions/dynamodb-set-capacity/table.client.ts';
import {
  type TableState,
  tableTarget,
} from '../../../functions/change/actions/dynamodb-set-capacity/table-target.ts';
import { riskTiers } from '../../../functions/platform/vocabulary.ts';
import { type Answer, answersToAWrite, startAnsweringService } from './answering-service.ts';

const raise = {
  tableName: 'orders',
  fromReadCapacityUnits: 10,
  fromWriteCapacityUnits: 10,
  toReadCapacityUnits: 20,
  toWriteCapacityUnits: 10,
};
const between = (read: [number, number], write: [number, number]) => ({
  tableName: 'orders',
  fromReadCapacityUnits: read[0],
  fromWriteCapacityUnits: write[0],
  toReadCapacityUnits: read[1],
  toWriteCapacityUnits: write[1],
});

describe('the parameters of dynamodb.set-capacity', () => {
  const accepts = (changes: object) => z.safeParse(setCapacity.parameters, { ...raise, ...changes }).success;

  it.each([
    [0, false],
    [1, true],
    [40_000, true],
    [40_001, false],
    [1.5, false],
    [-5, false],
    ['5', false],
    [Number.NaN, false],
  ])('take %j capacity units: %s', (units, expected) => {
    expect(accepts({ toReadCapacityUnits: units })).toBe(expected);
    expect(accepts({ fromWriteCapacityUnits: units })).toBe(expected);
  });

  it.each([
    ['abc', true],
    ['ab', false],
    ['a'.repeat(255), true],
    ['a'.repeat(256), false],
    ['-abc', false],
    ['orders/index', false],
    ['arn:aws:dynamodb:eu-west-1:111122223333:table/orders', false],
    ['orders;reboot', false],
    ['оrders', false],
  ])('take table %j: %s', (tableName, expected) => {
    expect(accepts({ tableName })).toBe(expected);
  });

  it('take no other member', () => {
    expect(accepts({ billingMode: 'PAY_PER_REQUEST' })).toBe(false);
  });
});

describe('the tier of dynamodb.set-capacity', () => {
  it.each([
    ['raised to double', between([10, 20], [10, 20]), 'low'],
    ['raised beyond double', between([10, 21], [10, 10]), 'medium'],
    ['lowered by one', between([10, 9], [10, 20]), 'medium'],
    ['lowered to half', between([10, 5], [10, 10]), 'medium'],
    ['lowered below half', between([10, 4], [10, 20]), 'high'],
    ['raised a lot and lowered a lot', between([1, 40_000], [10, 4]), 'high'],
  ] as const)('%s: %o', (_, parameters, expected) => {
    expect(setCapacity.tier(parameters)).toBe(expected);
  });

  it('never falls the further capacity is moved, up or down', () => {
    const units = fc.integer({ min: 1, max: 40_000 });
    const rank = (read: [number, number], write: [number, number]) =>
      riskTiers.indexOf(setCapacity.tier(between(read, write)));
    fc.assert(
      fc.property(units, units, units, units, units, (from, a, b, writeFrom, writeTo) => {
        const [near, far] = Math.abs(a - from) <= Math.abs(b - from) ? [a, b] : [b, a];
        fc.pre(Math.sign(near - from) === Math.sign(far - from) || near === from);
        const write: [number, number] = [writeFrom, writeTo];
        expect(rank([from, far], write)).toBeGreaterThanOrEqual(rank([from, near], write));
        expect(rank(write, [from, far])).toBeGreaterThanOrEqual(rank(write, [from, near]));
      }),
    );
  });
});

describe('dynamodb.set-capacity', () => {
  it.each([
    [between([10, 20], [10, 10]), 100],
    [between([10, 10], [100, 60]), 40],
    [between([3, 2], [10, 10]), 34],
    [between([1, 5], [10, 1]), 400],
  ])('of %o alters %d %% of the capacity', (parameters, capacityPercent) => {
    expect(setCapacity.blastRadius(parameters)).toStrictEqual({ resources: 1, capacityPercent });
  });

  it('is measured by the capacity it leads to', () => {
    const state: TableState = {
      tableId: 't1',
      readCapacityUnits: 20,
      writeCapacityUnits: 10,
      raisedAtEpochMs: 0,
      loweredAtEpochMs: 0,
    };
    expect(setCapacity.successCriteria(raise)).toStrictEqual([
      { kind: 'read-back', expected: tableTarget.readBack(state) },
    ]);
    expect(tableTarget.isAfter(raise, state)).toBe(true);
    expect(tableTarget.isAfter(raise, { ...state, writeCapacityUnits: 11 })).toBe(false);
    expect(tableTarget.isBefore(raise, { ...state, readCapacityUnits: 10 })).toBe(true);
    expect(tableTarget.isBefore(raise, state)).toBe(false);
  });

  it.each([
    ['tableId', 't2', false],
    ['readCapacityUnits', 21, false],
    ['writeCapacityUnits', 11, false],
    ['raisedAtEpochMs', 1, true],
    ['loweredAtEpochMs', 1, true],
  ] as const)('sees a foreign write in %s', (member, value, isRestored) => {
    const snapshot: TableState = {
      tableId: 't1',
      readCapacityUnits: 20,
      writeCapacityUnits: 10,
      raisedAtEpochMs: 0,
      loweredAtEpochMs: 0,
    };
    const current = { ...snapshot, [member]: value };
    expect(tableTarget.isUntouched(snapshot, snapshot)).toBe(true);
    expect(tableTarget.isUntouched(snapshot, current)).toBe(false);
    expect(tableTarget.isRestored(snapshot, current)).toBe(isRestored);
  });
});

describe('DynamoDB', () => {
  let table: object;
  let answer: Answer;
  let service: Awaited<ReturnType<typeof startAnsweringService>>;
  beforeEach(async () => {
    table = {
      TableName: 'orders',
      TableId: 't1',
      TableStatus: 'ACTIVE',
      ProvisionedThroughput: {
        ReadCapacityUnits: 10,
        WriteCapacityUnits: 10,
        LastIncreaseDateTime: 1_700_000_000,
      },
    };
    answer = { body: {} };
    service = await startAnsweringService((operation) =>
      operation === 'DescribeTable' ? { body: { Table: table } } : answer,
    );
  });
  afterEach(() => service.stop());

  async function write() {
    const client = new TableClient();
    const snapshot = await client.read(raise);
    if (snapshot.outcome !== 'found') throw new Error(snapshot.reason);
    return client.apply(raise, snapshot.state);
  }
  const writes = () => service.operations.filter((operation) => operation === 'UpdateTable').length;

  it.each(answersToAWrite)('$says: the write is $taken and not repeated', async (given) => {
    answer = given.answer;
    if (given.taken === 'failed') expect(await write()).toMatchObject({ outcome: 'failed' });
    else if (given.taken === 'thrown') await expect(write()).rejects.toThrow();
    else await expect(write()).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
    expect(writes()).toBe(1);
  });

  it('takes one update at a time', async () => {
    answer = { error: 'ResourceInUseException' };
    expect(await write()).toStrictEqual({ outcome: 'target-changed' });
  });

  it('lowers only so often a day', async () => {
    answer = { error: 'LimitExceededException' };
    expect(await write()).toStrictEqual({
      outcome: 'failed',
      reason: 'DynamoDB refused the change: LimitExceededException',
    });
  });

  it('shows when capacity was last raised and lowered, and no billing mode for a table always provisioned', async () => {
    expect(await new TableClient().read(raise)).toMatchObject({
      outcome: 'found',
      state: { raisedAtEpochMs: 1_700_000_000_000, loweredAtEpochMs: 0 },
    });
  });

  it.each(['UPDATING', 'CREATING'])('is to be asked again about a table that is %s', async (TableStatus) => {
    table = { ...table, TableStatus };
    await expect(new TableClient().read(raise)).rejects.toMatchObject({
      name: 'DependencyUnavailableError',
      retryable: true,
    });
  });

  it.each(['DELETING', 'ARCHIVED', 'INACCESSIBLE_ENCRYPTION_CREDENTIALS', 'SOMETHING_NEW'])(
    'holds a table that is %s, which is refused',
    async (TableStatus) => {
      table = { ...table, TableStatus };
      expect(await new TableClient().read(raise)).toMatchObject({ outcome: 'refused' });
    },
  );
});
