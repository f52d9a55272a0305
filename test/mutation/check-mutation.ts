import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FileScore, scoresOf } from './mutation-score.ts';

/**
 * `npm run check:mutation`: breaks the rules of autonomy, policy and change one place at a time and runs their
 * unit tests against each broken version. Prints a line for each file and the score on the last line; exits 1
 * below 90 %. Arguments go to Stryker, such as `--mutate functions/change/target-lock.ts`.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const stryker = fileURLToPath(
  new URL('../../node_modules/@stryker-mutator/core/bin/stryker.js', import.meta.url),
);
const { status } = spawnSync(process.execPath, [stryker, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
const { files, total } = scoresOf(readFileSync(`${root}/.interlock/mutation.json`, 'utf8'));
console.log('');
for (const [path, score] of files) console.log(`${lineOf(score)}  ${path}`);
console.log(`mutation: ${lineOf(total)} of ${total.killed + total.survived} broken rules noticed`);
process.exitCode = status ?? 1;

function lineOf({ killed, survived }: FileScore): string {
  const percent = killed + survived === 0 ? 100 : (100 * killed) / (killed + survived);
  return `${percent.toFixed(1).padStart(5)} % (${killed} noticed, ${survived} not)`;
}
