import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { treeRoot } from '../../infra/platform/tree.ts';
import { type Benchmark, ratio } from '../benchmark.ts';

/** What a newcomer waits for: both commands in a fresh clone, and a second start. */
export const benchmark: Benchmark = {
  title: 'Time of the two commands',
  how: 'One run each, in a clone of this repository in an empty folder, with whatever npm and pip have in their caches. "Deployed" is when the stack and the demo workload stand; "ended" is when the scenario has been judged and everything is stopped again.',
  measure: async (progress) => {
    const folder = mkdtempSync(join(tmpdir(), 'interlock-clone-'));
    try {
      await run('git', ['clone', '--quiet', treeRoot, folder], tmpdir());
      progress('first start');
      const first = await run('npm', ['start', '--', '--once'], folder, / deployed \(/);
      progress('second start');
      const second = await run('npm', ['start', '--', '--once'], folder, / deployed \(/);
      rmSync(join(folder, 'node_modules'), { recursive: true });
      rmSync(join(folder, '.venv'), { recursive: true });
      progress('tests');
      const tests = await run('npm', ['test'], folder);
      const seconds = (ms: number): string => `${(ms / 1_000).toFixed(0)} s`;
      return {
        head: ['command', 'deployed', 'ended', 'ended, ratio'],
        rows: [
          [
            '`npm start -- --once`, fresh clone',
            seconds(first.seenMs),
            seconds(first.endedMs),
            ratio(first.endedMs, second.endedMs),
          ],
          ['`npm start -- --once`, second time', seconds(second.seenMs), seconds(second.endedMs), '1.00×'],
          ['`npm test`, fresh clone', '', seconds(tests.endedMs), ratio(tests.endedMs, second.endedMs)],
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Milliseconds until the output first matched, and until the program ended well. */
async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  awaited = /$^/,
): Promise<{ seenMs: number; endedMs: number }> {
  const startedAt = performance.now();
  let seenMs = Number.NaN;
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (Number.isNaN(seenMs) && awaited.test(text)) seenMs = performance.now() - startedAt;
    });
  }
  const code = await new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return { seenMs, endedMs: performance.now() - startedAt };
}
