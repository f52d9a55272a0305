import { type ChainFault, type LedgerEntry, verifyChain } from './ledger-entry.ts';

/** What checking a whole ledger found. */
export interface LedgerReport {
  readonly chains: number;
  readonly entries: number;
  readonly faults: readonly (ChainFault | MissingEnd)[];
}

/** A closed incident whose chain does not hold its closing entry: the tail was removed. */
export interface MissingEnd {
  readonly chainId: string;
  readonly sequence: number;
  readonly fault: 'missing-end';
}

/**
 * Checks every chain, and that each closed incident's chain still holds its closing entry. A removed tail of
 * a control chain, or of an incident still open, leaves no trace in the table itself; the stream watcher
 * reports the removal.
 *
 * @param closedChains Chains that must hold an `incident.closed` entry.
 */
export function reportOn(entries: readonly LedgerEntry[], closedChains: readonly string[]): LedgerReport {
  const chains = Map.groupBy(entries, (entry) => entry.chainId);
  const faults: (ChainFault | MissingEnd)[] = [...chains].flatMap(([chainId, members]) =>
    verifyChain(
      chainId,
      members.toSorted((a, b) => a.sequence - b.sequence),
    ),
  );
  for (const chainId of closedChains) {
    const members = chains.get(chainId) ?? [];
    if (members.some((entry) => entry.type === 'incident.closed')) continue;
    faults.push({ chainId, sequence: members.length + 1, fault: 'missing-end' });
  }
  return { chains: chains.size, entries: entries.length, faults };
}
