import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { TableContext } from '../workload-resources.ts';
import type { ResourceReader } from './resource-reader.ts';

/** A table's provisioned capacity; never an item of it. */
export function dynamodbTables(
  dynamodb = new DynamoDBClient({ maxAttempts: 2 }),
): ResourceReader<TableContext> {
  return {
    type: 'dynamodb:table',
    what: 'table',
    // Indexes and streams of a table have ARNs below its own.
    resource: /^table\/([A-Za-z0-9_.-]+)$/,
    read: async ([tableName = ''], { abortSignal }) => {
      const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableName }), {
        abortSignal,
      });
      // A table that has never been on demand has no summary.
      const billingMode = Table?.BillingModeSummary?.BillingMode ?? 'PROVISIONED';
      const { ReadCapacityUnits, WriteCapacityUnits } = Table?.ProvisionedThroughput ?? {};
      if (
        billingMode !== 'PROVISIONED' ||
        ReadCapacityUnits === undefined ||
        WriteCapacityUnits === undefined
      ) {
        return { tableName, billingMode };
      }
      return {
        tableName,
        billingMode,
        readCapacityUnits: ReadCapacityUnits,
        writeCapacityUnits: WriteCapacityUnits,
      };
    },
  };
}
