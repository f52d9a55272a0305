import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { openApiIdentity } from '../../functions/approvals/sign-in/oidc-identity.client.ts';
import { oidcSettings } from '../../functions/approvals/sign-in/oidc-settings.ts';
import { type IdentityProvider, startIdentityProvider } from '../../local/identity-provider/provider.ts';
import { ApiWorld } from '../approvals/api-world.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const cliClientId = 'interlock-cli';

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * As much of a local stage as the approvals commands see: the local identity provider, the approvals API over
 * approvals in memory with the real check of ID tokens, and a CloudFormation that knows the stack's outputs.
 */
export class LocalStage {
  /** Where the commands keep logins. */
  readonly configFolder: string;
  readonly world: ApiWorld;
  readonly pagesUrl: string;
  readonly provider: IdentityProvider;
  readonly #folder: string;
  readonly #servers: readonly Server[];

  private constructor(
    folder: string,
    world: ApiWorld,
    provider: IdentityProvider,
    pages: Server,
    cloudFormation: Server,
  ) {
    this.#folder = folder;
    this.configFolder = join(folder, 'config');
    this.world = world;
    this.provider = provider;
    this.#servers = [pages, cloudFormation];
    this.pagesUrl = urlOf(pages);
    writeFileSync(join(folder, 'ca.pem'), rootCertificates[0] ?? '');
    const key = { accessKeyId: 'test', secretAccessKey: 'test' };
    const state = {
      endpointUrl: urlOf(cloudFormation),
      caFile: join(folder, 'ca.pem'),
      region: 'eu-central-1',
      frontDoorUrl: this.pagesUrl,
      people: { ana: key, ben: key, mia: key, olga: key },
    };
    writeFileSync(join(folder, 'local.json'), JSON.stringify(state));
  }

  static async start(): Promise<LocalStage> {
    const folder = mkdtempSync(join(tmpdir(), 'interlock-stage-'));
    const app = new Hono();
    const pages = await serve((request, body) => app.fetch(toRequest(request, body)));
    const cloudFormation = await serve(async () => new Response(describedStack));
    const provider = await startIdentityProvider({ users, frontDoorUrl: urlOf(pages) });
    const api = openApiIdentity(
      oidcSettings({
        OIDC_ISSUER: provider.issuer,
        OIDC_CLIENT_ID: 'interlock-pages',
        OIDC_CLI_CLIENT_ID: cliClientId,
        PUBLIC_BASE_URL: urlOf(pages),
        ENVIRONMENT: 'local',
      }),
      Date.now,
    );
    if (api === undefined) throw new Error('the stage has no client for the command line');
    const apiSignIn = { issuer: provider.issuer, cliClientId, scopes: 'openid profile' };
    const world = new ApiWorld((ports) => ({ ...ports, api, apiSignIn }));
    app.route('/api', world.app);
    return new LocalStage(folder, world, provider, pages, cloudFormation);
  }

  /** Runs a command without a terminal. @param onError Given what it writes to standard error, as it comes. */
  run(args: readonly string[], onError: (text: string) => void = () => undefined): Promise<Ended> {
    const child = spawn(process.execPath, [main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: this.#folder,
        XDG_CONFIG_HOME: this.configFolder,
        INTERLOCK_LOCAL_STATE: join(this.#folder, 'local.json'),
      },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('utf8');
      onError(err);
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out, err }));
    });
  }

  async stop(): Promise<void> {
    await this.provider.stop();
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const users = [
  { id: 'ana', displayName: 'Ana Duarte', role: 'approver', groups: ['approvers'] },
  { id: 'ben', displayName: 'Ben Osei', role: 'approver', groups: ['approvers'] },
  { id: 'mia', displayName: 'Mia Lind', role: 'developer', groups: ['developers'] },
  { id: 'olga', displayName: 'Olga Brandt', role: 'owner', groups: ['approvers'] },
];

const outputs = {
  ControlsTable: 'Controls',
  OperationsTable: 'Operations',
  LedgerTable: 'Ledger',
  PagesUrl: 'https://unused.example',
  ChangeStateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:change',
  PersonTopicArn: 'arn:aws:sns:eu-central-1:000000000000:people',
  SnapshotRetentionDays: '30',
};

const describedStack = `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>Interlock-local</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-22T10:00:00Z</CreationTime><Outputs>${Object.entries(
  outputs,
)
  .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
  .join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;

function toRequest(request: IncomingMessage, body: Buffer): Request {
  const { method = 'GET' } = request;
  return new Request(new URL(request.url ?? '/', 'http://localhost'), {
    method,
    headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: new Uint8Array(body) }),
  });
}

async function serve(
  answer: (request: IncomingMessage, body: Buffer) => Response | Promise<Response>,
): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void (async () => {
        const answered = await answer(request, Buffer.concat(chunks));
        response.writeHead(answered.status, Object.fromEntries(answered.headers));
        response.end(await answered.text());
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function urlOf(server: Server): string {
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
