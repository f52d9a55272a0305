import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { treeRoot } from '../../infra/platform/tree.ts';
import { type Benchmark, ratio } from '../benchmark.ts';
import { runProgram } from '../run-program.ts';

/** What a newcomer waits for: the first start in a fresh clone, and the second. */
export const benchmark: Benchmark = {
  title: 'Time of the first and the second start',
  how: 'One run each, in a clone of this repository in an empty folder, with whatever npm and pip have in their caches. "Deployed" is when the stack and the demo workload stand; "ended" is when the scenario has been judged and everything is stopped again.',
  measure: async (progress) => {
    const folder = mkdtempSync(join(tmpdir(), 'interlock-clone-'));
    try {
      await runProgram('git', ['clone', '--quiet', treeRoot, folder], tmpdir());
      progress('first start');
      const first = await runProgram('npm', ['start', '--', '--once'], folder, / deployed \(/);
      progress('second start');
      const second = await runProgram('npm', ['start', '--', '--once'], folder, / deployed \(/);
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
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
