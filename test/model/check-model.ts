/**
 * `npm run check:model [-- WORD…]`: explores every interleaving of the scenarios with the rules as they are, then
 * breaks one rule after the other and shows the shortest way to notice. With words: only what is named with one.
 */
import { brokenRules } from './broken-rules.ts';
import { type Finished, isAsItShouldBe, runAll, type Task, tasks } from './check.ts';
import { invariants } from './invariants.ts';
import { scenarios } from './scenarios.ts';

const words = process.argv.slice(2);
const chosen = tasks.filter(
  (task) => words.length === 0 || words.some((word) => `${task.scenario} ${nameOf(task)}`.includes(word)),
);
if (chosen.length === 0) {
  console.error(`nothing is named with: ${words.join(', ')}\nthere are:\n${tasks.map(nameOf).join('\n')}`);
  process.exit(2);
}
const startedAt = performance.now();
const finished = await runAll(chosen, show);
const whole = finished.filter(({ task }) => task.brokenRule === undefined);
const broken = finished.filter(({ task }) => task.brokenRule !== undefined);
const sum = (of: (one: Finished) => number): number => finished.reduce((total, one) => total + of(one), 0);
const deepest = Math.max(...finished.map(({ depth }) => depth));
const failing = new Set(whole.flatMap(({ found }) => found?.violation.invariant ?? []));
const seconds = (performance.now() - startedAt) / 1_000;
console.log(
  [
    `model: ${number(sum(({ states }) => states))} states`,
    `${number(sum(({ transitions }) => transitions))} transitions`,
    `depth ${deepest}`,
    `${Object.keys(invariants).length - failing.size} of ${Object.keys(invariants).length} invariants hold`,
    `${broken.filter(isAsItShouldBe).length} of ${broken.length} broken rules found`,
    `${seconds.toFixed(0)} s`,
  ].join(', '),
);
process.exitCode = finished.every(isAsItShouldBe) ? 0 : 1;

function show(one: Finished): void {
  const { task, states, transitions, depth, ends, found } = one;
  const figures = `${number(states)} states, ${number(transitions)} transitions, depth ${depth}`;
  const time = `${one.seconds.toFixed(1)} s`;
  const mark = isAsItShouldBe(one) ? '✓' : '✗';
  if (task.brokenRule === undefined) {
    console.log(`${mark} ${nameOf(task)}: ${figures}, ${number(ends)} ends, ${time}`);
    console.log(`    ${scenarios[task.scenario].about}`);
  } else {
    console.log(`${mark} broken on purpose: ${nameOf(task)}: ${figures}, ${time}`);
  }
  if (found === undefined) {
    if (task.brokenRule !== undefined) console.log('    NOT FOUND');
    return;
  }
  const { invariant, what } = found.violation;
  for (const line of found.trace) console.log(`    ${line}`);
  console.log(`    → ${what}: breaks invariant ${invariant} (${invariants[invariant]})`);
}

function nameOf({ scenario, brokenRule }: Task): string {
  return brokenRule === undefined ? scenarios[scenario].name : (brokenRules[brokenRule]?.name ?? '');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
