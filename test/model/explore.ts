import { Invariants, type Violation } from './invariants.ts';
import type { Seams } from './operation.ts';
import type { Scenario } from './scenario.ts';
import { type State, textOf } from './state.ts';
import { type Step, Steps } from './steps.ts';
import { inWords } from './words.ts';
import { World } from './world.ts';

/** What an exhaustive search of one scenario found. */
export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** Steps of the longest of the shortest ways to a state. */
  readonly depth: number;
  /** States in which nobody has anything left to do. */
  readonly ends: number;
  readonly found: { readonly violation: Violation; readonly trace: readonly string[] } | undefined;
}

/** One step of a trace. */
type Made = Pick<Step, 'who' | 'did'>;

/** How often the recovery may run behind the end of a scenario until nothing may be left over. */
const sweeps = 5;

/**
 * Every state that any order of steps leads to, breadth-first, so that the first violation found has the
 * shortest trace. Where nobody has anything left to do, time passes and the recovery runs; what is left over
 * then is forgotten.
 *
 * @param limit Gives up behind this many states.
 */
export async function explore(scenario: Scenario, seams: Seams = {}, limit = 5_000_000): Promise<Explored> {
  const world = new World(scenario, seams);
  const steps = new Steps(world);
  const invariants = new Invariants(world);
  const first = await steps.begin();
  const seen = new Set([textOf(first)]);
  const parents: { readonly from: number; readonly made: readonly Made[] }[] = [];
  let transitions = 0;
  let ends = 0;
  let depth = 0;
  const traceTo = (last: number, made: readonly Made[] = []): string[] => {
    const ways = [made];
    for (let at = last; at > 0; ) {
      const parent = parents[at - 1];
      if (parent === undefined) break;
      ways.unshift(parent.made);
      at = parent.from;
    }
    return inWords(ways.flat(), world);
  };
  const done = (found: Explored['found']): Explored => ({
    states: seen.size,
    transitions,
    depth,
    ends,
    found,
  });
  let frontier: { readonly id: number; readonly state: State }[] = [{ id: 0, state: first }];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { id, state } of frontier) {
      const possible = await steps.next(state);
      for (const step of possible) {
        // What is done at once is one way, whose stops are held against the invariants and not remembered.
        const ways: { readonly before: State; readonly step: Step; readonly made: readonly Made[] }[] = [
          { before: state, step, made: [] },
        ];
        for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
          transitions += 1;
          const { after, who, did } = way.step;
          const made = [...way.made, { who, did }];
          const violation = invariants.ofStep(way.before, way.step);
          if (violation !== undefined) return done({ violation, trace: traceTo(id, made) });
          if (steps.isAtOnce(after)) {
            for (const further of await steps.next(after)) ways.push({ before: after, step: further, made });
            continue;
          }
          const text = textOf(after);
          if (seen.has(text)) continue;
          seen.add(text);
          parents.push({ from: id, made });
          next.push({ id: parents.length, state: after });
        }
      }
      if (possible.length > 0) continue;
      ends += 1;
      const left = await afterEverything(state, steps, invariants);
      if (left !== undefined) return done({ violation: left, trace: traceTo(id) });
    }
    if (seen.size > limit) throw new Error(`${scenario.name} has more than ${limit} states: make it smaller`);
    if (next.length > 0) depth += 1;
    frontier = next;
  }
  return done(undefined);
}

/** The recovery runs until it changes nothing more, with nothing going wrong any more. */
export async function afterEverything(
  end: State,
  steps: Steps,
  invariants: Invariants,
): Promise<Violation | undefined> {
  let state = end;
  let violation = invariants.ofEnd(state);
  for (let sweep = 1; sweep <= sweeps && violation !== undefined; sweep++) {
    state = await steps.swept(state);
    for (;;) {
      const [step] = await steps.next(state, { withFaults: false });
      if (step === undefined) break;
      const onTheWay = invariants.ofStep(state, step);
      if (onTheWay !== undefined) return onTheWay;
      state = step.after;
    }
    violation = invariants.ofEnd(state);
  }
  return violation;
}
