import type { ExceptionState } from '../platform/vocabulary.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** From this instant, before that one. */
export interface EvidencePeriod {
  readonly fromEpochMs: number;
  readonly toEpochMs: number;
}

/** A temporary override of the allowlist, as far as the register shows it. */
export interface RegisteredException {
  readonly exceptionId: string;
  readonly owner: string;
  readonly ticket: string;
  /** Now; `unknown` where its record says no status that there is. */
  readonly state: ExceptionState | 'unknown';
  readonly requestedAtEpochMs: number;
  readonly expiresAtEpochMs: number;
}

export interface EvidenceInput {
  /** The whole ledger: what lies outside the period still says what an entry in it belongs to. */
  readonly entries: readonly LedgerEntry[];
  readonly exceptions: readonly RegisteredException[];
  readonly period: EvidencePeriod;
  readonly nowEpochMs: number;
}

/** One line of evidence: what was asked, over what, how it was counted, what came out, and where to look. */
export interface Figure {
  /** The line of the pattern's "Evidence of compliance" that this shows. */
  readonly evidence: string;
  readonly title: string;
  readonly population: { readonly what: string; readonly count: number };
  /** How it was counted, in words that name entry types. */
  readonly query: string;
  /** In words; `no data` where the population is empty: nothing counted is not a rate of nothing. */
  readonly value: string;
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** At most three entries, as `<chain>/<sequence>`. */
  readonly samples: readonly string[];
  /** What a reader must know to read it right. */
  readonly note?: string;
}

export const noData = 'no data';

/** A figure that says `no data` by itself when there is none. */
export function figure(
  parts: Omit<Figure, 'samples' | 'value'> & {
    readonly value: () => string;
    readonly samples: readonly LedgerEntry[];
  },
): Figure {
  const { value, samples, ...rest } = parts;
  return {
    ...rest,
    value: rest.population.count === 0 ? noData : value(),
    samples: samples.slice(0, 3).map(entryId),
  };
}

/** Where an entry stands. */
export function entryId({ chainId, sequence }: LedgerEntry): string {
  return `${chainId}/${sequence}`;
}

/** Entries of one type, or of some, within the period, oldest first. */
export function inPeriod({ entries, period }: EvidenceInput, ...types: readonly string[]): LedgerEntry[] {
  return ofType(entries, ...types).filter(
    ({ atEpochMs }) => atEpochMs >= period.fromEpochMs && atEpochMs < period.toEpochMs,
  );
}

/** Entries of one type, or of some, oldest first. */
export function ofType(entries: readonly LedgerEntry[], ...types: readonly string[]): LedgerEntry[] {
  return entries
    .filter(({ type }) => types.includes(type))
    .toSorted((a, b) => a.atEpochMs - b.atEpochMs || a.sequence - b.sequence);
}

/** `2 of 3 (66.7 %)`. */
export function share(count: number, of: number): string {
  return of === 0 ? noData : `${count} of ${of} (${percent(count, of)})`;
}

/** `66.7 %`. */
export function percent(count: number, of: number): string {
  return `${((100 * count) / of).toFixed(1)} %`;
}

/** Median and longest of some durations, in seconds. */
export function durations(ms: readonly number[]): string {
  if (ms.length === 0) return noData;
  const sorted = ms.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
  return `median ${seconds(median)}, longest ${seconds(sorted.at(-1) ?? 0)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** A member of an entry's detail as text; `undefined` where there is none. */
export function text(entry: LedgerEntry | undefined, member: string): string | undefined {
  const value = entry?.detail[member];
  return value === undefined ? undefined : String(value);
}

/** `2026-11-23T03:27Z`, short enough for a table. */
export function minute(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 16)}Z`;
}
