import type { ChildProcess } from 'node:child_process';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findChromium, howToGetChromium } from '../test/browser/chromium.ts';
import { logFolder, root } from './places.ts';
import { endingWithStarter, type Group, lastLines, startGroup } from './processes.ts';
import { endWithStarter } from './starter.ts';

/** One part of `npm test`: a program that must exit with 0, or a vitest project whose tests are counted. */
interface Check {
  readonly name: string;
  readonly says: string;
  readonly program: readonly [string, ...string[]];
  readonly counted?: true;
  /** Why it cannot run on this machine, if so: it is then reported as skipped. */
  readonly lacks?: () => string | undefined;
  /** Waits more than it works: runs beside the others from the start, and says what it has to say after them. */
  readonly beside?: true;
}

const vitest = (...projects: string[]): Pick<Check, 'program' | 'counted'> => ({
  program: ['vitest', 'run', ...projects.map((project) => `--project=${project}`)],
  counted: true,
});

const checks: readonly Check[] = [
  { name: 'format', says: 'format and import order (biome)', program: ['biome', 'ci', '.'] },
  { name: 'lint', says: 'lint (oxlint)', program: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'unused', says: 'unused code and dependencies (knip)', program: ['knip'] },
  { name: 'types', says: 'type check (tsc)', program: ['tsc'] },
  { name: 'unit', says: 'unit, property and import-boundary tests', ...vitest('unit') },
  { name: 'infra', says: 'template assertions, cdk-nag, state machines', ...vitest('infra') },
  { name: 'integration', says: 'integration tests on the emulator', ...vitest('integration') },
  { name: 'attacks', says: 'attacks on the approval pages', ...vitest('attacks') },
  { name: 'e2e', says: 'end-to-end: deploy to MiniStack, every scenario', ...vitest('e2e'), beside: true },
  {
    name: 'browser',
    says: 'the approval pages in Chromium',
    ...vitest('browser'),
    lacks: () => (findChromium() === undefined ? howToGetChromium : undefined),
  },
];

/** Tests that passed and failed; a check that is not counted is one test. */
interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped?: number;
}

/** Output of a part that runs beside others: kept until they are done, then shown as it comes. */
class HeldOutput {
  #held: (string | Uint8Array)[] | undefined = [];

  write(chunk: string | Uint8Array): void {
    if (this.#held === undefined) process.stdout.write(chunk);
    else this.#held.push(chunk);
  }

  /** Settles when all of it has come. */
  async take({ stdout, stderr }: ChildProcess): Promise<void> {
    await Promise.all(
      [stdout, stderr].map(async (stream) => {
        for await (const chunk of stream ?? []) this.write(chunk as Uint8Array);
      }),
    );
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const chunk of held) process.stdout.write(chunk);
  }
}

endWithStarter(() => process.exit(143));
const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(
    `no such part: ${unknown.join(', ')}; the parts are ${checks.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
const chosen = checks.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
/** What is running now: an interrupted run takes all of it down before it ends. */
const running = new Set<Group>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    void Promise.all([...running].map((group) => group.stop(15_000))).then(() => process.exit(130));
  });
}
const inTurn = chosen.filter(({ beside }) => beside !== true);
const others = chosen
  .filter(({ beside }) => beside === true)
  .map((check) => ({ check, output: new HeldOutput() }))
  .map(({ check, output }) => ({ output, tally: run(check, output) }));
const tallies: Tally[] = [];
for (const check of inTurn) tallies.push(await run(check));
for (const { output, tally } of others) {
  output.release();
  tallies.push(await tally);
}
const total = (of: keyof Tally): number => tallies.reduce((sum, tally) => sum + (tally[of] ?? 0), 0);
const [passed, failed, skipped] = [total('passed'), total('failed'), total('skipped')];
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** @param held Where its output goes until its turn comes. @default the terminal, and what runs beside goes first */
async function run(check: Check, held?: HeldOutput): Promise<Tally> {
  const say = (line: string): void => void (held ?? process.stdout).write(`${line}\n`);
  say(`\n── ${check.says}`);
  const lacking = check.lacks?.();
  if (lacking !== undefined) {
    say(`– ${check.name}: skipped, ${lacking}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const startedAt = Date.now();
  const report = join(logFolder, `vitest-${check.name}.json`);
  mkdirSync(logFolder, { recursive: true });
  rmSync(report, { force: true });
  const [program, ...args] = check.program;
  const reporters =
    check.counted === true ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];
  const out = held === undefined ? 'inherit' : 'pipe';
  const group = startGroup(process.execPath, [...endingWithStarter(bin(program)), ...args, ...reporters], {
    cwd: root,
    stdio: ['pipe', out, out],
  });
  const told = held?.take(group.process);
  // Somebody waits for the tests of the deployed stack in real time; these only work.
  if (held === undefined && others.length > 0 && group.process.pid !== undefined) {
    setPriority(group.process.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  }
  running.add(group);
  const code = await group.ended;
  await told;
  running.delete(group);
  const tally =
    check.counted === true ? count(report, code) : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(0);
  say(
    `${tally.failed === 0 ? '✓' : '✗'} ${check.name}: ${tally.passed} passed, ${tally.failed} failed (${seconds} s)`,
  );
  return tally;
}

/** A run that ended badly without a failed test (a set-up that threw, a file that does not load) is a failure. */
function count(report: string, code: number | null): Tally {
  const text = lastLines(report, 1_000_000);
  const found = text === '' ? {} : (JSON.parse(text) as { numPassedTests?: number; numFailedTests?: number });
  const failedTests = found.numFailedTests ?? 0;
  return { passed: found.numPassedTests ?? 0, failed: failedTests === 0 && code !== 0 ? 1 : failedTests };
}

/** Every checker's command is a script for Node, also where it hands over to a native program. */
function bin(program: string): string {
  return realpathSync(join(root, 'node_modules', '.bin', program));
}
