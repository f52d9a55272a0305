import { resolveAction } from '../../../change/catalogue.ts';
import type { EngagedSwitches } from '../../../platform/kill-switch-scope.ts';
import type { Dossier } from '../../dossier.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { shortened, targetType } from '../../words.ts';
import { type Batch, batchItem } from '../batch.ts';
import { StoppedMeanwhile } from './kill-switch-bar.tsx';
import { RejectionFields } from './rejection-fields.tsx';
import { TimeLeft } from './time-left.tsx';

/** Identical requests with a box each, bound to the plan that is shown, and one answer for what is ticked. */
export function BatchView(props: {
  batch: Batch;
  /** Whether more waits for this person than is looked at here. */
  areMore: boolean;
  engaged: EngagedSwitches;
  formToken: string;
  now: number;
  warning?: string;
}) {
  const { key, dossiers } = props.batch;
  const [first] = dossiers;
  if (first === undefined) return null;
  const { plan } = first;
  const action = resolveAction(plan.action, plan.parameters);
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
      <ul class="tags">
        <li class="tag wait">
          {dossiers.length} {dossiers.length === 1 ? 'request' : 'identical requests'}
        </li>
        <li class="tag low">low risk</li>
        <li class="tag">{showUntrusted(plan.environment)}</li>
      </ul>
      <h1>
        Change {dossiers.length === 1 ? 'this' : `these ${dossiers.length}`} from{' '}
        {shortened(showUntrusted(plan.effect?.before ?? ''))} to{' '}
        {shortened(showUntrusted(plan.effect?.after ?? ''))}?
      </h1>
      <p class="lead">
        {action.outcome === 'resolved' ? action.definition.summary : showUntrusted(plan.action)} Agent{' '}
        {showUntrusted(plan.agentRole)} asks for each of them. Each is decided, recorded and undone by itself.
      </p>
      {props.areMore && (
        <p class="notice">More is waiting for you than stands here: it comes once this is decided.</p>
      )}
      <StoppedMeanwhile engaged={props.engaged} subject={plan} />
      <form class="batch" method="post" action={`/batches/${key}`}>
        <input type="hidden" name="csrf" value={props.formToken} />
        <fieldset class="card">
          <legend class="sr">Which ones</legend>
          {dossiers.map((dossier, index) => (
            <Item id={`i${index}`} dossier={dossier} now={props.now} />
          ))}
        </fieldset>
        <div class="card answers">
          <button class="button approve" type="submit" name="verdict" value="approve" formnovalidate>
            Approve selected
          </button>
          <details class="reject">
            <summary class="button">Reject…</summary>
            <RejectionFields />
            <button class="button refuse" type="submit" name="verdict" value="reject">
              Reject selected
            </button>
          </details>
        </div>
      </form>
    </>
  );
}

/** The ids are short: a page of many is read on a phone, over whatever network there is. */
function Item({ id, dossier, now }: { id: string; dossier: Dossier; now: number }) {
  const { approval, plan, incident } = dossier;
  const name = `${id}n`;
  const details = `${id}d`;
  return (
    <div class="item">
      <input type="checkbox" name="item" value={batchItem(approval)} id={id} checked />
      <div>
        <label for={id}>
          <strong id={name}>
            {plan.target === undefined ? showUntrusted(plan.action) : showUntrusted(plan.target.id)}
          </strong>
        </label>
        <p class="soft small">
          {plan.target === undefined ? '' : `${targetType(plan.target.type)} · `}
          {incident === undefined ? '' : `${shortened(showUntrusted(incident.signal.title), 40)} · `}
          <TimeLeft until={approval.expiresAtEpochMs} now={now} />
        </p>
        <p class="small">
          <a
            href={`/approvals/${encodeURIComponent(approval.approvalId)}`}
            id={details}
            aria-labelledby={`${details} ${name}`}
          >
            Details
          </a>
        </p>
      </div>
    </div>
  );
}
