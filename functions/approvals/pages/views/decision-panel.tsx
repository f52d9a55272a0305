import { type EngagedSwitches, switchesOver } from '../../../platform/kill-switch-scope.ts';
import { type Approval, approversOf, endsEarly, isWaiting } from '../../approval.ts';
import type { AskedGroups, Authority, Exclusion, Identity } from '../../authority.ts';
import type { Dossier } from '../../dossier.ts';
import { voteOf } from '../../inbox.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { until } from '../../words.ts';
import { StoppedMeanwhile } from './kill-switch-bar.tsx';
import { Outcome } from './outcome.tsx';
import { RejectionFields } from './rejection-fields.tsx';
import { TimeLeft } from './time-left.tsx';
import { Votes } from './votes.tsx';

interface PanelProps {
  readonly dossier: Dossier;
  readonly authority: Authority;
  readonly asked: AskedGroups;
  readonly reader: Identity;
  readonly formToken: string;
  readonly engaged: EngagedSwitches;
  readonly now: number;
  readonly intact: boolean;
}

/**
 * Time left, the two buttons for whoever may press them, and who has said what. On a phone the buttons stay at
 * the bottom of the screen until their place comes, so that nobody has to look for them.
 */
export function DecisionPanel(props: PanelProps) {
  const { dossier, authority, asked, engaged, now, intact } = props;
  const { approval } = dossier;
  const open = isWaiting(approval, now);
  const decides = open && intact && authority.may === 'decide';
  const path = `/approvals/${encodeURIComponent(approval.approvalId)}`;
  const copy = open
    ? { 'data-status': `${path}/status`, 'data-is': approval.status, 'data-version': approval.version }
    : {};
  return (
    <section class="card decide" aria-label="Decision" {...copy}>
      <div class={decides ? 'act live' : 'act'}>
        {open ? <Deadline approval={approval} now={now} /> : <Outcome dossier={dossier} now={now} />}
        {open && intact && authority.may === 'view' && (
          <p class="notice warn">{exclusions[authority.because]}</p>
        )}
        {open && approval.verdictOn === undefined && (
          <StoppedMeanwhile engaged={engaged} subject={dossier.plan} />
        )}
        {decides && <Choice {...props} path={path} />}
      </div>
      <div class="said">
        {decides && <Consequence {...props} />}
        <Votes dossier={dossier} asked={asked} open={open} now={now} />
      </div>
    </section>
  );
}

function Deadline({ approval, now }: { approval: Approval; now: number }) {
  const { expiresAtEpochMs } = approval;
  return (
    <p class="clock">
      <strong>
        <TimeLeft until={expiresAtEpochMs} now={now} />
      </strong>{' '}
      <span class="soft small">
        until {until(expiresAtEpochMs, now)}, then it is{' '}
        {approval.verdictOn === undefined ? 'rejected' : 'rolled back'}
        {endsEarly(approval) && ': after that the policies permit it no longer'}
      </span>
    </p>
  );
}

function Choice({ dossier: { approval }, reader, formToken, path }: PanelProps & { path: string }) {
  const isVerdict = approval.verdictOn !== undefined;
  const hasApproved = voteOf(approval, reader) === 'approve';
  return (
    <div class={hasApproved ? 'buttons one' : 'buttons'}>
      {!hasApproved && (
        <form method="post" action={path}>
          <Bound approval={approval} formToken={formToken} verdict="approve" />
          <button class="button approve" type="submit">
            {isVerdict ? 'Keep it' : 'Approve'}
          </button>
        </form>
      )}
      <details class="reject">
        <summary class="button">{isVerdict ? 'Roll it back…' : 'Reject…'}</summary>
        <form method="post" action={path}>
          <Bound approval={approval} formToken={formToken} verdict="reject" />
          <RejectionFields />
          <button class="button refuse" type="submit">
            {isVerdict ? 'Roll this change back' : 'Reject this change'}
          </button>
        </form>
      </details>
    </div>
  );
}

/** What follows from approving, and for whom it counts. */
function Consequence({ dossier: { approval, plan }, authority, reader, engaged }: PanelProps) {
  const isStopped = switchesOver(engaged, plan).reading !== 'released';
  if (voteOf(approval, reader) === 'approve') {
    return (
      <p class="notice">
        <strong>You have approved this.</strong> It waits for somebody else. You may still say no.
      </p>
    );
  }
  return (
    <>
      {authority.may === 'decide' && authority.onBehalfOf !== undefined && (
        <p class="notice small">
          You stand in for <strong>{showUntrusted(authority.onBehalfOf)}</strong>
          {isCounted(approval, authority.onBehalfOf) ? ', whose approval counts already.' : '.'}
        </p>
      )}
      <p class="hint soft small">
        {approval.verdictOn !== undefined && 'What stands there now stays as it is if you keep it.'}
        {approval.verdictOn === undefined &&
          !isStopped &&
          `${approval.quorum > 1 ? 'With the last approval' : 'Approved,'} it starts at once, is checked, and is undone if it does not help.`}
      </p>
    </>
  );
}

/** What binds a vote to this session, to what was shown, and to one answer. */
function Bound(props: { approval: Approval; formToken: string; verdict: 'approve' | 'reject' }) {
  return (
    <>
      <input type="hidden" name="csrf" value={props.formToken} />
      <input type="hidden" name="planDigest" value={props.approval.planDigest} />
      <input type="hidden" name="verdict" value={props.verdict} />
    </>
  );
}

function isCounted(approval: Approval, person: string): boolean {
  return approversOf(approval).has(person.toLowerCase());
}

const exclusions: Readonly<Record<Exclusion, string>> = {
  'owns-the-agent': 'You answer for the agent that proposes this, so somebody else must decide.',
  'agent-has-no-owner':
    'Nobody is named as answering for this agent in policies/approvers.json, so nobody may decide.',
  'is-the-requester': 'This was asked for under your name, so somebody else must decide.',
  'made-the-change': 'The change that is live there now is yours, so somebody else must decide.',
  'not-yet-escalated': 'Your group is asked only if nobody decides in time. You can read, not decide yet.',
};
