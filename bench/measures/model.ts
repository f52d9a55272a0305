import { brokenRules } from '../../test/model/broken-rules.ts';
import { type Finished, isAsItShouldBe, runAll, tasks } from '../../test/model/check.ts';
import { scenarios } from '../../test/model/scenarios.ts';
import type { Benchmark } from '../benchmark.ts';

/** How much the exhaustive check of the change protocol looks at, and how long it takes. */
export const benchmark: Benchmark = {
  title: 'Exhaustive check of the change protocol',
  how: "Every interleaving of each scenario's requests, breadth-first over the product's own stores, runner, clients and state machine; then one rule after the other broken on purpose until an invariant notices. Two searches at a time; depth is the number of steps of the longest shortest way, for a broken rule of the shortest trace.",
  measure: async (progress) => {
    const finished = await runAll(tasks, (one) => progress(nameOf(one)));
    const wrong = finished.filter((one) => !isAsItShouldBe(one));
    if (wrong.length > 0) throw new Error(`not as it should be: ${wrong.map(nameOf).join('; ')}`);
    return {
      head: ['searched', 'invariants', 'states', 'depth', 'transitions', 'time'],
      rows: finished.map((one) => [
        nameOf(one),
        one.found === undefined ? '1–6 hold' : `${one.found.violation.invariant} broken, found`,
        String(one.states),
        String(one.depth),
        String(one.transitions),
        `${one.seconds.toFixed(1)} s`,
      ]),
    };
  },
};

function nameOf({ task }: Finished): string {
  return task.brokenRule === undefined
    ? scenarios[task.scenario].name
    : `broken: ${brokenRules[task.brokenRule]?.name ?? ''}`;
}
