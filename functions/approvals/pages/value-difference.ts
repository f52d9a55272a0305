/** One value beside the other: what both begin with, what only this one has, what both end with. */
export interface ValueParts {
  readonly start: string;
  readonly changed: string;
  readonly end: string;
}

/** Where two values differ: the longest beginning and the longest ending that both have is left out of `changed`. */
export function differenceOf(before: string, after: string): { before: ValueParts; after: ValueParts } {
  // By code points, so that no character is torn apart.
  const [one, other] = [Array.from(before), Array.from(after)];
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const parts = (value: readonly string[]): ValueParts => ({
    start: value.slice(0, start).join(''),
    changed: value.slice(start, value.length - end).join(''),
    end: value.slice(value.length - end).join(''),
  });
  return { before: parts(one), after: parts(other) };
}
