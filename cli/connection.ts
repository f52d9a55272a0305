import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { LedgerStore } from '../functions/audit/ledger.store.ts';
import { Database } from '../functions/platform/dynamodb.ts';
import { InterlockError } from '../functions/platform/errors.ts';

/** A deployed stage as the command line talks to it. */
export interface Connection {
  readonly stage: string;
  readonly database: Database;
  readonly ledger: LedgerStore;
  readonly tables: { readonly controls: string; readonly operations: string; readonly ledger: string };
  /** Where people open the approval pages, without a trailing slash: what links to them begin with. */
  readonly pagesUrl: string;
  readonly changeStateMachineArn: string;
  /** How long a snapshot is kept: until then a kept change can be undone. */
  readonly snapshotRetentionDays: number;
  /** For the clients that only one command needs. */
  readonly clientConfig: ClientConfig;
  /** ARN of whoever runs the command, for the ledger; `unknown` when STS does not say within two seconds. */
  caller(): Promise<string>;
}

/** Where and as whom an AWS client of this connection calls; empty for what the AWS environment selects. */
export interface ClientConfig {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const localState = z.object({
  endpointUrl: z.url(),
  caFile: z.string(),
  region: z.string(),
  frontDoorUrl: z.url(),
  people: z.record(z.string(), z.object({ accessKeyId: z.string(), secretAccessKey: z.string() })),
});

/** What `npm start` writes while it runs; another stack of the same folder (the tests') names its own file. */
const localStateFile =
  process.env['INTERLOCK_LOCAL_STATE'] ??
  join(fileURLToPath(new URL('..', import.meta.url)), '.interlock', 'local.json');

/**
 * Connects to the running local stack, or with a stage name to that stage in the account and region that the
 * AWS environment selects (`AWS_PROFILE`, `AWS_REGION`, …).
 *
 * @param as Seeded user of the local stack to act as. @default the emulator's root
 * @throws InterlockError `cli.no-local-stack`, `cli.no-stage`, `cli.no-such-person`.
 */
export async function connect(stage: string | undefined, as?: string): Promise<Connection> {
  const local = stage === undefined || stage === 'local' ? readLocalState() : undefined;
  if (local === undefined && as !== undefined) {
    throw new InterlockError(
      'cli.no-such-person',
      `--as is for the local stack; on stage ${stage} you are who your AWS credentials say`,
    );
  }
  const config: ClientConfig =
    local === undefined
      ? {}
      : {
          endpoint: local.endpointUrl,
          region: local.region,
          credentials: as === undefined ? root : keyOf(local.people, as),
        };
  // The local stack's certificate is made anew for each run; nothing else is trusted in addition.
  if (local !== undefined) {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(local.caFile, 'utf8')]);
  }
  const stageName = stage ?? 'local';
  const outputs = await stackOutputs(new CloudFormationClient(config), stageName);
  const output = (name: string): string => {
    const value = outputs.get(name);
    if (value === undefined)
      throw new InterlockError(
        'cli.no-stage',
        `stack Interlock-${stageName} has no output ${name}; deploy this version`,
      );
    return value;
  };
  const database = new Database(new DynamoDBClient(config));
  const tables = {
    controls: output('ControlsTable'),
    operations: output('OperationsTable'),
    ledger: output('LedgerTable'),
  };
  return {
    stage: stageName,
    database,
    tables,
    ledger: new LedgerStore(database, tables.ledger, 'interlock-cli'),
    pagesUrl: (local?.frontDoorUrl ?? output('PagesUrl')).replace(/\/$/, ''),
    changeStateMachineArn: output('ChangeStateMachineArn'),
    snapshotRetentionDays: Number(output('SnapshotRetentionDays')),
    clientConfig: config,
    caller: () => callerOf(new STSClient({ ...config, maxAttempts: 1 })),
  };
}

/** The emulator's own key: it may do everything, as nobody in particular. */
const root = { accessKeyId: 'test', secretAccessKey: 'test' };

function keyOf(people: z.output<typeof localState>['people'], as: string) {
  const key = Object.hasOwn(people, as) ? people[as] : undefined;
  if (key !== undefined) return key;
  throw new InterlockError(
    'cli.no-such-person',
    `the local stack knows no user ${JSON.stringify(as)}; --as takes one of ${Object.keys(people).join(', ')}`,
  );
}

/** Who runs the command; an emergency stop must not wait for an identity service that does not answer. */
async function callerOf(sts: STSClient): Promise<string> {
  try {
    const asked = sts.send(new GetCallerIdentityCommand({}), { abortSignal: AbortSignal.timeout(2_000) });
    return (await asked).Arn ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

function readLocalState() {
  let text: string;
  try {
    text = readFileSync(localStateFile, 'utf8');
  } catch (cause) {
    throw new InterlockError(
      'cli.no-local-stack',
      'no local stack is running: start one with `npm start`, or name a deployed stage with --stage',
      { cause },
    );
  }
  return localState.parse(JSON.parse(text));
}

async function stackOutputs(client: CloudFormationClient, stage: string): Promise<Map<string, string>> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: `Interlock-${stage}` }));
    return new Map(
      (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']),
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const next =
      stage === 'local' ? 'is `npm start` still running?' : 'check --stage, AWS_PROFILE and AWS_REGION';
    throw new InterlockError('cli.no-stage', `stack Interlock-${stage} could not be read (${why}); ${next}`, {
      cause,
    });
  }
}
