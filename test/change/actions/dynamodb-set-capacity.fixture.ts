import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';

/** A provisioned table whose reads are to be doubled. */
export const fixture = {
  actionId: 'dynamodb.set-capacity',
  async create(environment = 'local') {
    const dynamodb = new DynamoDBClient({});
    const TableName = `orders-${randomUUID().slice(0, 8)}`;
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 5 },
        Tags: [
          { Key: 'interlock:environment', Value: environment },
          { Key: 'interlock:workload', Value: 'test' },
        ],
      }),
    );
    const parameters = {
      tableName: TableName,
      fromReadCapacityUnits: 10,
      fromWriteCapacityUnits: 5,
      toReadCapacityUnits: 20,
      toWriteCapacityUnits: 5,
    };
    return {
      parameters,
      unknownParameters: { ...parameters, tableName: 'nowhere' },
      foreignWrite: async () => {
        await dynamodb.send(
          new UpdateTableCommand({
            TableName,
            ProvisionedThroughput: { ReadCapacityUnits: 11, WriteCapacityUnits: 6 },
          }),
        );
      },
      destroy: async () => {
        await dynamodb.send(new DeleteTableCommand({ TableName }));
      },
    };
  },
};
