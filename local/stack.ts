import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Certificate, makeCertificate, readCertificate } from './certificate.ts';
import { connectThisProcess } from './connection.ts';
import { demo } from './demo/names.ts';
import { Workload } from './demo/workload.ts';
import { bootstrap, deploy, stackOutputs, synthesise } from './deployment.ts';
import { startEmulator } from './emulator.ts';
import { applyFixUps } from './fix-ups.ts';
import { openFrontDoor } from './front-door.ts';
import { cliClientId, pagesClientId } from './identity-provider/configuration.ts';
import { startIdentityProvider } from './identity-provider/provider.ts';
import { readLocalUsers } from './identity-provider/users.ts';
import { type LocalState, removeState, writeState } from './local-state.ts';
import { standInName } from './model/replies.ts';
import { startStandIn } from './model/stand-in.ts';
import { createPeople } from './people.ts';
import { logFolder, region, removeAbandonedFolders, scratchFolder } from './places.ts';
import { isRunning } from './processes.ts';
import { Records } from './scenarios/records.ts';
import type { Screen } from './screen.ts';
import type { Teardown } from './teardown.ts';

export interface StackOptions {
  readonly screen: Screen;
  /** Everything that is started is added here, at once. */
  readonly teardown: Teardown;
  readonly modelUrl?: string | undefined;
  readonly modelName?: string | undefined;
  readonly port?: number | undefined;
  /** Front door and identity provider over TLS. @default false */
  readonly tls?: boolean;
  /** Called when the emulator ends by itself. */
  readonly onCrash: (message: string) => void;
  /** Prefix of the log files. @default 'start' */
  readonly logs?: string;
}

/** Where a Bedrock call goes when the run has a real model: nowhere, so that no scripted answer passes for one. */
const noBedrock = 'http://127.0.0.1:9';

/**
 * Starts the whole local stack: front door, identity provider, model stand-in, emulator; deploys the CDK app and the demo workload
 * unmodified; makes good what the emulator drops; switches automation on.
 */
