import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SetCapacityParameters } from '../../../functions/change/actions/dynamodb-set-capacity/definition.ts';
import { TableClient } from '../../../functions/change/actions/dynamodb-set-capacity/table.client.ts';
import { tableTarget } from '../../../functions/change/actions/dynamodb-set-capacity/table-target.ts';
import { fixture } from './dynamodb-set-capacity.fixture.ts';

const dynamodb = new DynamoDBClient({});
const client = new TableClient();

async function prepared() {
  const made = await fixture.create();
  onTestFinished(made.destroy);
  return made;
}
async function stateOf(parameters: SetCapacityParameters) {
  const reading = await client.read(parameters);
  if (reading.outcome !== 'found') throw new Error(reading.reason);
  return reading.state;
}

describe('a provisioned table', () => {
  it('gets another capacity and its own back', async () => {
    const { parameters } = await prepared();
    const snapshot = await stateOf(parameters);
    expect(snapshot).toMatchObject({ readCapacityUnits: 10, writeCapacityUnits: 5 });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    const raised = await stateOf(parameters);
    expect(raised).toMatchObject({ readCapacityUnits: 20, writeCapacityUnits: 5 });
    expect(tableTarget.isAfter(parameters, raised)).toBe(true);
    expect(await client.restore(parameters, snapshot, raised)).toStrictEqual({ outcome: 'written' });
    expect(tableTarget.isRestored(snapshot, await stateOf(parameters))).toBe(true);
  });

  it('that somebody else has updated since is left alone', async () => {
    const { parameters, foreignWrite } = await prepared();
    const snapshot = await stateOf(parameters);
    await foreignWrite();
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await client.restore(parameters, snapshot, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await stateOf(parameters)).toMatchObject({ readCapacityUnits: 11, writeCapacityUnits: 6 });
  });

  it('that somebody else has deleted and created anew is another one', async () => {
    const { parameters } = await prepared();
    const snapshot = await stateOf(parameters);
    await dynamodb.send(new DeleteTableCommand({ TableName: parameters.tableName }));
    await dynamodb.send(
      new CreateTableCommand({
        TableName: parameters.tableName,
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 5 },
      }),
    );
    expect(tableTarget.isUntouched(snapshot, await stateOf(parameters))).toBe(false);
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
  });

  it('keeps its capacity when DynamoDB refuses the new one', async () => {
    const { parameters } = await prepared();
    const snapshot = await stateOf(parameters);
    const unchanged = { ...parameters, toReadCapacityUnits: 10 };
    expect(await client.apply(unchanged, snapshot)).toStrictEqual({
      outcome: 'failed',
      reason: 'DynamoDB refused the change: ValidationException',
    });
    expect(await stateOf(parameters)).toStrictEqual(snapshot);
  });
});

it('refuses a table that is on demand or does not exist', async () => {
  const { parameters, unknownParameters } = await prepared();
  expect(await client.read(unknownParameters)).toStrictEqual({
    outcome: 'refused',
    reason: 'the table does not exist',
  });
  const snapshot = await stateOf(parameters);
  await dynamodb.send(
    new UpdateTableCommand({ TableName: parameters.tableName, BillingMode: 'PAY_PER_REQUEST' }),
  );
  expect(await client.read(parameters)).toStrictEqual({
    outcome: 'refused',
    reason: 'the table is on demand and has no provisioned capacity',
  });
  expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
});
