import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenRules } from './broken-rules.ts';
import { afterEverything } from './explore.ts';
import { Invariants } from './invariants.ts';
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
    { name: 'B', toVersion: '3', quorum: 1 },
  ],
  instants: [0, 299_999, 300_000, 599_999, 600_000, 899_999, 900_000],
  faults: 4,
  faultKinds: ['dies', 'loses', 'busy'],
  alarm: ['pass', 'fail', 'unreadable'],
  verdicts: ['approved', 'rejected', 'nobody'],
  actors: [
    ...scenarios.votes.actors.slice(0, 3),
    { name: 'dora', does: [{ do: 'vote', person: 'dora', verdict: 'approve', of: 'B' }] },
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

/** What breaks first when the steps are drawn so, and then goes on until all is over; undefined when nothing does. */
async function brokenBy(schedule: readonly number[], world: World) {
  const steps = new Steps(world);
  const invariants = new Invariants(world);
  const made: Step[] = [];
  let state: State = await steps.begin();
  for (let at = 0; ; at++) {
    const draw = schedule[at] ?? 17;
    const step = chosen(await steps.next(state, { withFaults: draw % 24 === 0 }), draw);
    if (step === undefined) break;
    made.push(step);
    const violation = invariants.ofStep(state, step);
    if (violation !== undefined) return { ...violation, trace: inWords(made, world) };
    state = step.after;
  }
  const left = await afterEverything(state, steps, invariants);
  return left === undefined ? undefined : { ...left, trace: inWords(made, world) };
}

const schedules = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 50, maxLength: 400 });

describe('random interleavings of everything', { timeout: 60_000 }, () => {
  it('keep every invariant, and nothing is forgotten when all is over', async () => {
    const world = new World(everything, {});
    await fc.assert(
      fc.asyncProperty(schedules, async (schedule) => {
        expect(await brokenBy(schedule, world)).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    'a lock taken from a holder who has not ended',
    'a vote written over whatever was decided meanwhile',
    'a start without its ledger entry',
  ])('notice %s', async (name) => {
    const world = new World(everything, brokenRules.find((rule) => rule.name === name)?.seams ?? {});
    const broken = fc.asyncProperty(
      schedules,
      async (schedule) => (await brokenBy(schedule, world)) === undefined,
    );
    const { failed } = await fc.check(broken, { numRuns: 100, seed: 1, endOnFailure: true });
    expect(failed).toBe(true);
  });
});
