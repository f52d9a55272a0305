import { isPastExpiry } from '../approval.ts';
import type { Dossier } from '../dossier.ts';
import { showUntrusted } from '../untrusted-text.ts';
import { StatusTag } from './status-tag.tsx';
import { moment, question, timeLeft } from './words.ts';

/** Everything this person may decide or may have decided. */
export function InboxView(props: {
  pending: readonly Dossier[];
  recent: readonly Dossier[];
  hasAuthority: boolean;
  now: number;
}) {
  const { pending, recent, now } = props;
  return (
    <>
      <h1>Approvals</h1>
      {!props.hasAuthority && (
        <p class="notice warn">
          Your groups give you no authority to approve anything here, so there is nothing to show.
        </p>
      )}
      <h2 class="list">Waiting for people</h2>
      {pending.length === 0 ? (
        <p class="empty">Nothing is waiting.</p>
      ) : (
        <ul class="rows">
          {pending.map((dossier) => (
            <Row dossier={dossier} now={now} />
          ))}
        </ul>
      )}
      <h2 class="list">Decided lately</h2>
      {recent.length === 0 ? (
        <p class="empty">Nothing has been decided yet.</p>
      ) : (
        <ul class="rows">
          {recent.map((dossier) => (
            <Row dossier={dossier} now={now} />
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ dossier, now }: { dossier: Dossier; now: number }) {
  const { approval, plan, decision, incident } = dossier;
  const open = approval.status === 'pending' && !isPastExpiry(approval, now);
  return (
    <li>
      <a class="card row" href={`/approvals/${encodeURIComponent(approval.approvalId)}`}>
        <strong>{question(plan, approval.verdictOn)}</strong>
        {incident !== undefined && <span class="soft">{showUntrusted(incident.signal.title)}</span>}
        <span class="tags">
          <StatusTag approval={approval} now={now} />
          <span class="tag">
            {open
              ? timeLeft(approval.expiresAtEpochMs, now)
              : moment(approval.decidedAtEpochMs ?? approval.expiresAtEpochMs)}
          </span>
          <span class="tag">{showUntrusted(plan.environment)}</span>
          {decision.tier !== undefined && <span class="tag">{decision.tier} risk</span>}
        </span>
      </a>
    </li>
  );
}
