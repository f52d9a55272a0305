import type { Operation } from './operation.ts';
import type { Scenario } from './scenario.ts';
import type { ChangeSetting } from './subjects.ts';

const change = (name: 'A' | 'B', more: Partial<ChangeSetting> = {}): ChangeSetting => ({
  name,
  toVersion: '1',
  quorum: 0,
  ...more,
});

const calm = { instants: [0], faults: 0, faultKinds: [], alarm: ['pass'], actors: [] } as const;

const recovery = (name = 'the recovery') => ({ name, does: [{ do: 'sweep' }] as const });
const switchMoves: readonly Operation[] = [
  { do: 'switch', state: 'engaged' },
  { do: 'list-in-flight' },
  { do: 'switch', state: 'released' },
];
const killSwitch = { name: 'ana', does: switchMoves };
const voter = (person: string, verdict: 'approve' | 'reject') => ({
  name: person,
  does: [{ do: 'vote', person, verdict }] as const,
});

const approvalOf = (person: string, of: 'A' | 'B') => ({
  name: person,
  does: [{ do: 'vote', person, verdict: 'approve', of }] as const,
});

/**
 * What the smaller scenarios look at one by one, together. What they interleave request by request happens here at
 * once, or there would be too much of it.
 */
const approved = {
  ...calm,
  changes: [change('A', { quorum: 1 }), change('B', { quorum: 1 })],
  actors: [approvalOf('ben', 'A'), approvalOf('dora', 'B'), voter('cleo', 'reject'), killSwitch, recovery()],
  faults: 1,
  faultKinds: ['dies'],
  faultsOf: ['A'],
  atOnce: ['vote', 'switch', 'list-in-flight', 'sweep', 'control'],
  isForgetful: true,
} as const satisfies Omit<Scenario, 'name' | 'about'>;
const oneApproved = {
  ...approved,
  changes: [change('A', { quorum: 1 })],
  actors: [approvalOf('ben', 'A'), voter('cleo', 'reject'), killSwitch, recovery()],
  instants: [0, 300_000, 900_000],
} as const satisfies Omit<Scenario, 'name' | 'about'>;

