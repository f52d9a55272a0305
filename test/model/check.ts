import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { brokenRules } from './broken-rules.ts';
import { type Explored, explore } from './explore.ts';
import { scenarios } from './scenarios.ts';

/** One search: of a scenario with the rules as they are, or with the rule of this index broken. */
export interface Task {
  readonly scenario: keyof typeof scenarios;
  readonly brokenRule?: number;
}

export interface Finished extends Explored {
  readonly task: Task;
  readonly seconds: number;
}

/** Every scenario with the rules as they are, then every broken rule. */
export const tasks: readonly Task[] = [
  ...(Object.keys(scenarios) as (keyof typeof scenarios)[]).map((scenario) => ({ scenario })),
  ...brokenRules.map(({ scenario }, brokenRule) => ({ scenario, brokenRule })),
];

export async function runTask(task: Task): Promise<Finished> {
  const startedAt = performance.now();
  const seams = task.brokenRule === undefined ? {} : brokenRules[task.brokenRule]?.seams;
  const explored = await explore(scenarios[task.scenario], seams);
  return { ...explored, task, seconds: (performance.now() - startedAt) / 1_000 };
}

/** True when rules that are whole hold, and a rule that is broken is found by the invariant it breaks. */
export function isAsItShouldBe({ task, found }: Finished): boolean {
  if (task.brokenRule === undefined) return found === undefined;
  return found?.violation.invariant === brokenRules[task.brokenRule]?.breaks;
}

/**
 * Runs the searches on all cores; answers in the order of the tasks.
 *
 * @param told Hears of each search as it ends.
 */
export async function runAll(
  chosen: readonly Task[],
  told: (finished: Finished) => void,
): Promise<Finished[]> {
  const waiting = [...chosen];
  const finished = new Map<Task, Finished>();
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('worker.ts', import.meta.url));
    try {
      for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
        const result = await answerTo(worker, task);
        finished.set(task, result);
        told(result);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), chosen.length) }, work));
  return chosen.flatMap((task) => finished.get(task) ?? []);
}

async function answerTo(worker: Worker, task: Task): Promise<Finished> {
  // An error of the worker rejects.
  const answer = once(worker, 'message');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  worker.postMessage(task);
  const [finished] = (await answer) as [Finished];
  return finished;
}
