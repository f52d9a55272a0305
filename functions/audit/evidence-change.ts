import { startedChanges } from './evidence-begun.ts';
import {
  durations,
  type EvidenceInput,
  type Figure,
  figure,
  inPeriod,
  ofType,
  share,
  text,
} from './evidence-figure.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** Pattern 10: whether changes can be undone, how often they had to be, and how long that took. */
export function changeEvidence(input: EvidenceInput): Figure[] {
  const counted = { ...input, entries: withoutRefusedUndos(input.entries) };
  return [rollbackRate(counted), failureRate(counted), timeToRestore(counted), timeToResolve(counted)];
}

/**
 * An undo that was given up because somebody else had moved the target since is no rollback and no failure of the
 * change: everything from its start to its end is left out, also that a recovery took it over on the way.
 */
function withoutRefusedUndos(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return [...Map.groupBy(entries, (entry) => text(entry, 'changeId'))].flatMap(([changeId, members]) => {
    if (changeId === undefined) return members;
    const kept: LedgerEntry[] = [];
    for (const entry of inChainOrder(members)) {
      const started = kept.findLastIndex(({ type }) => type === 'change.undo-started');
      if (entry.type === 'change.undo-refused' && started >= 0) kept.length = started;
      else kept.push(entry);
    }
    return kept;
  });
}

/** One change and what the ledger says of it; entries of a chain are in its own order. */
interface Story {
  readonly changeId: string;
  readonly entries: readonly LedgerEntry[];
}

const rollbackTypes = ['change.rollback-started', 'change.undo-started', 'change.rollback-failed'] as const;

function rollbackRate(input: EvidenceInput): Figure {
  const attempts = inPeriod(input, ...rollbackTypes);
  const ids = new Set(attempts.map((entry) => text(entry, 'changeId') ?? 'unknown'));
  const storyOf = storiesOf(input);
  const stories = [...ids].map((changeId) => storyOf(changeId));
  const restored = stories.filter((story) => has(story, 'change.rolled-back'));
  const failed = stories.filter(
    (story) => !has(story, 'change.rolled-back') && has(story, 'change.rollback-failed'),
  );
  const byPeople = stories.filter((story) => has(story, 'change.undo-started'));
  return figure({
    evidence: 'successful rollback test rate',
    title: 'Rollbacks that put the target back and read it back',
    population: { what: 'changes whose rollback was attempted in the period', count: stories.length },
    query:
      'changes with change.rollback-started, change.undo-started or change.rollback-failed; a success has change.rolled-back; an undo that ended in change.undo-refused counts as none',
    value: () =>
      `${share(restored.length, stories.length)} restored; ${failed.length} failed, ${stories.length - restored.length - failed.length} under way, ${byPeople.length} asked for by a person`,
    samples: [...failed, ...restored].flatMap(({ entries }) =>
      ofType(entries, 'change.rolled-back', 'change.rollback-failed'),
    ),
    note: 'These are real rollbacks. Rehearsals on a canary resource are not run yet and not counted.',
  });
}

function failureRate(input: EvidenceInput): Figure {
  const storyOf = storiesOf(input);
  const stories = startedChanges(input)
    .map((entry) => storyOf(text(entry, 'changeId')))
    .filter((story) => hasEnded(story));
  const failed = stories.filter(isFailure);
  return figure({
    evidence: 'change failure rate',
    title: 'Changes that failed validation, were rolled back, or were undone by a person',
    population: { what: 'changes begun in the period that took effect and ended', count: stories.length },
    query:
      'changes with change.started and one of change.validated, change.rolled-back, change.rollback-failed; a failure has change.validation-failed, change.rollback-started, change.undo-started (without change.undo-refused) or change.rollback-failed',
    value: () => `${share(failed.length, stories.length)} failed`,
    samples: failed.flatMap(({ entries }) =>
      ofType(entries, 'change.validation-failed', ...rollbackTypes).slice(0, 1),
    ),
  });
}

function timeToRestore(input: EvidenceInput): Figure {
  const storyOf = storiesOf(input);
  const restored = inPeriod(input, 'change.rolled-back').flatMap((end) => {
    const { entries } = storyOf(text(end, 'changeId'));
    // What was kept was no failure while it was kept: the clock starts when a person found it to be one.
    const start =
      entries.find(({ type }) => type === 'change.undo-started') ??
      entries.find(({ type }) => type === 'change.started');
    return start === undefined ? [] : [{ end, ms: end.atEpochMs - start.atEpochMs }];
  });
  return figure({
    evidence: 'time to restore service baseline',
    title: 'From the start of a change that failed, or of its undoing by a person, until the target was back',
    population: { what: 'changes rolled back in the period', count: restored.length },
    query:
      'change.undo-started, or the first change.started where no person undid it, to change.rolled-back of the same changeId',
    value: () => durations(restored.map(({ ms }) => ms)),
    samples: restored.map(({ end }) => end),
  });
}

function timeToResolve(input: EvidenceInput): Figure {
  const opened = new Map(ofType(input.entries, 'incident.opened').map((entry) => [entry.chainId, entry]));
  const resolved = inPeriod(input, 'incident.closed')
    .filter((entry) => text(entry, 'result') === 'resolved')
    .flatMap((end) => {
      const start = opened.get(end.chainId);
      return start === undefined ? [] : [{ end, ms: end.atEpochMs - start.atEpochMs }];
    });
  return figure({
    evidence: 'time to restore service baseline',
    title: 'From the opening of an incident until it was resolved',
    population: { what: 'incidents resolved in the period', count: resolved.length },
    query: 'incident.opened to incident.closed with result resolved, in the same chain',
    value: () => durations(resolved.map(({ ms }) => ms)),
    samples: resolved.map(({ end }) => end),
  });
}

/** Looks up everything the ledger says of a change, in the order of its chain. */
function storiesOf({ entries }: EvidenceInput): (changeId: string | undefined) => Story {
  const stories = Map.groupBy(entries, (entry) => text(entry, 'changeId'));
  return (changeId = 'unknown') => ({
    changeId,
    entries: inChainOrder(stories.get(changeId) ?? []),
  });
}

/** @param entries Of one change, so of one chain. */
function inChainOrder(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return entries.toSorted((a, b) => a.sequence - b.sequence);
}

function has({ entries }: Story, ...types: readonly string[]): boolean {
  return entries.some(({ type }) => types.includes(type));
}

function hasEnded(story: Story): boolean {
  return has(story, 'change.validated', 'change.rolled-back', 'change.rollback-failed');
}

function isFailure(story: Story): boolean {
  return has(story, 'change.validation-failed', ...rollbackTypes);
}
