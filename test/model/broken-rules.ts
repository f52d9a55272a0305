import { intentOf, snapshotDigestOf } from '../../functions/change/actions/action-task.ts';
import type { Write } from '../../functions/platform/dynamodb.ts';
import type { Definition } from '../change/asl-interpreter.ts';
import type { InvariantNumber } from './invariants.ts';
import type { Operation, Seams } from './operation.ts';
import type { scenarios } from './scenarios.ts';

/** One rule broken on purpose: whoever explores the scenario must find it. */
export interface BrokenRule {
  readonly name: string;
  readonly scenario: keyof typeof scenarios;
  /** The invariant that it breaks. */
  readonly breaks: InvariantNumber;
  readonly seams: Seams;
}

/** Every way in which a rule is broken here, at least one for each invariant. */
export const brokenRules: readonly BrokenRule[] = [
  {
    name: 'authorising without looking at the kill switch',
    scenario: 'twoChanges',
    breaks: 1,
    seams: {
      writes: onAuthorise((write) =>
        write.kind === 'check' && write.key.pk === 'SWITCH' ? always(write) : write,
      ),
    },
  },
  {
    name: 'authorising without looking at the lock',
    scenario: 'lease',
    breaks: 1,
    seams: { writes: onAuthorise((write) => (isOf(write, 'LOCK') ? always(write) : write)) },
  },
  {
    name: 'authorising without looking at the approval again',
    scenario: 'approvedChange',
    breaks: 1,
    seams: { writes: onAuthorise((write) => (isOf(write, 'APPROVAL#') ? always(write) : write)) },
  },
  {
    name: 'authorising on the approval of another change',
    scenario: 'approvedChanges',
    breaks: 1,
    seams: {
      read: (operation, item) =>
        stepOf(operation) === 'authorise' && String(item['pk']).startsWith('DECISION#')
          ? { ...item, approvalId: 'apr-a' }
          : item,
      writes: onAuthorise((write) =>
        isOf(write, 'DECISION#') || isOf(write, 'APPROVAL#') ? always(write) : write,
      ),
    },
  },
  {
    name: 'a kill switch that shows nothing in flight while a change is being made',
    scenario: 'twoChanges',
    breaks: 2,
    seams: {
      read: (operation, item) =>
        operation.do === 'list-in-flight' && item['phase'] === 'mutating' ? { ...item, phase: 'held' } : item,
    },
  },
  {
    name: 'a vote written over whatever was decided meanwhile',
    scenario: 'votes',
    breaks: 3,
    seams: { writes: on('vote', always) },
  },
  {
    name: 'a vote that counts at the very instant the approval ends',
    scenario: 'votes',
    breaks: 3,
    seams: {
      read: (operation, item) =>
        operation.do === 'vote' ? { ...item, expiresAtEpochMs: Number(item['expiresAtEpochMs']) + 1 } : item,
      writes: on(
        'vote',
        (write) => ({ ...write, condition: write.condition?.replace('Ms > :now', 'Ms >= :now') }) as Write,
      ),
    },
  },
  {
    name: 'a cancellation written over whatever was decided meanwhile',
    scenario: 'votes',
    breaks: 3,
    seams: { writes: on('cancel', always) },
  },
  {
    name: 'a decision that nobody is told of',
    scenario: 'votes',
    breaks: 3,
    seams: { writes: on('vote', (write) => (isNotice(write) ? onlyLookedAt(write) : write)) },
  },
  {
    name: 'a lock taken from a holder who has not ended',
    scenario: 'twoChanges',
    breaks: 4,
    seams: {
      read: (operation, item) =>
        stepOf(operation) === 'acquire-lock' && item['pk'] === 'LOCK' ? { ...item, phase: 'free' } : item,
    },
  },
  {
    name: 'a take-over that leaves the fencing token as it is',
    scenario: 'takeOver',
    breaks: 4,
    seams: {
      writes: onStep('take-over', keepingToken),
      answer: (operation, value) => (stepOf(operation) === 'take-over' ? keptToken(value) : value),
    },
  },
  {
    name: 'a take-over that does not wait until the former holder can write no more',
    scenario: 'death',
    breaks: 4,
    seams: { machine: withSettleSeconds(0) },
  },
  {
    name: 'a failed rollback of which nobody is told',
    scenario: 'foreignValue',
    breaks: 4,
    seams: { withoutPages: true },
  },
  {
    name: 'a snapshot that is taken but not recorded',
    scenario: 'twoChanges',
    breaks: 5,
    seams: { writes: onStep('record-snapshot', withoutDigest) },
  },
  {
    name: 'a rollback over whatever stands there',
    scenario: 'foreignValue',
    breaks: 5,
    seams: {
      rules: (rules) => ({ ...rules, isAfter: (parameters, state) => !rules.isBefore(parameters, state) }),
    },
  },
  {
    name: 'a value of the plan that is taken for ours although nothing was begun',
    scenario: 'sameValue',
    breaks: 5,
    seams: { intent: (key, _, snapshot) => intentFor(key, snapshot) },
  },
  {
    name: 'an undo that is given up although nobody else has moved the target',
    scenario: 'movedOn',
    breaks: 5,
    seams: {
      answer: (operation, value) =>
        operation.do === 'act' && operation.task['operation'] === 'roll-back'
          ? { outcome: 'undo-refused', reason: 'not undone' }
          : value,
    },
  },
  {
    name: 'an undo that is given up without asking whether it had begun',
    scenario: 'movedOn',
    breaks: 5,
    seams: { intent: (key, text) => (key.endsWith('.undo.intent.json') ? undefined : text) },
  },
  {
    name: 'a start without its ledger entry',
    scenario: 'twoChanges',
    breaks: 6,
    seams: { ledger: (types) => types.filter((type) => type !== 'change.started') },
  },
];