/** Small worlds, each explored to its end: together they meet every rule of the change protocol. */
export const scenarios = {
  twoChanges: {
    ...calm,
    name: 'two changes',
    about: 'two changes of one target; a person switches the kill switch on, looks, and off again',
    changes: [change('A'), change('B')],
    alarm: ['pass', 'fail'],
    actors: [killSwitch],
  },
  lostAnswers: {
    ...calm,
    name: 'lost answers',
    about: 'two changes that are undone; the answer of any one call is lost while it goes on',
    changes: [change('A'), change('B')],
    alarm: ['fail'],
    faults: 1,
    faultKinds: ['loses'],
    faultsOf: ['A'],
  },
  throttling: {
    ...calm,
    name: 'throttling',
    about: 'one change; any two requests are refused as too many, and the kill switch is switched on',
    changes: [change('A')],
    alarm: ['pass', 'fail'],
    faults: 2,
    faultKinds: ['busy'],
    actors: [{ name: 'ana', does: switchMoves.slice(0, 2) }],
  },
  death: {
    ...calm,
    name: 'death between changes',
    about: 'two changes; the execution of one dies at any call, which may go on; the recovery looks',
    changes: [change('A'), change('B')],
    faults: 1,
    faultKinds: ['dies'],
    faultsOf: ['A'],
    actors: [recovery()],
  },
  deathOfRecovery: {
    ...calm,
    name: 'death of the recovery too',
    about:
      'one change; its execution and that of its recovery die at any call; the recovery looks twice at once',
    changes: [change('A')],
    faults: 2,
    faultKinds: ['dies'],
    actors: [recovery(), recovery('a second recovery')],
  },
  lease: {
    ...calm,
    name: 'lease',
    about: 'one change; its lease runs out at any moment, also under a slow holder who wakes up later',
    changes: [change('A')],
    instants: [0, 899_990, 900_000],
    faults: 1,
    faultKinds: ['dies'],
    actors: [recovery()],
  },
  takeOver: {
    ...calm,
    name: 'take-over before another change',
    about: 'two changes; the lease of the first runs out under a holder who is only slow; the recovery looks',
    changes: [change('A'), change('B')],
    instants: [0, 900_000],
    // Before that, it leaves the change alone.
    actors: [{ ...recovery(), from: 1 }],
  },
  foreignValue: {
    ...calm,
    name: 'somebody else, another value',
    about: 'one change, kept or undone; somebody else sets the target to another value at any moment',
    changes: [change('A')],
    alarm: ['pass', 'fail'],
    faults: 1,
    faultKinds: ['dies', 'loses'],
    actors: [{ name: 'somebody else', does: [{ do: 'set-target', version: '3' }] }],
  },
  sameValue: {
    ...calm,
    name: 'somebody else, the value of the plan',
    about: 'one change, kept or undone; somebody else sets the target to the very value of the plan',
    changes: [change('A')],
    alarm: ['pass', 'fail'],
    faults: 1,
    faultKinds: ['dies'],
    actors: [{ name: 'somebody else', does: [{ do: 'set-target', version: '1' }] }],
  },
  votes: {
    ...calm,
    name: 'votes',
    about:
      'two of two people approve, a third rejects, the incident recovers, the wait is settled; the approval ends at any moment',
    changes: [change('A', { quorum: 2 })],
    isApprovalOnly: true,
    instants: [0, 599_999, 600_000],
    actors: [
      voter('ana', 'approve'),
      voter('ben', 'approve'),
      voter('cleo', 'reject'),
      { name: 'the recovery', does: [{ do: 'cancel' }] },
      { name: 'the incident', does: [{ do: 'settle' }], from: 2 },
    ],
  },
  approvedChange: {
    ...calm,
    name: 'approved change',
    about: 'one change that needs two people; the approval runs out at any moment',
    changes: [change('A', { quorum: 2 })],
    instants: [0, 299_999, 300_000],
    actors: [voter('ana', 'approve'), voter('ben', 'approve')],
  },
  disputedChange: {
    ...calm,
    name: 'disputed change',
    about: 'one change that needs one person; one approves, one rejects, one switches the kill switch on',
    changes: [change('A', { quorum: 1 })],
    faults: 1,
    faultKinds: ['dies'],
    actors: [
      voter('ben', 'approve'),
      voter('cleo', 'reject'),
      { name: 'ana', does: switchMoves.slice(0, 2) },
    ],
  },
  approvedChanges: {
    ...approved,
    name: 'two approved changes',
    about:
      'each needs one person, the first is disputed and its execution dies; the kill switch on and off; the recovery looks',
  },
  approvedInTime: {
    ...approved,
    name: 'two approved changes, in time or too late',
    about: 'the same without the death; the approvals run out at any moment',
    actors: approved.actors.slice(0, 4),
    instants: [0, 600_000],
    faults: 0,
  },
  approvedDeath: {
    ...approved,
    name: 'two approved changes, death in time or too late',
    about: 'the same with the death and the recovery, without the kill switch',
    actors: [...approved.actors.slice(0, 3), recovery()],
    instants: [0, 600_000],
  },
  approvedLease: {
    ...approved,
    name: 'two approved changes, lease',
    about: 'each needs one person; approvals and leases run out at any moment, also under a slow holder',
    actors: [...approved.actors.slice(0, 2), recovery()],
    instants: [0, 900_000],
    faults: 0,
  },
  approvedTwice: {
    ...approved,
    name: 'two approved changes, delivered twice',
    about: 'each needs one person; a call of the first is delivered again while it goes on',
    actors: approved.actors.slice(0, 2),
    faultKinds: ['loses'],
  },
  disputedInTime: {
    ...oneApproved,
    name: 'disputed change, in time or too late',
    about: 'one change; for and against, the kill switch on and off, all that can run out, and a death',
  },
  approvedTwiceInTime: {
    ...oneApproved,
    name: 'one approved change, delivered twice',
    about: 'a call of it is delivered again while it goes on; all that can run out does so at any moment',
    actors: [approvalOf('ben', 'A'), recovery()],
    faultKinds: ['loses'],
  },
  progressive: {
    ...calm,
    name: 'progressive change',
    about: 'one change in steps, each behind the gate; the kill switch; its execution dies',
    changes: [change('A', { progressive: true })],
    alarm: ['pass', 'fail'],
    faults: 1,
    faultKinds: ['dies'],
    actors: [{ name: 'ana', does: switchMoves.slice(0, 2) }],
  },
  verdict: {
    ...calm,
    name: 'a person decides',
    about:
      'one change that cannot be judged; a person keeps it, undoes it or never answers; its execution dies',
    changes: [change('A')],
    alarm: ['pass', 'unreadable'],
    verdicts: ['approved', 'rejected', 'nobody'],
    faults: 1,
    faultKinds: ['dies'],
    actors: [recovery()],
  },
  undo: {
    ...calm,
    name: 'undone by a person',
    about: 'a person undoes a change, kept or not, while another begins and the kill switch is switched',
    changes: [change('A'), change('B', { toVersion: '3' })],
    actors: [
      { name: 'a person', does: [{ do: 'undo' }] },
      { name: 'ana', does: switchMoves.slice(0, 2) },
    ],
  },
  movedOn: {
    ...calm,
    name: 'undone after somebody else',
    about:
      'a person undoes a change; somebody else sets the target to another value at any moment; its execution dies',
    changes: [change('A')],
    faults: 1,
    faultKinds: ['dies'],
    actors: [
      { name: 'a person', does: [{ do: 'undo' }] },
      { name: 'somebody else', does: [{ do: 'set-target', version: '3' }] },
    ],
  },
} as const satisfies Readonly<Record<string, Scenario>>;
