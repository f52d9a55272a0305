import { type AutonomyStage, autonomyStages } from '../platform/vocabulary.ts';
import { type ChainFault, type LedgerEntry, verifyChain } from './ledger-entry.ts';
import { controlOf, isAbout, type RecordedFact } from './recorded-fact.ts';

/** What checking a whole ledger found. */
export interface LedgerReport {
  readonly chains: number;
  readonly entries: number;
  readonly faults: readonly LedgerFault[];
}

/**
 * `missing-entry`: what a record or an entry rests on has left no entry in its chain (a removed tail is one way,
 * an item that somebody wrote by hand another). `contradicts-record`: an entry tells of something that the record
 * it is about does not know, as an entry appended by somebody else would, or a control put back to what it was.
 */
export interface LedgerFault {
  readonly chainId: string;
  readonly sequence: number;
  readonly fault: ChainFault['fault'] | 'missing-entry' | 'contradicts-record';
}

/**
 * Entries that count only with a record behind them: they are what lets a change happen, say how it ended, or call
 * for somebody to look. A finding that was closed stays closed, so an open one contradicts its closing.
 */
const backedTypes = new Set([
  'decision.made',
  'approval.approved',
  'approval.rejected',
  'approval.expired',
  'approval.cancelled',
  'change.started',
  'finding.opened',
  'finding.closed',
]);

/**
 * Chains of two days are held against each other by the clock: whoever waits for a crowd at midnight, as a kill
 * switch does for half a minute, comes late into the chain of the day before.
 */
const clockPatienceMs = 60_000;

/** A decision names an exception as its permit is named. */
const permitPrefix = /^exception-/;

/**
 * Checks every chain by itself, then against the records and against what its entries rest on: each fact has its
 * entry, each entry that lets something happen has its fact, each control is what was last said about it. A
 * removed tail whose controls are removed as well leaves no trace in the tables; the stream watcher reports the
 * removal.
 *
 * @param before Facts read before the entries: each of them must have its entry by now.
 * @param after Facts read after the entries: only then must each entry have its fact, since work goes on meanwhile.
 */
export function reportOn(
  entries: readonly LedgerEntry[],
  before: readonly RecordedFact[],
  after: readonly RecordedFact[] = before,
): LedgerReport {
  const written = Map.groupBy(entries, (entry) => entry.chainId);
  const faults: LedgerFault[] = [...written].flatMap(([chainId, members]) =>
    verifyChain(
      chainId,
      members.toSorted((a, b) => a.sequence - b.sequence),
    ),
  );
  // What is no entry is a fault of its chain already, and says nothing about anything.
  const sound = entries.filter(isReadable);
  const chains = Map.groupBy(sound, (entry) => entry.chainId);
  const ofFindings = sound.filter(({ type }) => type.startsWith('finding.'));
  for (const fact of before) {
    const members = chains.get(fact.chainId) ?? [];
    const candidates = fact.isInAnyChain === true ? ofFindings : members;
    if (candidates.some((entry) => isAbout(entry, fact))) continue;
    faults.push({ chainId: fact.chainId, sequence: members.length + 1, fault: 'missing-entry' });
  }
  const known = new Set(after.map(({ chainId, type, detail }) => keyOf(chainId, type, detail)));
  for (const entry of sound) {
    const isBacked =
      !backedTypes.has(entry.type) || known.has(keyOf(entry.chainId, entry.type, entry.detail));
    if (isBacked && !setsBeyondPublication(entry)) continue;
    faults.push(faultAt(entry, 'contradicts-record'));
  }
  faults.push(...supersededControls(sound, after), ...unfounded(sound, chains, before));
  return { chains: written.size, entries: entries.length, faults };
}

/**
 * Entries that a control does not know of although they came after the one that it does know: its item was put
 * back or removed. A control without any entry yet was set after the entries were read.
 */
function supersededControls(entries: readonly LedgerEntry[], after: readonly RecordedFact[]): LedgerFault[] {
  const facts = new Map(after.map((fact) => [fact.control, fact]));
  return [...Map.groupBy(entries, controlOf)].flatMap(([control, words]) => {
    if (control === undefined) return [];
    const fact = facts.get(control);
    const own = fact === undefined ? [] : words.filter((word) => isAbout(word, fact));
    if (fact !== undefined && own.length === 0) return [];
    const later = words.filter((word) => own.every((known) => isAfter(word, known)));
    const last = later.at(-1);
    return last === undefined ? [] : [faultAt(last, 'contradicts-record')];
  });
}

