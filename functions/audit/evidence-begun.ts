import { type EvidenceInput, ofType, text } from './evidence-figure.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** A progressive change passes the gate once for each step: it is one change, and its first start counts. */
export function startedChanges(input: EvidenceInput): LedgerEntry[] {
  const seen = new Set<string | undefined>();
  return ofType(input.entries, 'change.started')
    .filter((entry) => {
      const changeId = text(entry, 'changeId');
      if (seen.has(changeId)) return false;
      seen.add(changeId);
      return true;
    })
    .filter(({ atEpochMs }) => atEpochMs >= input.period.fromEpochMs && atEpochMs < input.period.toEpochMs);
}

/** Looks up the decision that a change rests on. */
export function decisionsOf({ entries }: EvidenceInput): (started: LedgerEntry) => LedgerEntry | undefined {
  const key = (entry: LedgerEntry): string => `${entry.chainId} ${text(entry, 'planDigest') ?? ''}`;
  const decisions = new Map(ofType(entries, 'decision.made').map((entry) => [key(entry), entry]));
  return (started) => decisions.get(key(started));
}
