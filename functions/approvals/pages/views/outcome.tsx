import type { Approval, CancelReason } from '../../approval.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { moment } from './words.ts';

const cancelReasons: Readonly<Record<CancelReason, string>> = {
  'incident-recovered': 'the problem went away by itself',
  'incident-closed': 'nobody works on the incident any more',
};

/** How it ended, when, by whom, and what follows from that. */
export function Outcome({ approval }: { approval: Approval }) {
  const { heading, text } = outcomeOf(approval);
  return (
    <div class="outcome">
      <h2>{heading}</h2>
      <p class="soft">{text}</p>
    </div>
  );
}

function outcomeOf(approval: Approval): { heading: string; text: string } {
  const { status, verdictOn, cancelledBecause, breakGlassBy } = approval;
  const at = approval.decidedAtEpochMs === undefined ? '' : moment(approval.decidedAtEpochMs);
  const last = approval.votes.at(-1);
  const by = last === undefined ? '' : `, by ${showUntrusted(last.displayName)}`;
  if (verdictOn !== undefined) {
    if (status === 'approved') return { heading: 'Kept', text: `${at}${by}. The change stays as it is.` };
    return status === 'rejected'
      ? { heading: 'Rolled back', text: `${at}${by}.` }
      : { heading: 'Rolled back', text: `${at}, because nobody answered in time.` };
  }
  switch (status) {
    case 'approved': {
      const who =
        breakGlassBy === undefined ? '' : `, by ${showUntrusted(breakGlassBy)}, who broke the glass`;
      const until = moment(approval.usableUntilEpochMs ?? 0);
      return { heading: 'Approved', text: `${at}${who}. The change may start until ${until}.` };
    }
    case 'rejected':
      return { heading: 'Rejected', text: `${at}${by}. The change does not happen.` };
    case 'cancelled': {
      const because = cancelledBecause === undefined ? '' : `, because ${cancelReasons[cancelledBecause]}`;
      return { heading: 'Cancelled', text: `${at}${because}. The change does not happen.` };
    }
    case 'pending':
    case 'expired': {
      const until = moment(approval.expiresAtEpochMs);
      const text = `Not decided before ${until}, which rejects it. The change does not happen.`;
      return { heading: 'Expired', text };
    }
  }
}
