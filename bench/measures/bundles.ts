import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { bundleFunctions } from '../../infra/platform/bundle.ts';
import { functionEntryOf, functionNames } from '../../infra/platform/function-entries.ts';
import { treeRoot } from '../../infra/platform/tree.ts';
import { type Benchmark, median, ratio } from '../benchmark.ts';

const runs = 9;

/** Settings that a cold start reads; nothing is called, so any value will do. */
const environment = Object.fromEntries(
  [
    'ARTEFACT_VERSION',
    'ENVIRONMENT',
    'CONTROLS_TABLE',
    'OPERATIONS_TABLE',
    'LEDGER_TABLE',
    'INCIDENT_STATE_MACHINE_ARN',
    'CHANGE_STATE_MACHINE_ARN',
    'PERSON_TOPIC_ARN',
    'ROUTING_FUNCTION_ARN',
    'APPROVAL_KEY_ARN',
    'SESSION_SECRET_ARN',
    'SNAPSHOT_BUCKET',
    'MODEL_NAME',
    'BEDROCK_MODEL_ID',
  ].map((name) => [name, 'value']),
);
const typed = {
  P0_DLQ_URL: 'https://localhost/p0',
  P1_DLQ_URL: 'https://localhost/p1',
  P2_DLQ_URL: 'https://localhost/p2',
  MODEL_BASE_URL: 'http://localhost/v1',
  PUBLIC_BASE_URL: 'http://localhost',
  LOCAL_LOGIN: 'true',
  APPROVAL_SECONDS: '900',
  APPROVAL_USABLE_SECONDS: '900',
  LOCK_LEASE_SECONDS: '900',
  PLACE: 'aws:us-east-1:000000000000',
  SNAPSHOT_RETENTION_SECONDS: '604800',
  VERDICT_SECONDS: '600',
  VALIDATION_SECONDS: '60',
  POLICY_DIGEST: 'd'.repeat(64),
  AWS_REGION: 'us-east-1',
  POWERTOOLS_DEV: 'false',
};

/** Size and cold import of every Lambda, as we bundle it and as esbuild does when nothing is said. */
export const benchmark: Benchmark = {
  title: 'Bundle size and cold import of each Lambda',
  how: `Median of ${runs} fresh Node processes that import the bundle, interleaved with the same handler bundled with esbuild's defaults for Node (CommonJS builds of the SDK preferred). Cedar's 4.3 MB module is loaded by \`decide\` and not counted in its size.`,
  measure: async (progress) => {
    const folder = mkdtempSync(join(tmpdir(), 'interlock-bench-'));
    try {
      progress('bundling twice');
      const { folderOf } = await bundleFunctions(join(folder, 'ours'));
      buildSync({
        bundle: true,
        platform: 'node',
        target: 'node24',
        format: 'esm',
        jsx: 'automatic',
        jsxImportSource: 'hono/jsx',
        outExtension: { '.js': '.mjs' },
        absWorkingDir: treeRoot,
        outdir: join(folder, 'defaults'),
        logLevel: 'error',
        banner: {
          js: "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);",
        },
        entryPoints: functionNames.map((name) => ({ in: functionEntryOf(name).entry, out: `${name}/index` })),
      });
      const rows = functionNames.map((name) => {
        progress(name);
        const ours = join(folderOf(name), 'index.mjs');
        const defaults = join(folder, 'defaults', name, 'index.mjs');
        if (name === 'decide')
          cpSync(folderOf(name), join(folder, 'defaults', name), {
            recursive: true,
            filter: (path) => !path.endsWith('.mjs'),
          });
        const [oursMs, defaultsMs] = interleaved(ours, defaults);
        const kilobytes = (file: string): number => Math.round(statSync(file).size / 1_000);
        return [
          name,
          `${kilobytes(ours)} kB`,
          `${kilobytes(defaults)} kB`,
          ratio(kilobytes(ours), kilobytes(defaults)),
          `${Math.round(oursMs)} ms`,
          `${Math.round(defaultsMs)} ms`,
          ratio(oursMs, defaultsMs),
        ];
      });
      return {
        head: [
          'function',
          'size',
          'size, defaults',
          'ratio',
          'cold import',
          'cold import, defaults',
          'ratio',
        ],
        rows,
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Medians in milliseconds; taking turns, so that a noisy moment hits both. */
function interleaved(first: string, second: string): [number, number] {
  const samples: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    samples[0].push(coldImportMs(first));
    samples[1].push(coldImportMs(second));
  }
  return [median(samples[0]), median(samples[1])];
}

function coldImportMs(file: string): number {
  const script = `const t = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - t); process.exit(0)`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...environment, ...typed },
    encoding: 'utf8',
  });
  return Number(out.trim().split('\n').at(-1));
}
