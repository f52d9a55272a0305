import type { LedgerEntry } from '../functions/audit/ledger-entry.ts';

/** One line of the timeline: what happened, in the words of the README, and what is worth knowing about it. */
export interface Step {
  readonly what: string;
  readonly more: string;
  /** How the line is marked: progress, something good, something refused or undone. */
  readonly mood: 'neutral' | 'good' | 'bad' | 'waiting';
}

type Detail = LedgerEntry['detail'];
type Describe = (detail: Detail, entry: LedgerEntry) => string;

const seconds = (ms: unknown): string => `${(Number(ms) / 1_000).toFixed(1)} s`;
const short = (digest: unknown): string => String(digest).slice(0, 12);
const plural = (count: unknown, word: string): string => `${String(count)} ${word}${count === 1 ? '' : 's'}`;

const vote: Describe = (d, { actor }) => {
  const via = d['via'] === undefined || d['via'] === 'page' ? '' : `, by ${String(d['via'])}`;
  const standsIn = d['onBehalfOf'] === undefined ? '' : ` for ${String(d['onBehalfOf'])}`;
  return `${actor.id}${standsIn} says ${String(d['verdict'])}${via}`;
};

const known: Readonly<Record<string, { what: string; mood?: Step['mood']; more?: Describe }>> = {
  'signal.received': {
    what: 'signal received',
    more: (d) => `${d['resourceType']} ${d['resourceId']}, severity ${d['severity']}, queue ${d['priority']}`,
  },
  'signal.recovered': { what: 'signal recovered', mood: 'good', more: () => 'the alarm is OK again' },
  'incident.opened': { what: 'incident opened', more: (d) => String(d['incidentId']) },
  'triage.asked': { what: 'triage asks the model', more: (d) => `prompt ${short(d['promptDigest'])}` },
  'triage.answered': {
    what: 'model answered',
    more: (d) =>
      `${d['modelId']} (${d['runtime']}) in ${seconds(d['latencyMs'])}, confidence ${d['confidence']}, ${plural(d['plans'], 'plan')}`,
  },
  'plan.proposed': {
    what: 'plan proposed',
    more: (d) =>
      `${d['action']}${d['targetKey'] === undefined ? '' : ` on ${d['targetKey']}`}, digest ${short(d['planDigest'])}`,
  },
  'decision.made': {
    what: 'decision',
    more: (d) => `${d['outcome']}: ${d['reason']} [${d['clause']}]`,
  },
  'approval.requested': { what: 'approval needed', mood: 'waiting' },
  'approval.voted': { what: 'vote', more: vote },
  'approval.approved': { what: 'approved', mood: 'good', more: (d) => `by ${d['approvers']}` },
  'approval.rejected': { what: 'rejected', mood: 'bad' },
  'approval.expired': { what: 'approval expired', mood: 'bad', more: () => 'nobody answered: a rejection' },
  'approval.cancelled': { what: 'approval cancelled', more: () => 'there is nothing left to decide' },
  'approval.reminded': { what: 'people reminded', mood: 'waiting' },
  'approval.escalated': { what: 'more people asked', mood: 'waiting' },
  'change.lock-acquired': { what: 'target locked', more: (d) => `fencing token ${d['fencingToken']}` },
  'change.snapshot-taken': { what: 'snapshot taken', more: (d) => `digest ${short(d['snapshotDigest'])}` },
  'change.started': { what: 'change authorised', more: () => 'switch, decision, approval and lock all hold' },
  'change.executed': { what: 'change executed' },
  'change.validated': { what: 'validated', mood: 'good' },
  'change.validation-failed': { what: 'validation failed', mood: 'bad' },
  'change.rollback-started': { what: 'rolling back', mood: 'waiting' },
  'change.rolled-back': {
    what: 'rolled back',
    mood: 'good',
    more: () => 'read back and equal to the snapshot',
  },
  'change.rollback-failed': { what: 'rollback failed', mood: 'bad' },
  'change.refused': { what: 'change refused', mood: 'bad' },
  'approval.vote-refused': { what: 'vote refused', mood: 'bad' },
  'signal.unresolved': { what: 'problem is still there', mood: 'bad' },
  'change.stopped': { what: 'change stopped', mood: 'bad' },
  'change.undo-refused': { what: 'not undone', mood: 'bad' },
  'change.released': { what: 'target released' },
  'finding.opened': { what: 'finding opened', mood: 'waiting', more: (d) => String(d['summary']) },
  'incident.closed': { what: 'incident closed' },
};

/** The problem is gone: because of a change, or by itself. */
const goodResults: ReadonlySet<string> = new Set(['resolved', 'recovered']);

/** Words for a ledger entry. An unknown type is shown by its own name: a new step is never hidden. */
export function describe(entry: LedgerEntry): Step {
  const { type, detail } = entry;
  const words = known[type];
  const reason = typeof detail['reason'] === 'string' ? detail['reason'] : '';
  if (type === 'incident.closed') {
    const result = String(detail['result']);
    return { what: `incident ${result}`, more: reason, mood: goodResults.has(result) ? 'good' : 'bad' };
  }
  return {
    what: words?.what ?? type.replaceAll(/[.-]/g, ' '),
    more: words?.more?.(detail, entry) ?? reason,
    mood: words?.mood ?? 'neutral',
  };
}
