import { describe, expect, it } from 'vitest';
import { lookThenWrite } from '../../../functions/change/actions/look-then-write.ts';
import type { TargetReading, TargetWrite } from '../../../functions/change/actions/target.ts';

function attempt(reading: TargetReading<number>, write: () => Promise<TargetWrite>) {
  const sent: number[] = [];
  const outcome = lookThenWrite({
    service: 'ECS',
    read: async () => reading,
    isStill: (count) => count === 2,
    write: (count) => {
      sent.push(count);
      return write();
    },
  });
  return { outcome, sent };
}
const written = async (): Promise<TargetWrite> => ({ outcome: 'written' });
const fails = (name: string, $fault?: string) => async (): Promise<TargetWrite> => {
  throw Object.assign(new Error('no'), { name, ...($fault === undefined ? {} : { $fault }) });
};
const found = { outcome: 'found', state: 2 } as const;

describe('a write without a condition', () => {
  it('is sent when the target is still as it was, with what was seen', async () => {
    const { outcome, sent } = attempt(found, written);
    expect(await outcome).toStrictEqual({ outcome: 'written' });
    expect(sent).toStrictEqual([2]);
  });

  it.each([
    ['has moved on', { outcome: 'found', state: 3 }],
    ['is gone', { outcome: 'refused', reason: 'the service does not exist' }],
  ] as const)('is not sent when the target %s', async (_, reading) => {
    const { outcome, sent } = attempt(reading, written);
    expect(await outcome).toStrictEqual({ outcome: 'target-changed' });
    expect(sent).toStrictEqual([]);
  });

  it('has failed, by the name of the error, when the request was to blame', async () => {
    expect(await attempt(found, fails('ServiceNotActiveException', 'client')).outcome).toStrictEqual({
      outcome: 'failed',
      reason: 'ECS refused the change: ServiceNotActiveException',
    });
  });

  it('is to be tried again when the service had no time for it', async () => {
    await expect(attempt(found, fails('ThrottlingException', 'client')).outcome).rejects.toMatchObject({
      name: 'DependencyUnavailableError',
      retryable: true,
    });
  });

  it.each([['server'], [undefined]])(
    'is left open after a fault of %s: it may have been made',
    async (fault) => {
      await expect(attempt(found, fails('ServerException', fault)).outcome).rejects.toMatchObject({
        name: 'ServerException',
      });
    },
  );
});
