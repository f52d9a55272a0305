import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterEverything } from './explore.ts';
import { Invariants, type Violation } from './invariants.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { State } from './state.ts';
import { type Step, Steps } from './steps.ts';
import { inWords } from './words.ts';
import { World } from './world.ts';

/** Everything at once, far too much to be explored to its end. */
const everything: Scenario = {
  name: 'everything',
  about: 'two changes, people, the kill switch, somebody else, two recoveries, time, and four faults',
  changes: [
    { name: 'A', toVersion: '1', quorum: 2 },
    { name: 'B', toVersion: '3', quorum: 0 },
  ],
  instants: [0, 299_999, 300_000, 599_999, 600_000, 899_999, 900_000],
  faults: 4,
  faultKinds: ['dies', 'loses', 'busy'],
  alarm: ['pass', 'fail', 'unreadable'],
  verdicts: ['approved', 'rejected', 'nobody'],
  actors: [
    ...scenarios.votes.actors.slice(0, 3),
    { name: 'the incident', does: [{ do: 'settle' }], from: 4 },
    ...scenarios.twoChanges.actors,
    { name: 'somebody else', does: [{ do: 'set-target', version: '3' }] },
    { name: 'the recovery', does: [{ do: 'sweep' }, { do: 'sweep' }, { do: 'sweep' }] },
    { name: 'a person', does: [{ do: 'undo' }] },
  ],
};

/** One of the steps that can be made, as a drawn number says; time and faults are drawn more rarely. */
function chosen(steps: readonly Step[], draw: number): Step | undefined {
  const ordinary = steps.filter(({ who }) => who !== 'time');
  const from = ordinary.length === 0 || draw % 16 === 0 ? steps : ordinary;
  return from[Math.floor(draw / 16) % from.length];
}

describe('random interleavings of everything', () => {
  const world = new World(everything, {});
  const steps = new Steps(world);
  const invariants = new Invariants(world);

  it('keep every invariant, and nothing is forgotten when all is over', async () => {
    const draws = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 50, maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(draws, async (schedule) => {
        const made: Step[] = [];
        const broken = (violation: Violation | undefined) =>
          violation === undefined ? undefined : { ...violation, trace: inWords(made, world) };
        let state: State = await steps.begin();
        for (let at = 0; ; at++) {
          const draw = schedule[at] ?? 17;
          const possible = await steps.next(state, { withFaults: draw % 24 === 0 });
          const step = chosen(possible, draw);
          if (step === undefined) break;
          made.push(step);
          expect(broken(invariants.ofStep(state, step))).toBeUndefined();
          state = step.after;
        }
        expect(broken(await afterEverything(state, steps, invariants))).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  }, 20_000);
});
