import type { Item, ItemKey, Write } from './dynamodb.ts';
import { itemKeys } from './item-keys.ts';

/** What a kill switch covers: everything, one environment, one agent role, or one action of the catalogue. */
export type SwitchScope = 'global' | `environment#${string}` | `agent#${string}` | `action#${string}`;

/** What is about to be started, as far as kill switches can tell it apart. */
export interface SwitchSubject {
  readonly environment: string;
  readonly agentRole: string;
  /** Action id in the catalogue. */
  readonly action: string;
}

/** Everything but `released` stops; `unreadable` is kept apart only so that people can be told. */
export type KillSwitchReading = 'engaged' | 'released' | 'unreadable';

/** How the switches over one subject stand, and the widest one that stops it. */
export interface KillSwitchesReading {
  readonly reading: KillSwitchReading;
  /** Absent when released. */
  readonly scope?: SwitchScope;
}

/** Which switches are engaged, the global one first; `unreadable` counts as every one. */
export type EngagedSwitches = readonly SwitchScope[] | 'unreadable';

/** @param items Every switch that was ever written. */
export function engagedAmong(items: readonly Item[]): SwitchScope[] {
  const written = new Map(items.map((item) => [String(item['sk']) as SwitchScope, item]));
  const scopes = new Set<SwitchScope>(['global', ...written.keys()]);
  return [...scopes].filter((scope) => stateOf(scope, written.get(scope)) === 'engaged');
}

/** How the switches over a subject stand, out of all of them. */
export function switchesOver(engaged: EngagedSwitches, subject: SwitchSubject): KillSwitchesReading {
  if (engaged === 'unreadable') return { reading: 'unreadable', scope: 'global' };
  const scope = scopesOver(subject).find((each) => engaged.includes(each));
  return scope === undefined ? { reading: 'released' } : { reading: 'engaged', scope };
}

/** Every switch that stops this subject, widest first. */
export function scopesOver({ environment, agentRole, action }: SwitchSubject): SwitchScope[] {
  return ['global', `environment#${environment}`, `agent#${agentRole}`, `action#${action}`];
}

/**
 * How one switch stands. The global one is released only when its item says so in so many words: a new
 * deployment does nothing. A narrower one that was never written covers nothing; one that was altered is engaged.
 */
export function stateOf(scope: SwitchScope, item: Item | undefined): 'engaged' | 'released' {
  if (item === undefined) return scope === 'global' ? 'engaged' : 'released';
  return item['engaged'] === false ? 'released' : 'engaged';
}

/** Conditions of a transaction: each switch over the subject is released at that moment. In the order of {@link scopesOver}. */
export function killSwitchChecks(controlsTable: string, subject: SwitchSubject): Write[] {
  return scopesOver(subject).map((scope) =>
    releasedCheck(controlsTable, itemKeys.killSwitch(scope), scope === 'global' ? 'engaged' : 'released'),
  );
}

/**
 * The condition every start hangs on: this switch is released at the moment of the transaction. The heartbeat
 * tries the very same condition on a switch of its own.
 *
 * @param missing What a switch that was never written counts as.
 */
export function releasedCheck(
  controlsTable: string,
  key: ItemKey,
  missing: 'engaged' | 'released',
): Write & { readonly kind: 'check' } {
  return {
    kind: 'check',
    table: controlsTable,
    key,
    condition: missing === 'engaged' ? 'engaged = :off' : 'attribute_not_exists(pk) OR engaged = :off',
    values: { ':off': false },
  };
}

/** Whether a switch covers something under way; a member that is not known counts as covered. */
export function covers(scope: SwitchScope, subject: Partial<SwitchSubject>): boolean {
  const { environment, agentRole, action } = subject;
  return (
    scope === 'global' ||
    (scope.startsWith('environment#') && isOrMayBe(scope, 'environment', environment)) ||
    (scope.startsWith('agent#') && isOrMayBe(scope, 'agent', agentRole)) ||
    (scope.startsWith('action#') && isOrMayBe(scope, 'action', action))
  );
}

function isOrMayBe(scope: SwitchScope, kind: string, name: string | undefined): boolean {
  return name === undefined || scope === `${kind}#${name}`;
}
