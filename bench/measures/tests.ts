import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { treeRoot } from '../../infra/platform/tree.ts';
import { type Benchmark, ratio } from '../benchmark.ts';
import { runProgram } from '../run-program.ts';

/** How long the tests take: everything in a fresh clone, and the unit tests once it is set up. */
export const benchmark: Benchmark = {
  title: 'Time of the tests',
  how: 'One run each, in a clone of this repository in an empty folder, with whatever npm and pip have in their caches; set-up is part of the first.',
  measure: async (progress) => {
    const folder = mkdtempSync(join(tmpdir(), 'interlock-clone-'));
    try {
      await runProgram('git', ['clone', '--quiet', treeRoot, folder], tmpdir());
      progress('npm test');
      const all = await runProgram('npm', ['test'], folder);
      progress('npm run test:unit');
      const unit = await runProgram('npm', ['run', 'test:unit'], folder);
      const seconds = (ms: number): string => `${(ms / 1_000).toFixed(0)} s`;
      return {
        head: ['command', 'time', 'ratio'],
        rows: [
          ['`npm test`, fresh clone', seconds(all.endedMs), ratio(all.endedMs, unit.endedMs)],
          ['`npm run test:unit`', seconds(unit.endedMs), '1.00×'],
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
