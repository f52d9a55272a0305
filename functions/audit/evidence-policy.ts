import { type ExceptionState, exceptionStates } from '../platform/vocabulary.ts';
import {
  type EvidenceInput,
  entryId,
  type Figure,
  figure,
  inPeriod,
  minute,
  ofType,
  percent,
  text,
} from './evidence-figure.ts';
import type { LedgerEntry } from './ledger-entry.ts';

const dayMs = 86_400_000;

/** Pattern 3: which policies were in force, what they blocked, and who was exempt until when. */
export function policyEvidence(input: EvidenceInput): Figure[] {
  return [
    policyVersions(input),
    decidedUnder(input),
    blocked(input),
    stoppedAtTheGate(input),
    exceptions(input),
  ];
}

function policyVersions(input: EvidenceInput): Figure {
  const published = inPeriod(input, 'policy.published');
  const inForce = ofType(input.entries, 'policy.published').findLast(
    ({ atEpochMs }) => atEpochMs < input.period.toEpochMs,
  );
  return figure({
    evidence: 'Policy versions and change history',
    title: 'Policy sets published',
    population: { what: 'publications in the period', count: published.length },
    query: 'policy.published; the version is the digest of all policy files',
    value: () =>
      `${new Set(published.map((entry) => text(entry, 'policyDigest'))).size} versions published; in force at the end: ${short(text(inForce, 'policyDigest'))}`,
    table: {
      head: ['when', 'policy digest', 'by', 'artefact'],
      rows: published.map((entry) => [
        minute(entry.atEpochMs),
        short(text(entry, 'policyDigest')),
        `${entry.actor.kind} ${entry.actor.id}`,
        short(entry.artefactVersion),
      ]),
    },
    samples: published,
  });
}

/** A decision under a version that nobody published would have no history behind it. */
function decidedUnder(input: EvidenceInput): Figure {
  const decided = inPeriod(input, 'decision.made');
  const published = new Set(
    ofType(input.entries, 'policy.published').map((entry) => text(entry, 'policyDigest')),
  );
  const groups = Map.groupBy(decided, (entry) => text(entry, 'policyDigest') ?? 'unknown');
  const unpublished = [...groups.keys()].filter((digest) => !published.has(digest));
  return figure({
    evidence: 'Policy versions and change history',
    title: 'Decisions by the policy version they were made under',
    population: { what: 'plans decided on in the period', count: decided.length },
    query: 'decision.made by detail.policyDigest, held against policy.published',
    value: () =>
      unpublished.length === 0
        ? `all under published versions (${groups.size})`
        : `UNPUBLISHED: ${unpublished.map(short).join(', ')}`,
    table: {
      head: ['policy digest', 'decisions', 'published'],
      rows: [...groups].map(([digest, members]) => [
        short(digest),
        String(members.length),
        published.has(digest) ? 'yes' : 'NO',
      ]),
    },
    samples: unpublished.flatMap((digest) => groups.get(digest) ?? []).concat(decided),
  });
}

function blocked(input: EvidenceInput): Figure {
  const decided = inPeriod(input, 'decision.made');
  const denied = decided.filter((entry) => text(entry, 'outcome') === 'deny');
  const variants = inPeriod(input, 'decision.denied-variant');
  const cutOff = inPeriod(input, 'agent.cut-off');
  const byClause = Map.groupBy(denied, (entry) => text(entry, 'clause') ?? 'unknown');
  return figure({
    evidence: 'Blocked-action logs',
    title: 'Plans denied, by the clause that denied them',
    population: { what: 'plans decided on in the period', count: decided.length },
    query:
      'decision.made with outcome deny, by detail.clause; decision.denied-variant and agent.cut-off beside it',
    value: () =>
      `${denied.length} of ${decided.length} denied (${percent(denied.length, decided.length)}); ${variants.length} variants of a denied proposal, ${cutOff.length} agents cut off`,
    table: {
      head: ['clause', 'denied', 'samples'],
      rows: [...byClause]
        .toSorted(([, a], [, b]) => b.length - a.length)
        .map(([clause, members]) => [
          clause,
          String(members.length),
          members.slice(0, 3).map(entryId).join(', '),
        ]),
    },
    samples: denied,
  });
}

/** The runtime check: permitted when it was decided, and not any more at the moment of the start. */
function stoppedAtTheGate(input: EvidenceInput): Figure {
  const ended = inPeriod(input, 'change.refused', 'change.stopped');
  const byReason = Map.groupBy(ended, (entry) => text(entry, 'reason') ?? 'no reason given');
  return figure({
    evidence: 'Blocked-action logs',
    title: 'Changes refused or stopped before anything was altered',
    population: { what: 'changes that ended like this in the period', count: ended.length },
    query: 'change.refused and change.stopped, by detail.reason',
    value: () => `${ended.length} changes`,
    table: {
      head: ['reason', 'changes'],
      rows: [...byReason].map(([reason, members]) => [reason, String(members.length)]),
    },
    samples: ended,
  });
}

function exceptions(input: EvidenceInput): Figure {
  const { nowEpochMs, period } = input;
  const known = input.exceptions
    .filter(({ requestedAtEpochMs }) => requestedAtEpochMs < period.toEpochMs)
    .toSorted((a, b) => a.expiresAtEpochMs - b.expiresAtEpochMs);
  const count = (state: ExceptionState): number => known.filter((each) => each.state === state).length;
  const ids = new Set(known.map(({ exceptionId }) => exceptionId));
  return figure({
    evidence: 'Exception register with expiry and owners',
    title: 'Temporary overrides of the allowlist',
    population: { what: 'exceptions requested before the end of the period', count: known.length },
    query: 'EXCEPTION records, each with its owner, ticket, expiry, and state now',
    value: () => exceptionStates.map((state) => `${count(state)} ${state}`).join(', '),
    note: 'in-force: permits now; expired: approved, over and ignored; lapsed: nobody decided before its end',
    table: {
      head: ['exception', 'owner', 'ticket', 'state', 'expires', 'age'],
      rows: known.map((exception) => [
        exception.exceptionId,
        exception.owner === '' ? 'NO OWNER' : exception.owner,
        exception.ticket === '' ? 'NO TICKET' : exception.ticket,
        exception.state,
        minute(exception.expiresAtEpochMs),
        `${Math.max(0, Math.floor((nowEpochMs - exception.requestedAtEpochMs) / dayMs))} d`,
      ]),
    },
    samples: exceptionEntries(input.entries, ids),
  });
}

function exceptionEntries(entries: readonly LedgerEntry[], ids: ReadonlySet<string>): LedgerEntry[] {
  return ofType(
    entries,
    'exception.requested',
    'exception.approved',
    'exception.rejected',
    'exception.revoked',
  ).filter((entry) => ids.has(text(entry, 'exceptionId') ?? ''));
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'unknown' : digest.slice(0, 12);
}
