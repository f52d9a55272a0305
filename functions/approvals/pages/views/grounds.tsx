import { resolveAction } from '../../../change/catalogue.ts';
import type { Plan } from '../../../change/plan.ts';
import type { Dossier } from '../../dossier.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { longTextCharacters, moment, percent } from '../../words.ts';
import { WholeValues } from './change-card.tsx';
import { Fact } from './facts.tsx';
import { SuccessCriteria } from './success-criteria.tsx';

/** Everything a careful reader checks before deciding. */
export function Grounds({ dossier }: { dossier: Dossier }) {
  return (
    <div class="card more">
      <Asked dossier={dossier} />
      <Checks checks={dossier.checks} />
      <WayBack plan={dossier.plan} rehearsal={dossier.rehearsal} />
      <SuccessCriteria criteria={dossier.plan.successCriteria} />
      <Diagnosis dossier={dossier} />
      <WholeValues effect={dossier.plan.effect} />
      <Evidence dossier={dossier} />
    </div>
  );
}

function Asked({ dossier }: { dossier: Dossier }) {
  const { plan, decision } = dossier;
  const action = resolveAction(plan.action, plan.parameters);
  return (
    <section>
      <h2>Why a person is asked</h2>
      <p>{showUntrusted(decision.reason)}</p>
      <dl class="facts soft-top">
        <Fact name="Clause">
          <code>{decision.clause}</code>
        </Fact>
        <Fact name="Risk tier">{decision.tier ?? 'not known'}</Fact>
        <Fact name="Proposed by">agent {showUntrusted(plan.agentRole)}</Fact>
        <Fact name="Action">
          {action.outcome === 'resolved' ? action.definition.summary : showUntrusted(plan.action)}
        </Fact>
      </dl>
    </section>
  );
}

const checkResults = { pass: 'Passed', fail: 'Failed', unknown: 'Not known' } as const;

function Checks({ checks }: { checks: Dossier['checks'] }) {
  return (
    <section>
      <h2>Checked before asking</h2>
      {checks === undefined || checks.length === 0 ? (
        <p>Nothing was checked beforehand.</p>
      ) : (
        <ul class="checks">
          {checks.map(({ name, result, reason }) => (
            <li class={result}>
              <strong>{checkResults[result]}</strong> {showUntrusted(name)}
              <small class="soft">{showUntrusted(reason)}</small>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function WayBack({ plan, rehearsal }: { plan: Plan; rehearsal: Dossier['rehearsal'] }) {
  const way = plan.rollbackPlan;
  return (
    <section>
      <h2>If it does not help</h2>
      {way === undefined && <p>There is no rollback plan.</p>}
      {way?.kind === 'irreversible' && (
        <p>
          <strong>It cannot be undone:</strong> {showUntrusted(way.reason)}
        </p>
      )}
      {way?.kind === 'restore-snapshot' && (
        <ol class="plain">
          {way.steps.map((step) => (
            <li>{showUntrusted(step)}</li>
          ))}
        </ol>
      )}
      {rehearsal === 'never' && (
        <p class="soft small gap">Last rehearsal: never. No change of this kind was rolled back lately.</p>
      )}
      {rehearsal !== undefined && rehearsal !== 'never' && (
        <p class="soft small gap">
          Last rehearsal: {moment(rehearsal.rolledBackAtEpochMs)}, when change{' '}
          <code>{rehearsal.changeId}</code> was rolled back.
        </p>
      )}
    </section>
  );
}

function Diagnosis({ dossier: { approval, triage } }: { dossier: Dossier }) {
  if (triage === undefined) return null;
  const position = triage.planDigests?.indexOf(approval.planDigest) ?? -1;
  const reason = position < 0 ? undefined : triage.reasons?.[position];
  const { gaps = [], model } = triage;
  return (
    <section>
      <h2>What the model says</h2>
      <p class="untrusted">Written by a model from untrusted telemetry. Nothing here was checked.</p>
      <blockquote>{showUntrusted(triage.diagnosis)}</blockquote>
      {reason !== undefined && <blockquote class="soft gap">{showUntrusted(reason)}</blockquote>}
      <dl class="facts soft-top">
        <Fact name="Its own confidence">{percent(triage.confidence)}</Fact>
        {model?.modelId !== undefined && <Fact name="Model">{showUntrusted(model.modelId)}</Fact>}
      </dl>
      <h3>What it does not know</h3>
      {gaps.length === 0 ? (
        <p class="small">It named no gaps.</p>
      ) : (
        <ul class="plain small">
          {gaps.map((gap) => (
            <li>{showUntrusted(gap)}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Addresses are shown and never followed: nothing that an agent cites becomes a link of ours. */
function Evidence({ dossier: { approval, plan, incident } }: { dossier: Dossier }) {
  const title = incident?.signal.title ?? '';
  return (
    <section>
      <h2>Evidence and citations</h2>
      <ul class="plain">
        {title.length > longTextCharacters && <li>signal {showUntrusted(title)}</li>}
        {plan.evidence.map(({ kind, id }) => (
          <li>
            {kind} <code>{showUntrusted(id)}</code>
          </li>
        ))}
        {plan.citations.map((citation) => (
          <li>
            cited <code>{showUntrusted(citation)}</code>
          </li>
        ))}
        {incident !== undefined && (
          <li>
            <a href={`/incidents/${encodeURIComponent(approval.incidentId)}`}>Timeline of this incident</a>
          </li>
        )}
        <li>
          plan digest <code>{approval.planDigest}</code>
        </li>
      </ul>
    </section>
  );
}
