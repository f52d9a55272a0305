import { incidentChain } from '../platform/item-keys.ts';
import { decisionsOf, startedChanges } from './evidence-begun.ts';
import { type EvidenceInput, type Figure, figure, minute, ofType, share, text } from './evidence-figure.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** Whether each change that needed people has them on record; a missing record is named. */
export function approvalRecords(input: EvidenceInput): Figure {
  const decisionOn = decisionsOf(input);
  const approvals = ofType(input.entries, 'approval.approved');
  const openings = ofType(input.entries, 'break-glass.opened');
  const tiered = startedChanges(input)
    .map((started) => ({ started, decision: decisionOn(started) }))
    .filter(({ decision }) => needsApproval(decision));
  const records = tiered.map(({ started, decision }) => recordOf({ approvals, openings }, started, decision));
  const missing = records.filter(({ state }) => state.startsWith('MISSING'));
  return figure({
    evidence: 'Approval records for tiered actions',
    title: 'Changes of medium or high risk, or that policy put to people, with their approval',
    population: { what: 'such changes begun in the period', count: tiered.length },
    query:
      'change.started whose decision.made says require-approval, or tier medium or high; each needs an approval.approved of the same approvalId and planDigest before it, with the quorum of distinct approvers, or a break-glass.opened of its incident that was live',
    value: () =>
      `${share(tiered.length - missing.length, tiered.length)} have their record${missing.length === 0 ? '' : `; MISSING for ${missing.map(({ changeId }) => changeId).join(', ')}`}`,
    table: {
      head: ['change', 'tier', 'approval', 'approved by', 'when', 'record'],
      rows: records.map(({ changeId, tier, approvalId, approvers, when, state }) => [
        changeId,
        tier,
        approvalId,
        approvers,
        when,
        state,
      ]),
    },
    samples: records.flatMap(({ found }) => found ?? []),
    ...(records.some(({ state }) => state.includes('break-glass'))
      ? {
          note: 'Under break-glass one person stands in for the approvers for some minutes; each has a review finding.',
        }
      : {}),
  });
}

function recordOf(
  input: { readonly approvals: readonly LedgerEntry[]; readonly openings: readonly LedgerEntry[] },
  started: LedgerEntry,
  decision: LedgerEntry | undefined,
) {
  const approvalId = text(started, 'approvalId');
  const approved = input.approvals.find(
    (entry) =>
      approvalId !== undefined &&
      text(entry, 'approvalId') === approvalId &&
      text(entry, 'planDigest') === text(started, 'planDigest') &&
      entry.chainId === started.chainId &&
      entry.sequence < started.sequence,
  );
  const opening = input.openings.find((entry) => covers(entry, started));
  const approvers = new Set((text(approved, 'approvers') ?? '').split(', ').filter((one) => one !== ''));
  const quorum = Math.max(1, Number(text(decision, 'quorum') ?? 0));
  return {
    found: approved ?? opening,
    state: stateOf(started.detail['breakGlass'] === true, approved, opening, approvers.size, quorum),
    changeId: text(started, 'changeId') ?? 'unknown',
    tier: text(decision, 'tier') ?? 'unknown',
    approvalId: approvalId ?? 'none',
    approvers: [...approvers].join(', '),
    when: approved === undefined ? '' : minute(approved.atEpochMs),
  };
}

function stateOf(
  isUnderBreakGlass: boolean,
  approved: LedgerEntry | undefined,
  opening: LedgerEntry | undefined,
  approvers: number,
  quorum: number,
): string {
  if (isUnderBreakGlass) {
    return opening === undefined ? 'MISSING: nobody broke the glass' : `break-glass by ${opening.actor.id}`;
  }
  if (approved === undefined) return 'MISSING: no approval in the ledger';
  return approvers < quorum ? `MISSING: ${approvers} of ${quorum} approvers` : 'approved';
}

/** Whether the glass was broken for the incident of a change when it began. */
function covers(opening: LedgerEntry, started: LedgerEntry): boolean {
  return (
    incidentChain(text(opening, 'incidentId') ?? '') === started.chainId &&
    opening.atEpochMs <= started.atEpochMs &&
    Number(opening.detail['expiresAtEpochMs']) > started.atEpochMs
  );
}

/** Unknown counts as needing one: a change without a readable decision is exactly what must stand out. */
function needsApproval(decision: LedgerEntry | undefined): boolean {
  if (decision === undefined) return true;
  return text(decision, 'outcome') === 'require-approval' || text(decision, 'tier') !== 'low';
}
