import { timeLeft } from '../../words.ts';

/** The time until an instant, which `/countdown.js` counts down; without it, as it was when the page was made. */
export function TimeLeft({ until, now }: { until: number; now: number }) {
  return <time datetime={new Date(until).toISOString()}>{timeLeft(until, now)}</time>;
}
