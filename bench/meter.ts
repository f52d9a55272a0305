import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** What something cost: requests to DynamoDB and the capacity units AWS documents for them. */
export interface Cost {
  requests: number;
  writeUnits: number;
  readUnits: number;
}

/** Counts every request of a client as it leaves. */
export function meter(client: DynamoDBClient): Cost {
  const cost: Cost = { requests: 0, writeUnits: 0, readUnits: 0 };
  client.middlewareStack.add(
    (next) => async (args) => {
      cost.requests += 1;
      const input = args.input as { TransactItems?: object[]; Item?: object };
      for (const item of input.TransactItems ?? []) cost.writeUnits += 2 * kilobytes(item);
      if (input.Item !== undefined) cost.writeUnits += kilobytes(input.Item);
      if (input.TransactItems === undefined && input.Item === undefined) cost.readUnits += 1;
      return next(args);
    },
    { step: 'initialize', name: 'meter' },
  );
  return cost;
}

/** Started kilobytes; JSON is a little larger than what DynamoDB counts, so this never flatters. */
function kilobytes(value: object): number {
  return Math.ceil(JSON.stringify(value).length / 1_024);
}
