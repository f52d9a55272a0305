import { type Approval, approvalsStillNeeded, type Vote, type VoteChannel } from '../../approval.ts';
import type { AskedGroups } from '../../authority.ts';
import type { Dossier } from '../../dossier.ts';
import { type Channel, channels, type Notice } from '../../notice.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { clockTime, moment, personName, rejectReason } from '../../words.ts';

/** Who has said what, who is still needed, and whom a message did not reach. */
export function Votes(props: { dossier: Dossier; asked: AskedGroups; open: boolean; now: number }) {
  const { dossier, open } = props;
  const { approval, notices = [] } = dossier;
  const needed = approvalsStillNeeded(approval);
  return (
    <section class="voted">
      <h2>
        {approval.votes.length > 0 ? 'Votes' : open ? 'Nobody has voted yet' : 'Nobody voted'}
        {open && (
          <span class="soft small">
            {' '}
            · {needed} of {approval.quorum} still needed
          </span>
        )}
      </h2>
      {approval.votes.length > 0 && (
        <ul class="votes">
          {approval.votes.map((vote) => (
            <VoteLine vote={vote} />
          ))}
        </ul>
      )}
      {open && <WhoIsAsked {...props} />}
      {unreachedBy(notices).map((channel) => (
        <p class="notice warn small">
          <strong>{channelNames[channel]} could not be told</strong>
          {open ? 'It is tried again. Somebody who reads only that does not know about this.' : ''}
        </p>
      ))}
    </section>
  );
}

const places: Readonly<Record<VoteChannel, string>> = {
  page: '',
  batch: ', in a batch',
  api: ', from the command line',
  slack: ', in Slack',
};

function VoteLine({ vote }: { vote: Vote }) {
  return (
    <li class={vote.verdict === 'reject' ? 'no' : ''}>
      <strong>{personName(vote.displayName, vote.identityId)}</strong>{' '}
      {vote.verdict === 'approve' ? 'approved' : 'rejected'}
      {vote.onBehalfOf === undefined ? '' : ` on behalf of ${showUntrusted(vote.onBehalfOf)}`}
      {vote.reason === undefined ? '' : `: ${rejectReason(vote.reason).toLowerCase()}`}
      {vote.comment !== undefined && <p>{showUntrusted(vote.comment)}</p>}
      <small class="soft">
        {moment(vote.atEpochMs)}
        {places[vote.via]}
      </small>
    </li>
  );
}

function WhoIsAsked({ dossier, asked, now }: { dossier: Dossier; asked: AskedGroups; now: number }) {
  const { escalateAtEpochMs } = dossier.approval satisfies Approval;
  const hasEscalated = now >= escalateAtEpochMs;
  const people = hasEscalated ? [...asked.now, ...asked.atEscalation] : asked.now;
  return (
    <p class="soft small asked">
      {people.length === 0 ? (
        'No group is allowed to decide this now.'
      ) : (
        <>
          May decide: <Names groups={people} />.
        </>
      )}
      {!hasEscalated && asked.atEscalation.length > 0 && (
        <>
          {' '}
          From {clockTime(escalateAtEpochMs).slice(0, 5)} UTC also <Names groups={asked.atEscalation} />.
        </>
      )}
    </p>
  );
}

function Names({ groups }: { groups: readonly string[] }) {
  return <strong>{groups.map(showUntrusted).join(', ')}</strong>;
}

const channelNames: Readonly<Record<Channel, string>> = {
  email: 'E-mail',
  slack: 'Slack',
  webhook: 'Teams or another webhook',
};

/** The channels on which the latest thing that was tried did not arrive. */
function unreachedBy(notices: readonly Notice[]): Channel[] {
  return channels.filter(
    (channel) =>
      notices.findLast(({ deliveries }) => deliveries[channel] !== undefined)?.deliveries[channel]?.status ===
      'failed',
  );
}
