import type { Call, Outcome } from './calls.ts';
import type { Operation } from './operation.ts';
import type { Step } from './steps.ts';
import type { World } from './world.ts';

/** A trace as numbered sentences: what the same party does in one operation without a break is one of them. */
export function inWords(steps: readonly Pick<Step, 'who' | 'did'>[], world: World): string[] {
  const lines: { who: string; doing: string; parts: string[] }[] = [];
  for (const { who, did } of steps) {
    const name = named(who, world);
    if (did.kind === 'event') {
      lines.push({ who: name, doing: '', parts: [did.words] });
      continue;
    }
    const { operation, pending } = world.operations.at(did.progress);
    const call = pending.find(({ index }) => index === did.index)?.call;
    const doing = doingOf(operation);
    const part =
      call === undefined ? '' : partOf(call, world.operations.outcomes.value(did.outcomeId), world);
    const last = lines.at(-1);
    if (last?.who === name && last.doing === doing) last.parts.push(part);
    else lines.push({ who: name, doing, parts: [part] });
  }
  return lines.map(({ who, doing, parts }, index) => {
    const what = parts.filter((part) => part !== '').join(', ');
    return `${index + 1}. ${who}${doing === '' ? ` ${what}` : `, ${doing}: ${what}`}`;
  });
}

/** Change ids as the scenario names the changes. */
function named(text: string, { changes }: World): string {
  let words = text;
  for (const { name, changeId } of changes) {
    words = words.replace(new RegExp(`${changeId}-recover-(\\d+)`), `the recovery of change ${name}`);
    words = words.replace(`${changeId}-undo-1`, `the undoing of change ${name}`);
    words = words.replace(changeId, `change ${name}`);
  }
  return words;
}

function doingOf(operation: Operation): string {
  switch (operation.do) {
    case 'control': {
      const { operation: step, event } = operation.request;
      return typeof event === 'string' ? `${String(step)} ${event}` : String(step);
    }
    case 'act':
      return String(operation.task['operation']);
    case 'switch':
      return operation.state === 'engaged' ? 'kill switch on' : 'kill switch off';
    case 'list-in-flight':
      return 'what is in flight';
    case 'vote':
      return `${operation.person} ${operation.verdict === 'approve' ? 'approves' : 'rejects'}`;
    case 'cancel':
      return 'nobody needs to decide any more';
    case 'settle':
      return 'the wait for people is over';
    case 'sweep':
      return 'looks at every lock';
    case 'recover-ended':
      return 'looks at an execution that ended';
    case 'set-target':
      return 'changes the target';
    case 'ask-person':
      return 'waits for a person';
    case 'undo':
      return 'undoes the change';
  }
}

function partOf(call: Call, outcome: Outcome, world: World): string {
  if ('error' in outcome) return `${verbOf(call, world)}: ${outcome.error}`;
  const { value } = outcome;
  switch (call.kind) {
    case 'clock':
      return '';
    case 'get':
    case 'query':
      return verbOf(call, world);
    case 'transact':
      return (value as { outcome: string }).outcome === 'committed'
        ? `writes ${call.ledger.length === 0 ? 'without a ledger entry' : call.ledger.join(' and ')}`
        : 'is refused to write';
    case 'target-read':
      return `reads the target (version ${(value as { functionVersion: string }).functionVersion})`;
    case 'target-write':
      return value === 'written' ? `SETS THE TARGET to version ${call.version}` : 'is refused by the target';
    case 'verdict':
      return `hears: ${value as string}`;
    case 'alarm':
      return `sees the alarm: ${value as string}`;
    case 'execution-state':
      return `sees ${named(call.name, world)}: ${(value as string).toLowerCase()}`;
    default:
      return verbOf(call, world);
  }
}

function verbOf(call: Call, world: World): string {
  switch (call.kind) {
    case 'get':
      return `reads ${nameOfKey(call.key.pk, world)}`;
    case 'query':
      return `lists ${nameOfKey(call.pk, world)}`;
    case 'transact':
      return 'writes';
    case 'object-find':
      return call.key.includes('.intent.') ? 'looks for the intent' : 'looks for the snapshot';
    case 'object-keep':
      return call.key.includes('.intent.') ? 'stores the intent' : 'stores the snapshot';
    case 'page':
      return `tells a person about ${named(call.changeId, world)}`;
    case 'start-execution':
      return `starts ${named(call.name, world)}`;
    case 'foreign-write':
      return `SETS THE TARGET to version ${call.version}`;
    case 'clock':
      return 'reads the time';
    case 'target-read':
      return 'reads the target';
    case 'target-write':
      return 'writes the target';
    case 'alarm':
      return 'looks at the alarm';
    case 'verdict':
      return 'waits for the answer';
    case 'execution-state':
      return `asks after ${named(call.name, world)}`;
  }
}

function nameOfKey(pk: string, world: World): string {
  if (pk.startsWith('CHANGE#')) return named(pk.slice('CHANGE#'.length), world);
  if (pk.startsWith('APPROVAL#')) return 'the approval';
  const names: Readonly<Record<string, string>> = { LOCK: 'the lock', SWITCH: 'the kill switch' };
  return names[pk] ?? pk.split('#')[0]?.toLowerCase() ?? pk;
}
