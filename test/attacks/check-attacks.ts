/**
 * `npm run check:attacks [-- WORD…]`: proves that no attack is defended by nothing. In a copy of the tree it removes
 * one defence after the other and tries the attacks that it holds off: they must succeed, while honest people still
 * do what they came for. With words: only what is named with one. Exits 1 when a removed defence goes unnoticed, or
 * an attack has no defence to remove.
 */
import { availableParallelism } from 'node:os';
import setUpEmulator from '../emulator.setup.ts';
import { AttackedCopy, type Attempt } from './attacked-copy.ts';
import { broughtEmulator } from './attacks.setup.ts';
import type { RemovedDefence } from './removed/removed-defence.ts';
import { control, removedDefences } from './removed-defences.ts';

const words = process.argv.slice(2);
const chosen = removedDefences.filter(
  ({ without, attacks }) =>
    words.length === 0 || words.some((word) => [without, ...attacks].some((name) => name.includes(word))),
);
if (chosen.length === 0) {
  console.error(`no defence is named with: ${words.join(', ')}`);
  process.exit(2);
}
const stop = await setUpEmulator();
process.env[broughtEmulator] = 'yes';
const copies = Array.from({ length: Math.min(2, availableParallelism()) }, () => new AttackedCopy());
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const copy of copies) copy.remove();
    void stop().then(() => process.exit(130));
  });
}
const problems: string[] = [];
let noticed = 0;
try {
  const whole = (await copies[0]?.attack([])) ?? [];
  const covered = new Set([control, ...removedDefences.flatMap(({ attacks }) => attacks)]);
  for (const { attack, defended } of whole) {
    if (!defended) problems.push(`succeeds with every defence in place: ${attack}`);
    if (!covered.has(attack)) problems.push(`has no defence to remove: ${attack}`);
  }
  const waiting = [...chosen];
  await Promise.all(
    copies.map(async (copy) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const faults = await faultsWithout(copy, next, whole);
        if (faults.length === 0) noticed += 1;
        console.log(`${faults.length === 0 ? '✓ noticed' : '✗ UNNOTICED'}  without ${next.without}`);
        for (const fault of faults) console.log(`    ${fault}`);
      }
    }),
  );
} finally {
  for (const copy of copies) copy.remove();
  await stop();
}
for (const problem of problems) console.log(`✗ ${problem}`);
console.log(`\n${chosen.length} defences removed, ${noticed} noticed`);
process.exit(noticed === chosen.length && problems.length === 0 ? 0 : 1);

/** Why this removal proves nothing; none when it was noticed as it should be. */
async function faultsWithout(
  copy: AttackedCopy,
  { attacks, edits, honestPeopleToo }: RemovedDefence,
  whole: readonly Attempt[],
): Promise<string[]> {
  const tried = [control, ...attacks];
  const files = new Set(whole.filter(({ attack }) => tried.includes(attack)).map(({ file }) => file));
  try {
    const attempts = await copy.attack(edits, tried, [...files]);
    const isDefended = (name: string) => attempts.find(({ attack }) => attack === name)?.defended;
    const held = attacks.filter((attack) => isDefended(attack) !== false);
    return [
      ...held.map((attack) => `${isDefended(attack) ? 'defended all the same' : 'not tried'}: ${attack}`),
      ...(honestPeopleToo === undefined && isDefended(control) !== true ? [`${control}: not any more`] : []),
    ];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
