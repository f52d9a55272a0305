import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type Connection, connectionEnvironment } from './connection.ts';
import { region, root } from './places.ts';
import { endingWithStarter, lastLines, startLoggedGroup } from './processes.ts';

/** Account number that the emulator plays for its root key. */
export const account = '000000000000';

/** What the CDK app is told (`-c name=value`) about this run. */
export interface AppContext {
  readonly stage: 'local';
  readonly modelBaseUrl: string;
  readonly modelName: string;
  readonly bedrockEndpointUrl: string;
  /** The front door, as printed in approval links. */
  readonly publicBaseUrl: string;
  /** The local identity provider, and the names under which the pages and the command line are known there. */
  readonly oidcIssuer: string;
  readonly oidcClientId: string;
  readonly oidcCliClientId: string;
}

/** Runs the CDK CLI of this clone in a process group of its own; `signal` stops it. */
export interface CdkRun {
  readonly logFile: string;
  /** Scratch folder of this run: home folder of the CLI, so that the user's own AWS and CDK settings stay out. */
  readonly folder: string;
  readonly signal?: AbortSignal;
}

/** Makes the cloud assembly: templates and bundled functions. Needs no emulator. */
export async function synthesise(context: AppContext, assembly: string, run: CdkRun): Promise<void> {
  const settings = Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  await cdk(['synth', '--quiet', '--output', assembly, ...settings], { cwd: root, env: {} }, run);
}

/** Makes what every CDK deployment needs in an account: the asset bucket and the roles. */
export async function bootstrap(connection: Connection, run: CdkRun): Promise<void> {
  // From the scratch folder: there is no cdk.json, so the app is not synthesised for it.
  await cdk(
    ['bootstrap', `aws://${account}/${region}`],
    { cwd: run.folder, env: connectionEnvironment(connection) },
    run,
  );
}

/** Deploys every stack of the assembly, as `cdk deploy --all` does in AWS. */
export async function deploy(connection: Connection, assembly: string, run: CdkRun): Promise<void> {
  await cdk(
    [
      'deploy',
      '--all',
      '--app',
      assembly,
      '--require-approval',
      'never',
      '--method',
      'direct',
      '--concurrency',
      '2',
    ],
    { cwd: run.folder, env: connectionEnvironment(connection) },
    run,
  );
}

/** Outputs of a deployed stack by name. */
export async function stackOutputs(stackName: string): Promise<Readonly<Record<string, string>>> {
  const client = new CloudFormationClient({});
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  return Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
}

/** @throws Error with the last lines of the log when the CLI fails. */
async function cdk(
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
  { logFile, folder, signal }: CdkRun,
): Promise<void> {
  signal?.throwIfAborted();
  mkdirSync(folder, { recursive: true });
  mkdirSync(dirname(logFile), { recursive: true });
  const group = startLoggedGroup(
    process.execPath,
    [
      ...endingWithStarter(join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk')),
      ...args,
      '--no-notices',
      '--no-color',
      '--no-version-reporting',
    ],
    {
      cwd,
      logFile,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
        HOME: folder,
        CI: 'true',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        ...env,
      },
    },
  );
  const stop = (): void => void group.stop();
  signal?.addEventListener('abort', stop, { once: true });
  const code = await group.ended;
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (code !== 0) {
    throw new Error(
      `cdk ${args[0]} ended with exit code ${code}; the end of ${logFile}:\n${lastLines(logFile, 20)}`,
    );
  }
}
