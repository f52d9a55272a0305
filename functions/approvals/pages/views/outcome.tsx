import { aftermathOf, aftermathWords } from '../../aftermath.ts';
import type { Approval, CancelReason } from '../../approval.ts';
import type { Dossier } from '../../dossier.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { moment, personName } from '../../words.ts';

const cancelReasons: Readonly<Record<CancelReason, string>> = {
  'incident-recovered': 'the problem went away by itself',
  'incident-closed': 'nobody works on the incident any more',
};

/** How it ended, when, by whom, what followed from that, and where the rest of the story stands. */
export function Outcome({ dossier, now }: { dossier: Dossier; now: number }) {
  const { approval, incident } = dossier;
  const aftermath = aftermathOf(dossier, now);
  const { heading, text } = outcomeOf(approval, aftermath?.state === 'awaited');
  return (
    <div class="outcome">
      <h2>{heading}</h2>
      <p class="soft">{text}</p>
      {aftermath !== undefined && <p>{aftermathWords(aftermath).join(' ')}</p>}
      {incident !== undefined && (
        <p class="small">
          <a href={`/incidents/${encodeURIComponent(approval.incidentId)}`}>Timeline of this incident</a>
        </p>
      )}
    </div>
  );
}

function outcomeOf(approval: Approval, mayBegin: boolean): { heading: string; text: string } {
  const { status, verdictOn, cancelledBecause, breakGlassBy } = approval;
  const at = moment(approval.decidedAtEpochMs ?? approval.expiresAtEpochMs);
  const last = approval.votes.at(-1);
  const by = last === undefined ? '' : `, by ${personName(last.displayName, last.identityId)}`;
  if (verdictOn !== undefined) {
    if (status === 'approved') return { heading: 'To be kept', text: `${at}${by}.` };
    const why = status === 'rejected' ? by : ', because nobody answered in time';
    return { heading: 'To be rolled back', text: `${at}${why}.` };
  }
  switch (status) {
    case 'approved': {
      const who =
        breakGlassBy === undefined ? '' : `, by ${showUntrusted(breakGlassBy)}, who broke the glass`;
      const until = mayBegin
        ? ` The change may start until ${moment(approval.usableUntilEpochMs ?? 0)}.`
        : '';
      return { heading: 'Approved', text: `${at}${who}.${until}` };
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
