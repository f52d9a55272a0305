import { type ChainFault, type LedgerEntry, verifyChain } from './ledger-entry.ts';

/** What checking a whole ledger found. */
export interface LedgerReport {
  readonly chains: number;
  readonly entries: number;
  readonly faults: readonly LedgerFault[];
}

/**
 * `missing-entry`: a record that must have left an entry has none in its chain (a removed tail is one way).
 * `contradicts-record`: an entry tells of something that the record it is about does not know, as an entry
 * appended by somebody else would.
 */
export interface LedgerFault {
  readonly chainId: string;
  readonly sequence: number;
  readonly fault: ChainFault['fault'] | 'missing-entry' | 'contradicts-record';
}

/** What stands in `Operations` about one chain, written by other roles than most of the chain's entries. */
export interface RecordedFact {
  readonly chainId: string;
  /** Type of the entry that must stand in the chain: `decision.made`, `approval.approved`, `incident.closed`. */
  readonly type: string;
  /** Member of the entry's detail that names the record, and its value. */
  readonly about: readonly [member: string, id: string];
}

/** Entries that count only with a record behind them: they are what lets a change happen, or says how it ended. */
const backedTypes = new Set(['decision.made', 'approval.approved', 'approval.rejected', 'change.started']);

/**
 * Checks every chain by itself, then against the records: each fact has its entry, and each entry that lets
 * something happen has its fact. A removed tail of a control chain leaves no trace in the tables; the stream
 * watcher reports the removal.
 *
 * @param before Facts read before the entries: each of them must have its entry by now.
 * @param after Facts read after the entries: only then must each entry have its fact, since work goes on meanwhile.
 */
export function reportOn(
  entries: readonly LedgerEntry[],
  before: readonly RecordedFact[],
  after: readonly RecordedFact[] = before,
): LedgerReport {
  const chains = Map.groupBy(entries, (entry) => entry.chainId);
  const faults: LedgerFault[] = [...chains].flatMap(([chainId, members]) =>
    verifyChain(
      chainId,
      members.toSorted((a, b) => a.sequence - b.sequence),
    ),
  );
  const known = new Set(after.map(({ chainId, type, about: [, id] }) => keyOf(chainId, type, id)));
  for (const { chainId, type, about } of before) {
    const members = chains.get(chainId) ?? [];
    if (members.some((entry) => entry.type === type && isAbout(entry, about))) continue;
    faults.push({ chainId, sequence: members.length + 1, fault: 'missing-entry' });
  }
  for (const entry of entries) {
    if (!backedTypes.has(entry.type) || known.has(keyOf(entry.chainId, entry.type, subjectOf(entry))))
      continue;
    faults.push({ chainId: entry.chainId, sequence: entry.sequence, fault: 'contradicts-record' });
  }
  return { chains: chains.size, entries: entries.length, faults };
}

/** Facts that one item of `Operations` vouches for. */
export function factsOf(item: Readonly<Record<string, unknown>>): RecordedFact[] {
  const chainId = `incident#${String(item['incidentId'])}`;
  const fact = (type: string, member: string): RecordedFact => ({
    chainId,
    type,
    about: [member, String(item[member])],
  });
  const pk = String(item['pk']);
  // The count of an incident's denials stands beside its decisions.
  if (pk.startsWith('DECISION#') && item['planDigest'] !== undefined) {
    return [fact('decision.made', 'planDigest')];
  }
  if (item['sk'] === 'APPROVAL') {
    const status = item['status'];
    return status === 'approved' || status === 'rejected' ? [fact(`approval.${status}`, 'approvalId')] : [];
  }
  if (item['sk'] === 'CHANGE')
    return item['startedAtEpochMs'] === undefined ? [] : [fact('change.started', 'changeId')];
  if (item['sk'] === 'INCIDENT' && item['status'] === 'closed') {
    return [{ chainId, type: 'incident.closed', about: ['', ''] }];
  }
  return [];
}

function isAbout(entry: LedgerEntry, [member, id]: RecordedFact['about']): boolean {
  return member === '' || String(entry.detail[member]) === id;
}

/** The id by which an entry names its record. */
function subjectOf({ type, detail }: LedgerEntry): string {
  if (type === 'decision.made') return String(detail['planDigest']);
  return String(type === 'change.started' ? detail['changeId'] : detail['approvalId']);
}

function keyOf(chainId: string, type: string, id: string): string {
  return `${chainId} ${type} ${id}`;
}
