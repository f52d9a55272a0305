import type { TargetReading, TargetWrite } from './target.ts';
import { unavailableIfTransient } from './transient-error.ts';

/** What a write to an API without conditions needs. */
export interface LookThenWrite<State> {
  /** For messages, such as `ECS`. */
  readonly service: string;
  readonly read: () => Promise<TargetReading<State>>;
  /** The target is still as it was when the write was decided on. */
  readonly isStill: (state: State) => boolean;
  /** Sends the write once; given what was read right before. */
  readonly write: (state: State) => Promise<TargetWrite>;
}

/**
 * Writes to a target whose API knows no condition: looks once more right before the write. Somebody who
 * writes between that look and our write is not seen here:
 *
 *     ours      look ──────────── write
 *     theirs           write                lost to ours
 *
 * A request that the service refused wrote nothing and is an outcome; anything else may have been carried out
 * and is thrown.
 */
export async function lookThenWrite<State>(given: LookThenWrite<State>): Promise<TargetWrite> {
  const { service } = given;
  const reading = await given.read();
  if (reading.outcome === 'refused' || !given.isStill(reading.state)) return { outcome: 'target-changed' };
  try {
    return await given.write(reading.state);
  } catch (error) {
    const thrown = unavailableIfTransient(error, service);
    if (isClientFault(thrown)) {
      return { outcome: 'failed', reason: `${service} refused the change: ${thrown.name}` };
    }
    throw thrown;
  }
}

/** Every SDK marks what the request itself is to blame for. */
function isClientFault(error: unknown): error is Error {
  return error instanceof Error && '$fault' in error && error.$fault === 'client';
}
