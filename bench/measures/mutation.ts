import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { treeRoot } from '../../infra/platform/tree.ts';
import { scoresOf } from '../../test/mutation/mutation-score.ts';
import type { Benchmark } from '../benchmark.ts';
import { runProgram } from '../run-program.ts';

/** How many deliberately broken versions of the rules their unit tests notice. */
export const benchmark: Benchmark = {
  title: 'Mutation score of the rules',
  how: "Stryker over the rule files of functions/autonomy, functions/policy and functions/change (no stores, clients, handlers, and not the folders of the actions, which the contract suite holds), each broken place run against the unit tests that reach it. Values computed once when a module loads are left out (Stryker's `ignoreStatic`).",
  measure: async (progress) => {
    progress('stryker runs, an hour or more');
    const { endedMs } = await runProgram('npm', ['run', 'check:mutation'], treeRoot);
    const { files, total } = scoresOf(readFileSync(join(treeRoot, '.interlock', 'mutation.json'), 'utf8'));
    const capabilities = ['autonomy', 'policy', 'change'];
    const percent = (killed: number, survived: number): string =>
      `${((100 * killed) / Math.max(1, killed + survived)).toFixed(1)} %`;
    return {
      head: ['rules of', 'broken versions', 'noticed', 'score'],
      rows: [
        ...capabilities.map((capability) => {
          const own = files.filter(([path]) => path.startsWith(`functions/${capability}/`));
          const killed = own.reduce((sum, [, score]) => sum + score.killed, 0);
          const survived = own.reduce((sum, [, score]) => sum + score.survived, 0);
          return [
            `functions/${capability}`,
            String(killed + survived),
            String(killed),
            percent(killed, survived),
          ];
        }),
        [
          `all, ${(endedMs / 60_000).toFixed(0)} min`,
          String(total.killed + total.survived),
          String(total.killed),
          percent(total.killed, total.survived),
        ],
      ],
    };
  },
};