/** A publication takes stages away and gives none: whatever else its chain says of one, people had no part in it. */
function setsBeyondPublication(entry: LedgerEntry): boolean {
  if (!entry.chainId.startsWith('control#policy#') || controlOf(entry)?.startsWith('autonomy ') !== true)
    return false;
  const [from, to] = [entry.detail['from'], entry.detail['to']].map((stage) =>
    autonomyStages.indexOf(stage as AutonomyStage),
  );
  const isLower = from !== undefined && to !== undefined && to >= 0 && to < from;
  return entry.type !== 'autonomy.lowered' || !isLower;
}

function isAfter(entry: LedgerEntry, other: LedgerEntry): boolean {
  return entry.chainId === other.chainId
    ? entry.sequence > other.sequence
    : entry.atEpochMs > other.atEpochMs + clockPatienceMs;
}

/**
 * Entries that rest on what no entry tells of: a broken glass, an approved exception, a stage that was set. What
 * stands in other chains is looked for only for decisions recorded `before`: it was there when the reading began.
 */
function unfounded(
  entries: readonly LedgerEntry[],
  chains: ReadonlyMap<string, readonly LedgerEntry[]>,
  before: readonly RecordedFact[],
): LedgerFault[] {
  const decisions = new Map(
    before
      .filter(({ type }) => type === 'decision.made')
      .map((fact) => [keyOf(fact.chainId, fact.type, fact.detail), fact]),
  );
  const controls = Map.groupBy(
    entries.filter(({ chainId }) => /^control#(autonomy|exception|policy)#/.test(chainId)),
    controlOf,
  );
  const said = (control: string, what: (entry: LedgerEntry) => boolean, by: LedgerEntry): boolean =>
    controls.get(control)?.some((entry) => what(entry) && !isAfter(entry, by)) === true;
  const isFounded = (entry: LedgerEntry): boolean => {
    const { chainId, type, detail, sequence } = entry;
    const isOpening = (other: LedgerEntry) =>
      other.type === 'break-glass.opened' && other.sequence < sequence;
    if (detail['breakGlass'] === true && chains.get(chainId)?.some(isOpening) !== true) return false;
    const decision = decisions.get(keyOf(chainId, type, detail));
    if (decision === undefined) return true;
    const { stage, stageVersion, exceptionIds } = detail;
    const isSet = ({ detail: set }: LedgerEntry) => set['version'] === stageVersion && set['to'] === stage;
    return (
      (!(Number(stageVersion) > 0) || said(`autonomy ${String(decision.stageKey)}`, isSet, entry)) &&
      (exceptionIds === undefined ||
        String(exceptionIds)
          .split(', ')
          .every((id) =>
            said(
              `exception ${id.replace(permitPrefix, '')}`,
              (word) => word.type === 'exception.approved',
              entry,
            ),
          ))
    );
  };
  return entries.filter((entry) => !isFounded(entry)).map((entry) => faultAt(entry, 'missing-entry'));
}

function faultAt({ chainId, sequence }: LedgerEntry, fault: LedgerFault['fault']): LedgerFault {
  return { chainId, sequence, fault };
}

/** The id by which an entry of a backed type names its record. */
function keyOf(chainId: string, type: string, detail: Readonly<Record<string, unknown>>): string {
  const { planDigest, changeId, approvalId, findingId } = detail;
  if (type.startsWith('finding.')) return `${type} ${String(findingId)}`;
  const id = type === 'decision.made' ? planDigest : type === 'change.started' ? changeId : approvalId;
  return `${chainId} ${type} ${String(id)}`;
}

/** Whoever wrote it by hand may have left anything out. */
function isReadable({ type, detail, actor, atEpochMs }: Partial<LedgerEntry>): boolean {
  return (
    typeof type === 'string' &&
    typeof detail === 'object' &&
    typeof actor === 'object' &&
    typeof atEpochMs === 'number'
  );
}
