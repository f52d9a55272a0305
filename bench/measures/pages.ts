import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LambdaClient,
  paginateListFunctions,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { bundleFunctions } from '../../infra/platform/bundle.ts';
import { Browser } from '../../local/identity-provider/browser.ts';
import { walkSignIn } from '../../local/identity-provider/walk.ts';
import type { LocalState } from '../../local/local-state.ts';
import { planOf } from '../../test/approvals/fixtures.ts';
import { type Asked, ask } from '../../test/attacks/asked.ts';
import { type Benchmark, median, percentile, ratio } from '../benchmark.ts';
import { coldImportMs } from '../cold-import.ts';
import { onLocalStack } from '../stack.ts';

const samples = 60;
const coldSamples = 7;
const imports = 9;
const bare = 'bare `ok` (/healthz)';

/** How long an approver waits for a page, and how much it weighs. */
export const benchmark: Benchmark = {
  title: 'Approval pages: time to first byte and weight',
  how: `The deployed local stack (IAM enforced), through the front door on plain HTTP, signed in; ${samples} requests for each page, the pages taking turns, and ${coldSamples} to a Lambda whose process was thrown away before. First byte is when the status and headers have arrived. The bare page is answered by the same Lambda and framework and asks nothing: the ratio is what a page's reading of DynamoDB, authority and rendering cost. Weight is the whole page without compression, styles included; the only further request is the countdown's script. Cold import is the median of ${imports} fresh Node processes that import the bundle.`,
  measure: async (progress) => {
    const importMs = await coldImport();
    progress(`cold import ${importMs.toFixed(0)} ms`);
    return onLocalStack(async (state, outputs) => {
      const paths = await pagePaths(state, outputs);
      const browser = new Browser();
      await walkSignIn(browser, `${state.frontDoorUrl}/`, 'ana');
      const get = async (path: string): Promise<{ ms: number; bytes: number }> => {
        const startedAt = performance.now();
        const response = await browser.send('GET', `${state.frontDoorUrl}${path}`);
        const ms = performance.now() - startedAt;
        const { byteLength } = await response.arrayBuffer();
        if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
        return { ms, bytes: byteLength };
      };
      const throwAway = await pagesLambda();
      const warm = new Map<string, number[]>();
      const cold = new Map<string, number[]>();
      const weight = new Map<string, number>();
      for (let round = -5; round < samples; round++) {
        for (const [name, path] of paths) {
          const { ms, bytes } = await get(path);
          weight.set(name, bytes);
          if (round >= 0) warm.set(name, [...(warm.get(name) ?? []), ms]);
        }
      }
      progress('warm requests done');
      for (let round = 0; round < coldSamples; round++) {
        for (const name of [bare, 'approval']) {
          await throwAway();
          cold.set(name, [...(cold.get(name) ?? []), (await get(paths.get(name) ?? '')).ms]);
        }
      }
      const middle = (name: string): number => median(warm.get(name) ?? []);
      const coldCell = (name: string): string => {
        const all = cold.get(name);
        return all === undefined ? '' : `${median(all).toFixed(0)} ms`;
      };
      return {
        head: ['page', 'weight', 'p50', 'p50, ratio', 'p99', 'cold'],
        rows: [
          ...[...paths.keys()].map((name) => [
            name,
            `${((weight.get(name) ?? 0) / 1_000).toFixed(1)} kB`,
            `${middle(name).toFixed(1)} ms`,
            ratio(middle(name), middle(bare)),
            `${percentile(warm.get(name) ?? [], 0.99).toFixed(1)} ms`,
            coldCell(name),
          ]),
          ['cold import of the bundle', '', '', '', '', `${importMs.toFixed(0)} ms`],
        ],
      };
    });
  },
};

/** Every page that an approver sees, on requests like those that triage makes. */
async function pagePaths(
  state: LocalState,
  { OperationsTable: operations = '', LedgerTable = '' }: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const database = new Database();
  const ledger = new LedgerStore(database, LedgerTable, 'bench');
  const approvals = new ApprovalStore(database, ledger, operations, Date.now);
  const stores = { database, operations, approvals };
  const parameters = { functionName: 'batched', aliasName: 'live', fromVersion: '4', toVersion: '3' };
  const low = (): Promise<Asked> =>
    ask(stores, Date.now(), {
      tier: 'low',
      lifeSeconds: 3_600,
      plan: (incidentId) => planOf('lambda.shift-alias', parameters, incidentId),
    });
  const approval = await ask(stores, Date.now(), { lifeSeconds: 3_600 });
  await Promise.all([low(), low()]);
  const browser = new Browser();
  const inbox = await walkSignIn(browser, `${state.frontDoorUrl}/`, 'ana');
  const batch = /href="(\/batches\/[^"]+)"/.exec(inbox.html)?.[1];
  if (batch === undefined) throw new Error('the inbox offers no batch');
  return new Map([
    [bare, '/healthz'],
    ['sign-in', '/sign-in'],
    ['inbox', '/'],
    ['approval', approval.path],
    ['batch', batch],
    ['incident', `/incidents/${approval.incidentId}`],
    ['countdown script', '/countdown.js'],
  ]);
}

/** @returns what makes the Lambda of the pages start anew with the next request */
async function pagesLambda(): Promise<() => Promise<void>> {
  const lambda = new LambdaClient({});
  for await (const { Functions = [] } of paginateListFunctions({ client: lambda }, {})) {
    const pages = Functions.find(({ Environment }) => Environment?.Variables?.['OIDC_ISSUER'] !== undefined);
    if (pages === undefined) continue;
    const { FunctionName, Timeout } = pages;
    return async () => {
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout }));
    };
  }
  throw new Error('no function has an identity provider');
}

async function coldImport(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'interlock-bench-'));
  try {
    const { folderOf } = await bundleFunctions(folder);
    const bundle = join(folderOf('approval-pages'), 'index.mjs');
    return median(Array.from({ length: imports }, () => coldImportMs(bundle)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