export async function startStack(options: StackOptions): Promise<LocalState> {
  const { screen, teardown } = options;
  const logs = options.logs ?? 'start';
  const folder = scratchFolder('run');
  removeAbandonedFolders(isRunning);
  await teardown.add(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  const stopping = new AbortController();

  const certificate = await makeCertificate(folder, process.env['NODE_EXTRA_CA_CERTS']);
  const shown = options.tls === true ? readCertificate(certificate) : undefined;
  const frontDoor = await openFrontDoor(options.port, shown);
  await teardown.add(frontDoor.stop);
  mkdirSync(logFolder, { recursive: true });
  const errorLog = join(logFolder, `${logs}-identity-provider.log`);
  const identityProvider = await startIdentityProvider({
    users: readLocalUsers(),
    frontDoorUrl: frontDoor.url,
    certificate: shown,
    onError: (error) => appendFileSync(errorLog, `${new Date().toISOString()} ${error.stack}\n`),
  });
  await teardown.add(identityProvider.stop);
  const model = await chooseModel(options);

  const cdkRun = (name: string) => ({
    logFile: join(logFolder, `${logs}-cdk-${name}.log`),
    folder: join(folder, `cdk-${name}`),
    signal: stopping.signal,
  });
  const assembly = join(folder, 'assembly');
  await teardown.add(() => stopping.abort(new Error('stopped')));
  const context = {
    stage: 'local',
    modelBaseUrl: model.baseUrl,
    modelName: model.name,
    bedrockEndpointUrl: model.bedrockUrl,
    publicBaseUrl: frontDoor.url,
    oidcIssuer: identityProvider.issuer,
    oidcClientId: pagesClientId,
    oidcCliClientId: cliClientId,
  } as const;
  const [emulator] = await allOrFirstError([
    startAndBootstrap(options, certificate, `${logs}-emulator.log`, cdkRun('bootstrap')),
    screen.progress('Building the CDK app', 'CDK app built', () =>
      synthesise(context, assembly, cdkRun('synth')),
    ),
  ]);
  await screen.progress(
    'Deploying Interlock and the demo workload',
    'Interlock and the demo workload deployed',
    () => deploy(emulator, assembly, cdkRun('deploy')),
  );
  connectThisProcess(emulator);
  const interlock = await stackOutputs('Interlock-local');
  const workload = await stackOutputs(demo.stackName);
  const apiUrl = (id: string): string => `${emulator.endpointUrl}/_aws/execute-api/${id}/$default`;
  await screen.progress('Setting what the emulator dropped', 'What the emulator dropped is set', () =>
    applyFixUps(assembly),
  );
  const workloadUrl = `${apiUrl(workload['ApiId'] ?? '')}/checkout`;
  await new Workload(workloadUrl).publishProbeUrl();
  frontDoor.forwardTo({
    url: apiUrl(apiIdOf(interlock['ApiUrl'] ?? '')),
    ca: readFileSync(emulator.caFile, 'utf8'),
  });
  await new Records(interlock).setKillSwitch('released', 'a fresh local stack: switched on by npm start');
  const state: LocalState = {
    pid: process.pid,
    endpointUrl: emulator.endpointUrl,
    caFile: emulator.caFile,
    region,
    stage: 'local',
    frontDoorUrl: frontDoor.url,
    identityProviderUrl: identityProvider.issuer,
    identityControlUrl: identityProvider.controlUrl,
    identityControlToken: identityProvider.controlToken,
    modelUrl: model.baseUrl,
    ...(model.controlUrl === undefined ? {} : { modelControlUrl: model.controlUrl }),
    workloadUrl,
    people: await createPeople(),
    startedAt: new Date().toISOString(),
  };
  writeState(state);
  await teardown.add(removeState);
  return state;
}

interface Model {
  readonly baseUrl: string;
  readonly name: string;
  readonly bedrockUrl: string;
  readonly controlUrl?: string;
}

async function chooseModel({ modelUrl, modelName, teardown }: StackOptions): Promise<Model> {
  if (modelUrl !== undefined && modelName !== undefined) {
    return { baseUrl: modelUrl, name: modelName, bedrockUrl: noBedrock };
  }
  const standIn = await startStandIn();
  await teardown.add(standIn.stop);
  return {
    baseUrl: `${standIn.url}/v1`,
    name: standInName,
    bedrockUrl: standIn.url,
    controlUrl: standIn.url,
  };
}

async function startAndBootstrap(
  { screen, teardown, onCrash }: StackOptions,
  certificate: Certificate,
  logName: string,
  cdkRun: Parameters<typeof bootstrap>[1],
): Promise<{ endpointUrl: string; caFile: string }> {
  const { endpointUrl, caFile } = await screen.progress(
    'Starting MiniStack',
    'MiniStack answers, IAM enforced, over TLS',
    async () => {
      const emulator = await startEmulator({
        iam: true,
        tls: true,
        certificate,
        logFile: join(logFolder, logName),
        onCrash,
      });
      await teardown.add(emulator.stop);
      return emulator;
    },
  );
  if (caFile === undefined) throw new Error('the emulator was started without TLS');
  const connection = { endpointUrl, caFile };
  await screen.progress('Bootstrapping the account', 'Account bootstrapped', () =>
    bootstrap(connection, cdkRun),
  );
  return connection;
}

/** `https://<id>.execute-api.…` */
function apiIdOf(apiUrl: string): string {
  return new URL(apiUrl).hostname.split('.')[0] ?? '';
}

/** Waits for all even when one fails, so that nothing goes on behind our back, then throws the first error. */
async function allOrFirstError<Results extends readonly unknown[]>(
  running: {
    [Index in keyof Results]: Promise<Results[Index]>;
  },
): Promise<Results> {
  const settled = await Promise.allSettled(running);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as Results;
}
