import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until there is something. @throws Error when the time is up. */
export async function eventually<Found>(
  look: () => Promise<Found | undefined>,
  timeoutSeconds = 60,
): Promise<Found> {
  const until = Date.now() + timeoutSeconds * 1_000;
  while (Date.now() < until) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(150);
  }
  throw new Error(`it did not happen within ${timeoutSeconds} s`);
}
