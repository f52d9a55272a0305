/** One table of figures, all from one run. */
export interface FigureTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Something measured side by side with what it could be instead. */
export interface Benchmark {
  readonly title: string;
  /** How it is measured, in a sentence or two: it stands beside the figures. */
  readonly how: string;
  readonly measure: (progress: (line: string) => void) => Promise<FigureTable>;
}

/** The value below which the given share (0…1) of the sorted samples lies: nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** `1.8×`: how many times the first is of the second. */
export function ratio(of: number, to: number): string {
  return `${(of / to).toFixed(2)}×`;
}
