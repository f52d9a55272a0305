/** Milliseconds since 1970-01-01T00:00:00Z. Rules never read a clock: they are given one of these values. */
export type EpochMs = number;

/** Where a handler or store takes the time from; tests pass a literal instant. */
export type Clock = () => EpochMs;

export const systemClock: Clock = () => Date.now();
