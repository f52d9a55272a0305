import type { Child } from 'hono/jsx';
import {
  type Approval,
  approvalsStillNeeded,
  commentMaxCharacters,
  isPastExpiry,
  rejectReasons,
} from '../approval.ts';
import type { Authority } from '../authority.ts';
import type { Dossier } from '../dossier.ts';
import { showUntrusted } from '../untrusted-text.ts';
import { moment, rejectReason, timeLeft } from './words.ts';

/** Time left, votes so far, and the two buttons for whoever may press them. */
export function DecisionPanel(props: {
  dossier: Dossier;
  authority: Authority;
  formToken: string;
  now: number;
  intact: boolean;
}) {
  const { approval } = props.dossier;
  const open = approval.status === 'pending' && !isPastExpiry(approval, props.now);
  return (
    <div class="card decide">
      {open ? <Deadline approval={approval} now={props.now} /> : <Outcome approval={approval} />}
      {open && props.intact && <Choice {...props} />}
      <Votes approval={approval} open={open} />
    </div>
  );
}

function Deadline({ approval, now }: { approval: Approval; now: number }) {
  const { expiresAtEpochMs } = approval;
  return (
    <p class="clock">
      <strong>{timeLeft(expiresAtEpochMs, now)}</strong>
      <span class="soft">
        until <time datetime={new Date(expiresAtEpochMs).toISOString()}>{moment(expiresAtEpochMs)}</time>,
        then it is {approval.verdictOn === undefined ? 'rejected' : 'rolled back'}
      </span>
    </p>
  );
}

function Outcome({ approval }: { approval: Approval }) {
  const last = approval.votes.at(-1);
  const at = approval.decidedAtEpochMs === undefined ? undefined : moment(approval.decidedAtEpochMs);
  if (approval.verdictOn !== undefined) {
    const kept = approval.status === 'approved';
    return (
      <>
        <h2>{kept ? 'Kept' : 'Rolled back'}</h2>
        <p class="soft">
          {at}
          {approval.status === 'expired' ? ', because nobody answered in time' : ''}.
        </p>
      </>
    );
  }
  if (approval.status === 'approved') {
    return (
      <>
        <h2>Approved</h2>
        <p class="soft">
          {at}
          {approval.breakGlassBy === undefined
            ? ''
            : `, by ${showUntrusted(approval.breakGlassBy)}, who broke the glass`}
          . The change may start until {moment(approval.usableUntilEpochMs ?? 0)}.
        </p>
      </>
    );
  }
  if (approval.status === 'rejected') {
    return (
      <>
        <h2>Rejected</h2>
        <p class="soft">
          {at}
          {last === undefined ? '' : `, by ${showUntrusted(last.displayName)}`}. The change does not happen.
        </p>
      </>
    );
  }
  return (
    <>
      <h2>Expired</h2>
      <p class="soft">
        Not decided before {moment(approval.expiresAtEpochMs)}, which rejects it. The change does not happen.
      </p>
    </>
  );
}

function Choice(props: { dossier: Dossier; authority: Authority; formToken: string }) {
  const { approval } = props.dossier;
  if (props.authority.may !== 'decide') return <p class="notice warn">{whyNot(props.authority)}</p>;
  const action = `/approvals/${encodeURIComponent(approval.approvalId)}`;
  const isVerdict = approval.verdictOn !== undefined;
  return (
    <>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={props.formToken} />
        <input type="hidden" name="verdict" value="approve" />
        <button class="button approve" type="submit">
          {isVerdict ? 'Keep it' : 'Approve'}
        </button>
      </form>
      <details class="reject">
        <summary class="button">{isVerdict ? 'Roll it back…' : 'Reject…'}</summary>
        <form method="post" action={action}>
          <input type="hidden" name="csrf" value={props.formToken} />
          <input type="hidden" name="verdict" value="reject" />
          <fieldset>
            <legend>What is wrong?</legend>
            {rejectReasons.map((reason) => (
              <label class="choice">
                <input type="radio" name="reason" value={reason} required /> {rejectReason(reason)}
              </label>
            ))}
          </fieldset>
          <label class="field">
            Comment <span class="soft small">(optional, at most {commentMaxCharacters} characters)</span>
            <textarea name="comment" maxlength={commentMaxCharacters} />
          </label>
          <button class="button refuse" type="submit">
            {isVerdict ? 'Roll this change back' : 'Reject this change'}
          </button>
        </form>
      </details>
      <p class="hint soft small">
        {isVerdict
          ? 'What stands there now stays as it is if you keep it.'
          : 'Approved, it starts at once, is checked, and is undone if it does not help.'}
      </p>
    </>
  );
}

function whyNot(authority: Authority): string {
  if (authority.may !== 'view') return 'You may not decide this.';
  switch (authority.because) {
    case 'owns-the-agent':
      return 'You answer for the agent that proposes this, so somebody else must decide.';
    case 'agent-has-no-owner':
      return 'Nobody is named as answering for this agent in policies/approvers.json, so nobody may decide.';
    case 'is-the-requester':
      return 'This was asked for under your name, so somebody else must decide.';
  }
}

function Votes({ approval, open }: { approval: Approval; open: boolean }): Child {
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
            <li class={vote.verdict === 'reject' ? 'no' : ''}>
              <strong>{showUntrusted(vote.displayName)}</strong>{' '}
              {vote.verdict === 'approve' ? 'approved' : 'rejected'}
              {vote.reason === undefined ? '' : `: ${rejectReason(vote.reason).toLowerCase()}`}
              {vote.comment !== undefined && <p>{showUntrusted(vote.comment)}</p>}
              <small class="soft">{moment(vote.atEpochMs)}</small>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
