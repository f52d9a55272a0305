import type { Child } from 'hono/jsx';
import { resolveAction } from '../../change/catalogue.ts';
import type { Plan, SuccessCriterion } from '../../change/plan.ts';
import type { Authority } from '../authority.ts';
import { type Dossier, isIntact } from '../dossier.ts';
import { showUntrusted } from '../untrusted-text.ts';
import { DecisionPanel } from './decision-panel.tsx';
import { StatusTag } from './status-tag.tsx';
import { clockTime, question, targetType } from './words.ts';

/** One approval: what and why first, then the change, the decision, and everything it rests on. */
export function ApprovalView(props: {
  dossier: Dossier;
  authority: Authority;
  formToken: string;
  now: number;
  /** Why the vote that was just sent changed nothing. */
  warning?: string;
}) {
  const { dossier, now } = props;
  const { approval, plan, decision, incident } = dossier;
  const intact = isIntact(dossier);
  return (
    <>
      <p class="crumb">
        <a href="/">← All approvals</a>
      </p>
      <ul class="tags">
        <li>
          <StatusTag approval={approval} now={now} />
        </li>
        <li class="tag">{showUntrusted(plan.environment)}</li>
        {decision.tier !== undefined && <li class="tag">{decision.tier} risk</li>}
        {incident !== undefined && <li class="tag">{incident.signal.severity} severity</li>}
      </ul>
      <h1>{question(plan, approval.verdictOn)}</h1>
      {approval.verdictOn !== undefined && (
        <p class="lead">
          It was carried out, and whether it helped could not be measured:{' '}
          {showUntrusted(approval.verdictOn.reason)}. Without an answer it is rolled back.
        </p>
      )}
      {incident !== undefined && (
        <p class="lead">
          Because of this signal at {clockTime(incident.openedAtEpochMs)} UTC:{' '}
          <q>{showUntrusted(incident.signal.title)}</q>
        </p>
      )}
      {props.warning !== undefined && (
        <p class="notice warn" role="alert">
          {props.warning}
        </p>
      )}
      {!intact && (
        <p class="notice bad" role="alert">
          <strong>This plan is not the one that was asked about.</strong> Its content no longer has the digest
          that the request is bound to, so it cannot be decided. Tell whoever runs Interlock.
        </p>
      )}
      <div class="sheet">
        <Change plan={plan} />
        <DecisionPanel {...props} intact={intact} />
        <Grounds dossier={dossier} />
      </div>
    </>
  );
}

function Change({ plan }: { plan: Plan }) {
  const { target, effect } = plan;
  return (
    <div class="card change">
      <h2>What changes</h2>
      {effect !== undefined && (
        <div class={isShort(effect) ? 'diff short' : 'diff'}>
          <div class="side">
            <small>Now</small>
            <span class="mono">{showUntrusted(effect.before)}</span>
          </div>
          <span class="arrow" aria-hidden="true">
            →
          </span>
          <div class="side after">
            <small>After</small>
            <span class="mono">{showUntrusted(effect.after)}</span>
          </div>
        </div>
      )}
      {target !== undefined && (
        <p class="soft small target">
          {targetType(target.type)} <code>{showUntrusted(target.id)}</code>
        </p>
      )}
    </div>
  );
}

/** Short values stand side by side even on a phone, which leaves the buttons on the first screen. */
function isShort({ before, after }: { before: string; after: string }): boolean {
  return Math.max(before.length, after.length) <= 12;
}

/** Everything a careful reader checks before deciding. */
function Grounds({ dossier }: { dossier: Dossier }) {
  const { approval, plan, decision, incident, triage } = dossier;
  const action = resolveAction(plan.action, plan.parameters);
  const position = triage?.planDigests?.indexOf(approval.planDigest) ?? -1;
  const reason = position < 0 ? undefined : triage?.reasons?.[position];
  return (
    <div class="card more">
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
      <section>
        <h2>If it does not help</h2>
        {plan.rollbackPlan === undefined ? (
          <p>There is no rollback plan.</p>
        ) : plan.rollbackPlan.kind === 'irreversible' ? (
          <p>
            <strong>It cannot be undone:</strong> {showUntrusted(plan.rollbackPlan.reason)}
          </p>
        ) : (
          <ol class="plain">
            {plan.rollbackPlan.steps.map((step) => (
              <li>{showUntrusted(step)}</li>
            ))}
          </ol>
        )}
      </section>
      <section>
        <h2>It counts as fixed when</h2>
        <ul class="plain">
          {plan.successCriteria.map((criterion) => (
            <li>{describeCriterion(criterion)}</li>
          ))}
        </ul>
      </section>
      {triage !== undefined && (
        <section>
          <h2>What the model says</h2>
          <p class="untrusted">Written by a model from untrusted telemetry. Nothing here was checked.</p>
          <blockquote>{showUntrusted(triage.diagnosis)}</blockquote>
          {reason !== undefined && <blockquote class="soft gap">{showUntrusted(reason)}</blockquote>}
          {triage.gaps !== undefined && triage.gaps.length > 0 && (
            <ul class="plain small gap">
              {triage.gaps.map((gap) => (
                <li>Not known: {showUntrusted(gap)}</li>
              ))}
            </ul>
          )}
          <dl class="facts soft-top">
            <Fact name="Its own confidence">{Math.round(triage.confidence * 100)} %</Fact>
            {triage.model?.modelId !== undefined && (
              <Fact name="Model">{showUntrusted(triage.model.modelId)}</Fact>
            )}
          </dl>
        </section>
      )}
      <section>
        <h2>Evidence</h2>
        <ul class="plain">
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
    </div>
  );
}

/** One line of a list of facts: a name and what stands beside it. */
export function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function describeCriterion(criterion: SuccessCriterion): Child {
  switch (criterion.kind) {
    case 'metric':
      return (
        <>
          metric{' '}
          <code>
            {showUntrusted(criterion.namespace)}/{showUntrusted(criterion.metricName)}
          </code>{' '}
          ({criterion.statistic.toLowerCase()}) is{' '}
          {criterion.comparison === 'at-most' ? 'at most' : 'at least'} {criterion.threshold}
        </>
      );
    case 'alarm-ok':
      return (
        <>
          alarm <code>{showUntrusted(criterion.alarmName)}</code> is OK again
        </>
      );
    case 'http-probe':
      return (
        <>
          <code>{showUntrusted(criterion.url)}</code> answers {criterion.expectStatus}
        </>
      );
    case 'read-back':
      return (
        <>
          reading the target back gives <code>{showUntrusted(criterion.expected)}</code>
        </>
      );
  }
}
