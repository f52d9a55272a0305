import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { treeRoot } from '../../infra/platform/tree.ts';
import type { Benchmark } from '../benchmark.ts';

/** How many attacks on the approval pages there are, and whether each is held off by something. */
export const benchmark: Benchmark = {
  title: 'Attacks on the approval pages',
  how: '`npm run test:attacks` tries each attack on the real pages, stores and sign-in: DynamoDB on the emulator, a certified OpenID provider and one that signs whatever the attacker wants, a stand-in for Slack. `npm run check:attacks` removes one defence after the other in a copy of the tree and counts those whose attack then succeeds while an honest approver still decides.',
  measure: async (progress) => {
    progress('attacking');
    const [attacks, defended, attackMs] = await counted('test:attacks', /(\d+) attacks, (\d+) defended\s*$/);
    progress(`${attacks} attacks, ${defended} defended; removing the defences`);
    const [removed, noticed, removedMs] = await counted(
      'check:attacks',
      /(\d+) defences removed, (\d+) noticed\s*$/,
    );
    const seconds = (ms: number): string => `${(ms / 1_000).toFixed(0)} s`;
    return {
      head: ['what', 'tried', 'as it should be', 'time'],
      rows: [
        ['attacks, defended', String(attacks), String(defended), seconds(attackMs)],
        ['defences removed, noticed', String(removed), String(noticed), seconds(removedMs)],
      ],
    };
  },
};

/** The two numbers of a script's last line, and how long it took. @throws Error when it did not end well. */
async function counted(script: string, lastLine: RegExp): Promise<[number, number, number]> {
  const startedAt = performance.now();
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', script], {
    cwd: treeRoot,
    maxBuffer: 2 ** 26,
  });
  const [, tried, good] = lastLine.exec(stdout) ?? [];
  if (tried === undefined || good === undefined) throw new Error(`${script} did not say how it ended`);
  return [Number(tried), Number(good), performance.now() - startedAt];
}
