/** An instant as policies see it, in UTC. */
export interface PolicyTime {
  readonly weekday: (typeof weekdays)[number];
  /** 0…23. */
  readonly hourUtc: number;
  /** Month × 100 + day: 20 December is 1220. A range over New Year is two comparisons. */
  readonly monthDay: number;
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

export function policyTimeOf(nowEpochMs: number): PolicyTime {
  const now = new Date(nowEpochMs);
  return {
    weekday: weekdays[now.getUTCDay()] ?? 'sun',
    hourUtc: now.getUTCHours(),
    monthDay: (now.getUTCMonth() + 1) * 100 + now.getUTCDate(),
  };
}
