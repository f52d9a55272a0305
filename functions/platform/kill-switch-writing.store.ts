import { ExponentialBackoff, handleType, retry } from 'cockatiel';
import type { EpochMs } from './clock.ts';
import type { Write } from './dynamodb.ts';
import { DependencyUnavailableError } from './errors.ts';
import { controlChain, itemKeys } from './item-keys.ts';
import type { SwitchScope } from './kill-switch-scope.ts';

/** Who switches, how and why. */
export interface SwitchSetting {
  readonly state: 'engaged' | 'released';
  readonly scope: SwitchScope;
  readonly reason: string;
  readonly actor: { readonly kind: 'system' | 'agent' | 'person'; readonly id: string };
}

/** The ledger, as far as it is needed here: the platform stands below it. */
interface SwitchLedger {
  commit(
    chainId: string,
    events: readonly {
      readonly type: string;
      readonly atEpochMs: EpochMs;
      readonly actor: SwitchSetting['actor'];
      readonly detail: Readonly<Record<string, string>>;
    }[],
    writes: readonly Write[],
  ): Promise<{ readonly outcome: 'committed' | 'refused' }>;
}

/**
 * Every change that starts checks the switch, and DynamoDB lets one transaction on an item win: a person who
 * stops many at once is asked for patience, not told to try again. Some half a minute at the longest.
 */
const throughTheCrowd = retry(handleType(DependencyUnavailableError), {
  maxAttempts: 20,
  backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 2_000 }),
});

/**
 * Switches, with its ledger entry. Once this returns with `engaged`, no authorise transaction of what the
 * scope covers can commit: each of them checks this item.
 *
 * @param controlsTable Where the switches stand.
 * @throws DependencyUnavailableError `kill-switch.not-written`, or what kept the transaction from going through.
 */
export async function writeKillSwitch(
  ledger: SwitchLedger,
  controlsTable: string,
  { state, scope, reason, actor }: SwitchSetting,
  nowEpochMs: EpochMs,
): Promise<void> {
  const event = { type: `kill-switch.${state}`, atEpochMs: nowEpochMs, actor, detail: { scope, reason } };
  const item = {
    ...itemKeys.killSwitch(scope),
    engaged: state === 'engaged',
    reason,
    changedBy: actor.id,
    changedAtEpochMs: nowEpochMs,
  };
  const result = await throughTheCrowd.execute(() =>
    ledger.commit(
      controlChain('kill-switch', nowEpochMs),
      [event],
      [{ kind: 'put', table: controlsTable, item }],
    ),
  );
  if (result.outcome === 'refused') {
    throw new DependencyUnavailableError(
      'kill-switch.not-written',
      'the kill switch could not be written; try again',
    );
  }
}
