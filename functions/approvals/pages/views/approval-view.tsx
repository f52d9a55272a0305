import type { EngagedSwitches } from '../../../platform/kill-switch-scope.ts';
import type { AskedGroups, Authority, Identity } from '../../authority.ts';
import { type Dossier, isIntact } from '../../dossier.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { clockTime, percent, question, shortened } from '../../words.ts';
import { ChangeCard } from './change-card.tsx';
import { DecisionPanel } from './decision-panel.tsx';
import { Grounds } from './grounds.tsx';
import { StatusTag } from './status-tag.tsx';

/** One approval: what and why first, then the change, the decision, and everything it rests on. */
export function ApprovalView(props: {
  dossier: Dossier;
  authority: Authority;
  asked: AskedGroups;
  reader: Identity;
  formToken: string;
  engaged: EngagedSwitches;
  now: number;
  /** Why the vote that was just sent changed nothing. */
  warning?: string;
}) {
  const { dossier, now } = props;
  const { approval, plan, decision } = dossier;
  const intact = isIntact(dossier);
  return (
    <>
      <p class="crumb">
        <a href="/">← All approvals</a>
      </p>
      {props.warning !== undefined && (
        <p class="notice warn" role="alert">
          {props.warning}
        </p>
      )}
      <p class="notice warn" role="alert" hidden data-changed>
        This changed while you were reading. <a href="">Look again</a> before you decide.
      </p>
      {!intact && (
        <p class="notice bad" role="alert">
          <strong>This plan is not the one that was asked about.</strong> Its content no longer has the digest
          that the request is bound to, so it cannot be decided. Tell whoever runs Interlock.
        </p>
      )}
      <ul class="tags">
        <li>
          <StatusTag approval={approval} now={now} />
        </li>
        {decision.tier !== undefined && <li class={`tag ${decision.tier}`}>{decision.tier} risk</li>}
        <li class="tag">{showUntrusted(plan.environment)}</li>
      </ul>
      <h1>{question(plan, approval.verdictOn)}</h1>
      <Why dossier={dossier} />
      <div class="sheet">
        <ChangeCard dossier={dossier} />
        <DecisionPanel {...props} intact={intact} />
        <Grounds dossier={dossier} />
      </div>
    </>
  );
}

/** The rest of the sentence that the heading begins. */
function Why({ dossier }: { dossier: Dossier }) {
  const { approval, plan, incident, triage } = dossier;
  if (approval.verdictOn !== undefined) {
    return (
      <p class="lead">
        It was carried out, and whether it helped could not be measured:{' '}
        {showUntrusted(approval.verdictOn.reason)}. Without an answer it is rolled back.
      </p>
    );
  }
  if (incident === undefined) return <p class="lead">Agent {showUntrusted(plan.agentRole)} asks for it.</p>;
  return (
    <p class="lead">
      Because of the {incident.signal.severity} signal{' '}
      <q>{shortened(showUntrusted(incident.signal.title))}</q> at{' '}
      {clockTime(incident.openedAtEpochMs).slice(0, 5)} UTC. Agent {showUntrusted(plan.agentRole)} asks for it
      {triage === undefined ? '.' : `, ${percent(triage.confidence)} sure.`}
    </p>
  );
}
