import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { Database } from '../../functions/platform/dynamodb.ts';

/** A fresh set of the three tables on the emulator that the test run started (`AWS_ENDPOINT_URL`). */
export interface TestTables {
  readonly database: Database;
  readonly controls: string;
  readonly operations: string;
  readonly ledgerTable: string;
  readonly ledger: LedgerStore;
}

/** Creates tables with the keys and index that `infra/` gives the real ones; each caller gets its own. */
export async function freshTables(): Promise<TestTables> {
  const client = new DynamoDBClient({});
  const suffix = randomUUID().slice(0, 8);
  const create = async (name: string, withStatusIndex: boolean): Promise<string> => {
    const TableName = `${name}-${suffix}`;
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk', ...(withStatusIndex ? ['statusKey', 'statusAt'] : [])].map(
          (AttributeName) => ({ AttributeName, AttributeType: 'S' as const }),
        ),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        ...(withStatusIndex
          ? {
              GlobalSecondaryIndexes: [
                {
                  IndexName: 'byStatus',
                  KeySchema: [
                    { AttributeName: 'statusKey', KeyType: 'HASH' as const },
                    { AttributeName: 'statusAt', KeyType: 'RANGE' as const },
                  ],
                  Projection: { ProjectionType: 'ALL' as const },
                },
              ],
            }
          : {}),
      }),
    );
    await waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 10 }, { TableName });
    return TableName;
  };
  const [controls, operations, ledgerTable] = await Promise.all([
    create('Controls', false),
    create('Operations', true),
    create('Ledger', false),
  ]);
  const database = new Database(client);
  return {
    database,
    controls,
    operations,
    ledgerTable,
    ledger: new LedgerStore(database, ledgerTable, 'test-artefact'),
  };
}