function intentFor(key: string, snapshot: string): string {
  const [action = '', changeId = ''] = key.replace('.intent.json', '').split('/');
  return intentOf(action, changeId, snapshotDigestOf(snapshot)).text;
}

type Rewrite = (write: Write) => Write;

function stepOf(operation: Operation): unknown {
  return operation.do === 'control' ? operation.request['operation'] : undefined;
}

function onStep(step: string, rewrite: Rewrite): NonNullable<Seams['writes']> {
  return (operation, writes) => (stepOf(operation) === step ? writes.map(rewrite) : writes);
}

function onAuthorise(rewrite: Rewrite): NonNullable<Seams['writes']> {
  return onStep('authorise', rewrite);
}

function on(kind: Operation['do'], rewrite: Rewrite): NonNullable<Seams['writes']> {
  return (operation, writes) => (operation.do === kind ? writes.map(rewrite) : writes);
}

function isOf(write: Write, prefix: string): boolean {
  return write.kind !== 'put' && write.key.pk.startsWith(prefix);
}

type Put = Extract<Write, { kind: 'put' }>;

function isNotice(write: Write): write is Put {
  return write.kind === 'put' && String(write.item['pk']).startsWith('NOTICE#');
}

/** The same condition, and nothing written. */
function onlyLookedAt({ table, item }: Put): Write {
  const key = { pk: String(item['pk']), sk: String(item['sk']) };
  return { kind: 'check', table, key, condition: 'attribute_not_exists(pk)' };
}

/** The same write under a condition that always holds. */
function always(write: Write): Write {
  return { ...write, condition: 'attribute_exists(pk) OR attribute_not_exists(pk)' };
}

/** A take-over's write with the token it came with. */
function keepingToken(write: Write): Write {
  if (write.kind !== 'update' || write.values === undefined) return write;
  const { values } = write;
  if (isOf(write, 'LOCK')) return { ...write, values: { ...values, ':next': values[':token'] } };
  const placeholder = Object.entries(write.names ?? {}).find(
    ([name, to]) => to === 'fencingToken' && name !== '#token',
  );
  if (placeholder === undefined) return write;
  return { ...write, values: { ...values, [placeholder[0].replace('#n', ':v')]: values[':token'] } };
}

function keptToken(value: unknown): unknown {
  const answer = value as { readonly fencingToken?: number };
  return answer.fencingToken === undefined ? value : { ...answer, fencingToken: answer.fencingToken - 1 };
}

function withoutDigest(write: Write): Write {
  if (write.kind !== 'update') return write;
  const place = Object.entries(write.names ?? {}).find(([, name]) => name === 'snapshotDigest');
  if (place === undefined) return write;
  return { ...write, names: { ...write.names, [place[0]]: 'elsewhere' } };
}

function withSettleSeconds(seconds: number) {
  return (definition: Definition): Definition =>
    JSON.parse(
      JSON.stringify(definition).replace(/"settleSeconds":\d+/, `"settleSeconds":${seconds}`),
    ) as Definition;
}
