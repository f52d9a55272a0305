import { approvalRecords } from './evidence-approvals.ts';
import { decisionsOf, startedChanges } from './evidence-begun.ts';
import {
  type EvidenceInput,
  type Figure,
  figure,
  inPeriod,
  minute,
  noData,
  ofType,
  percent,
  text,
} from './evidence-figure.ts';
import type { LedgerEntry } from './ledger-entry.ts';

const dayMs = 86_400_000;
/** How long before and after a change of stage incidents are counted. */
const rateWindowMs = 7 * dayMs;
/** A rate over less than this says nothing. */
const leastWindowMs = 3_600_000;

/** Pattern 1: how much runs at which risk, who approved it, and what each stage did to the incident rate. */
export function rolloutEvidence(input: EvidenceInput): Figure[] {
  return [actionsByTier(input), proposalsByTier(input), approvalRecords(input), incidentRates(input)];
}

function actionsByTier(input: EvidenceInput): Figure {
  const started = startedChanges(input);
  const decisionOn = decisionsOf(input);
  const tiers = Map.groupBy(started, (entry) => text(decisionOn(entry), 'tier') ?? 'unknown');
  return figure({
    evidence: '% actions by risk tier',
    title: 'Changes begun, by risk tier',
    population: { what: 'changes begun in the period', count: started.length },
    query: 'change.started, once for each changeId; tier from decision.made of the same planDigest',
    value: () => percentages(tiers, started.length),
    table: tableOf(tiers, started.length),
    samples: started,
  });
}

/** Where nothing may start by itself, what was proposed still shows how dangerous the work is. */
function proposalsByTier(input: EvidenceInput): Figure {
  const decided = inPeriod(input, 'decision.made');
  const groups = Map.groupBy(
    decided,
    (entry) => `${text(entry, 'tier') ?? 'no tier'}: ${text(entry, 'outcome') ?? 'unknown'}`,
  );
  return figure({
    evidence: '% actions by risk tier',
    title: 'Plans decided, by risk tier and outcome',
    population: { what: 'plans decided on in the period', count: decided.length },
    query: 'decision.made, by detail.tier and detail.outcome; an action outside the catalogue has no tier',
    value: () => percentages(groups, decided.length),
    table: tableOf(groups, decided.length),
    samples: decided,
  });
}

/** What sets a stage at run time, over whatever is declared from then on. */
const settingTypes = ['autonomy.raised', 'autonomy.lowered', 'autonomy.lowered-automatically'];

function incidentRates(input: EvidenceInput): Figure {
  const set = ofType(input.entries, ...settingTypes);
  const isOverridden = (entry: LedgerEntry) =>
    entry.type === 'autonomy.declared' &&
    set.some((other) => placeOf(other) === placeOf(entry) && other.atEpochMs <= entry.atEpochMs);
  const changes = inPeriod(input, ...settingTypes, 'autonomy.declared').filter(
    (entry) => !isOverridden(entry),
  );
  const opened = ofType(input.entries, 'incident.opened');
  const earliest = input.entries.reduce((least, { atEpochMs }) => Math.min(least, atEpochMs), Infinity);
  const latest = Math.min(input.nowEpochMs, input.period.toEpochMs);
  const rows = changes.map((change) => {
    const at = change.atEpochMs;
    const neighbours = changes.filter((other) => other !== change && placeOf(other) === placeOf(change));
    const from = Math.max(earliest, at - rateWindowMs, ...neighbours.map(timeOf).filter((time) => time < at));
    const to = Math.min(latest, at + rateWindowMs, ...neighbours.map(timeOf).filter((time) => time > at));
    return [
      minute(at),
      placeOf(change),
      `${text(change, 'from') ?? text(change, 'previous') ?? 'unknown'} → ${text(change, 'to') ?? text(change, 'stage') ?? 'unknown'}`,
      rate(opened, from, at),
      rate(opened, at, to),
    ];
  });
  return figure({
    evidence: 'Incident rate before/after each stage',
    title: 'Incidents opened a day, before and after each change of stage',
    population: { what: 'changes of stage in the period', count: changes.length },
    query:
      'autonomy.raised, autonomy.lowered (by people, or by publishing a lower declaration) and autonomy.lowered-automatically; autonomy.declared where no stage was set at run time until then: elsewhere it changes nothing; incident.opened in up to 7 days before and after each, cut off at the next change of the same place and at the ends of what is recorded',
    value: () => rows.map(([, , stages, before, after]) => `${stages}: ${before} → ${after}`).join('; '),
    table: { head: ['when', 'place', 'stage', 'before', 'after'], rows },
    samples: changes,
    note: 'All incidents of the environment count: an incident is opened before anybody knows which action it will need.',
  });
}

function rate(opened: readonly LedgerEntry[], from: number, to: number): string {
  if (to - from < leastWindowMs) return noData;
  const count = opened.filter(({ atEpochMs }) => atEpochMs >= from && atEpochMs < to).length;
  const days = (to - from) / dayMs;
  return `${(count / days).toFixed(2)} a day (${count} in ${days.toFixed(1)} d)`;
}

const timeOf = ({ atEpochMs }: LedgerEntry): number => atEpochMs;
const placeOf = (entry: LedgerEntry): string =>
  ['environment', 'agentRole', 'actionClass'].map((part) => text(entry, part) ?? 'unknown').join('#');

function percentages(groups: ReadonlyMap<string, readonly LedgerEntry[]>, of: number): string {
  return [...groups]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, members]) => `${name} ${percent(members.length, of)}`)
    .join(', ');
}

function tableOf(
  groups: ReadonlyMap<string, readonly LedgerEntry[]>,
  of: number,
): NonNullable<Figure['table']> {
  return {
    head: ['group', 'count', 'share'],
    rows: [...groups]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, members]) => [name, String(members.length), percent(members.length, of)]),
  };
}
