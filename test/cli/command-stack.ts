import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { Database, type Item } from '../../functions/platform/dynamodb.ts';
import { PolicyArchive } from '../../functions/policy/policy-archive.store.ts';
import type { PolicyFiles } from '../../functions/policy/policy-files.ts';
import { type Emulator, startEmulator } from '../../local/emulator.ts';
import { createPeople } from '../../local/people.ts';
import { region, rootCredentials } from '../../local/places.ts';

export const interlock = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
export const operations = 'Operations';

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Commands as people run them, as different people, against a stack of tables and a topic. */
export class CommandStack {
  readonly #emulator: Emulator;
  readonly #folder: string;
  readonly #database: Database;

  private constructor(emulator: Emulator, folder: string, database: Database) {
    this.#emulator = emulator;
    this.#folder = folder;
    this.#database = database;
  }

  static async start(): Promise<CommandStack> {
    const folder = mkdtempSync(join(tmpdir(), 'interlock-commands-'));
    const emulator = await startEmulator({ iam: false, tls: false, logFile: join(folder, 'emulator.log') });
    const config = { endpoint: emulator.endpointUrl, region, credentials: rootCredentials };
    const topic = await new SNSClient(config).send(new CreateTopicCommand({ Name: 'people' }));
    const client = new CloudFormationClient(config);
    await client.send(
      new CreateStackCommand({ StackName: 'Interlock-local', TemplateBody: template(topic.TopicArn ?? '') }),
    );
    await waitUntilStackCreateComplete(
      { client, minDelay: 1, maxWaitTime: 30 },
      { StackName: 'Interlock-local' },
    );
    writeFileSync(join(folder, 'ca.pem'), rootCertificates[0] ?? '');
    writeFileSync(
      join(folder, 'local.json'),
      JSON.stringify({
        endpointUrl: emulator.endpointUrl,
        caFile: join(folder, 'ca.pem'),
        region,
        frontDoorUrl: emulator.endpointUrl,
        people: await createPeople(new IAMClient(config)),
      }),
    );
    return new CommandStack(emulator, folder, new Database(new DynamoDBClient(config)));
  }

  put(table: string, item: Item) {
    return this.#database.transact([{ kind: 'put', table, item }]);
  }

  publish(files: PolicyFiles) {
    const ledger = new LedgerStore(this.#database, 'Ledger', 'test');
    const archive = new PolicyArchive(this.#database, ledger, { operations, controls: 'Controls' });
    return archive.publish(files, 'artefact', Date.now());
  }

  async json(...args: string[]): Promise<unknown> {
    const { code, out, err } = await this.cli(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
    return JSON.parse(out);
  }

  async cli(...args: string[]): Promise<Ended> {
    const env = { PATH: process.env['PATH'], INTERLOCK_LOCAL_STATE: join(this.#folder, 'local.json') };
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [interlock, ...args], { env });
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout, err: stderr };
    }
  }

  async stop(): Promise<void> {
    await this.#emulator.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Tables and outputs as `infra/` gives them, as far as these commands need them. */
function template(topicArn: string): string {
  const table = (TableName: string, withStatusIndex = false) => ({
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', ...(withStatusIndex ? ['statusKey', 'statusAt'] : [])].map(
        (AttributeName) => ({ AttributeName, AttributeType: 'S' }),
      ),
      KeySchema: keys('pk', 'sk'),
      ...(withStatusIndex
        ? {
            GlobalSecondaryIndexes: [
              {
                IndexName: 'byStatus',
                KeySchema: keys('statusKey', 'statusAt'),
                Projection: { ProjectionType: 'ALL' },
              },
            ],
          }
        : {}),
    },
  });
  const values = {
    ControlsTable: 'Controls',
    OperationsTable: operations,
    LedgerTable: 'Ledger',
    PersonTopicArn: topicArn,
    ChangeStateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:none',
    SnapshotRetentionDays: '7',
  };
  return JSON.stringify({
    Resources: { Controls: table('Controls'), Operations: table(operations, true), Ledger: table('Ledger') },
    Outputs: Object.fromEntries(Object.entries(values).map(([name, Value]) => [name, { Value }])),
  });
}

function keys(partition: string, sort: string) {
  return [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ];
}
