/**
 * `npm run test:attacks [-- WORD…]`: attacks the approval pages, one line for each attack. With words: only files
 * whose path contains one. Exits 1 unless every attack was tried and defended.
 */
import { startVitest, type TestCase } from 'vitest/node';
import { control } from './removed-defences.ts';

const attacks: TestCase[] = [];
const vitest = await startVitest('test', process.argv.slice(2), {
  project: ['attacks'],
  watch: false,
  reporters: [{ onTestCaseResult: report }],
});
const failures = [
  ...vitest.state.getUnhandledErrors(),
  ...vitest.state.getTestModules().flatMap((testModule) => testModule.errors()),
];
await vitest.close();
for (const failure of failures) console.error(failure);
const tried = attacks.filter(({ fullName }) => fullName !== control);
const defended = tried.filter(isDefended).length;
console.log(`\n${tried.length} attacks, ${defended} defended`);
process.exit(attacks.every(isDefended) && tried.length > 0 && failures.length === 0 ? 0 : 1);

function report(attack: TestCase): void {
  attacks.push(attack);
  const isControl = attack.fullName === control;
  const [good, bad] = isControl ? ['✓ works   ', '✗ FAILS   '] : ['✓ defended', '✗ SUCCEEDS'];
  console.log(`${isDefended(attack) ? good : bad}  ${attack.fullName}`);
  for (const { message } of attack.result().errors ?? [])
    console.log(`    ${message.replaceAll('\n', '\n    ')}`);
}

/** A case that was skipped has proved nothing. */
function isDefended(attack: TestCase): boolean {
  return attack.result().state === 'passed';
}
