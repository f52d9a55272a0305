import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { bundleFunctions } from '../../infra/platform/bundle.ts';
import { functionEntryOf, functionNames } from '../../infra/platform/function-entries.ts';
import { treeRoot } from '../../infra/platform/tree.ts';
import { type Benchmark, median, ratio } from '../benchmark.ts';
import { coldImportMs } from '../cold-import.ts';

const runs = 9;

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
