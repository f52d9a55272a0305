import type { Plan } from '../change/plan.ts';
import type { SwitchScope } from '../platform/kill-switch-scope.ts';
import type { VerdictQuestion } from './approval.ts';
import { samePerson } from './authority.ts';
import { showUntrusted } from './untrusted-text.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `14 Mar 2026, 14:05 UTC`: the same for every reader, whatever the browser's locale. */
export function moment(epochMs: number): string {
  const iso = new Date(epochMs).toISOString();
  const month = months[Number(iso.slice(5, 7)) - 1];
  return `${Number(iso.slice(8, 10))} ${month} ${iso.slice(0, 4)}, ${iso.slice(11, 16)} UTC`;
}

/** `14:05:09`, for lines under a date. */
export function clockTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 19);
}

/** `14:05 UTC` within a day from now, with its date beyond. */
export function until(epochMs: number, now: number): string {
  return epochMs - now < 86_400_000 ? `${clockTime(epochMs).slice(0, 5)} UTC` : moment(epochMs);
}

/** Rounded down, so that nobody is promised time that is not there. */
export function timeLeft(untilEpochMs: number, now: number): string {
  const minutes = Math.floor((untilEpochMs - now) / 60_000);
  if (untilEpochMs <= now) return 'no time left';
  if (minutes < 1) return 'less than a minute left';
  if (minutes < 120) return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} left`;
  return `${Math.floor(minutes / 60)} hours left`;
}

/** A share from 0 to 1 as whole percent. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A text from an alarm that is longer stands in full further down the page. */
export const longTextCharacters = 120;

/** The beginning of a text, where one sentence is wanted; a line of a long list has room for less. */
export function shortened(text: string, most = longTextCharacters): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** `environment#prod` → `environment prod`; the global switch is for `everything`. */
export function scopeName(scope: SwitchScope): string {
  return scope === 'global' ? 'everything' : showUntrusted(scope.replace('#', ' '));
}

/** A name that people choose for themselves, with the one that counts where that is another. */
export function personName(displayName: string, identityId: string): string {
  const name = showUntrusted(displayName);
  return samePerson(displayName, identityId) ? name : `${name} (${showUntrusted(identityId)})`;
}

const targetTypes = new Map([
  ['lambda-concurrency', 'Lambda reserved concurrency'],
  ['dynamodb-table', 'DynamoDB table'],
  ['sqs-queue', 'SQS queue'],
  ['ec2-instance', 'EC2 instance'],
  ['ecs-service', 'ECS service'],
  ['lambda-alias', 'Lambda alias'],
  ['ssm-parameter', 'SSM parameter'],
]);

/** What is changed, for people; a type we have no word for is shown as it stands. */
export function targetType(type: string): string {
  return targetTypes.get(type) ?? showUntrusted(type.replaceAll('-', ' '));
}

/** Longer values are only shown in full in the before → after panel. */
const headlineValueCharacters = 40;

/** The question in one line: `Change checkout:live from version 4 to version 3?` */
export function question(plan: Plan, verdictOn?: VerdictQuestion): string {
  if (verdictOn !== undefined) {
    return `Keep the change of ${plan.target === undefined ? 'the target' : onOneLine(plan.target.id)}?`;
  }
  const { target, effect } = plan;
  if (target === undefined) return `Carry out ${onOneLine(plan.action)}?`;
  const name = onOneLine(target.id);
  if (effect === undefined) return `Change ${name}?`;
  const [before, after] = [onOneLine(effect.before), onOneLine(effect.after)];
  if (Math.max(before.length, after.length) > headlineValueCharacters) return `Change ${name}?`;
  return `Change ${name} from ${before} to ${after}?`;
}

/** As it stands in a sentence: a line break in a value must not begin a sentence of its own. */
function onOneLine(text: string): string {
  return showUntrusted(text.replaceAll(/\s+/g, ' '));
}

const reasons = new Map([
  ['wrong-target', 'Wrong target'],
  ['wrong-timing', 'Wrong timing'],
  ['wrong-diagnosis', 'Wrong diagnosis'],
  ['never-again', 'Never do this'],
  ['other', 'Something else'],
]);

/** A rejection's closed word, in words. */
export function rejectReason(reason: string): string {
  return reasons.get(reason) ?? showUntrusted(reason);
}

/** `change.rolled-back` → `Change rolled back`. */
export function eventName(type: string): string {
  const words = type.replaceAll(/[.-]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `usableUntilEpochMs` → `usable until`; digests are shortened to twelve digits. */
export function detailLine(name: string, value: string | number | boolean): readonly [string, string] {
  const label = name
    .replace(/EpochMs$/, '')
    .replaceAll(/([A-Z])/g, ' $1')
    .toLowerCase();
  if (typeof value === 'number' && name.endsWith('EpochMs')) return [label, moment(value)];
  const text = String(value);
  return [label, /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : showUntrusted(text)];
}
