import { type LedgerEntry, verifyChain } from '../../../audit/ledger-entry.ts';
import { incidentChain } from '../../../platform/item-keys.ts';
import type { IncidentFile } from '../../dossier.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { Fact } from './facts.tsx';
import { clockTime, detailLine, eventName, moment } from './words.ts';

/** One incident as the ledger tells it, with the check of its hash chain. */
export function IncidentView({ file }: { file: IncidentFile }) {
  const { incident, entries } = file;
  const faults = verifyChain(incidentChain(incident.incidentId), entries);
  return (
    <>
      <p class="crumb">
        <a href="/">← All approvals</a>
      </p>
      <ul class="tags">
        <li class={incident.status === 'open' ? 'tag wait' : 'tag go'}>
          {incident.status === 'open' ? 'Open' : `Closed: ${incident.result ?? 'no result'}`}
        </li>
        <li class="tag">{incident.signal.severity} severity</li>
        <li class="tag">{showUntrusted(incident.signal.environment)}</li>
      </ul>
      <h1>{showUntrusted(incident.signal.title)}</h1>
      {incident.resultReason !== undefined && <p class="lead">{showUntrusted(incident.resultReason)}</p>}
      {faults.length > 0 && (
        <p class="notice bad" role="alert">
          <strong>The evidence of this incident does not hold together.</strong>
          {faults.length} of {entries.length} entries are missing or were altered. Tell whoever runs
          Interlock.
        </p>
      )}
      <div class="card stack">
        <dl class="facts">
          <Fact name="Incident">
            <code>{incident.incidentId}</code>
          </Fact>
          <Fact name="Opened">{moment(incident.openedAtEpochMs)}</Fact>
          {incident.signal.resource !== undefined && (
            <Fact name="Resource">
              <code>{showUntrusted(incident.signal.resource.id)}</code>
            </Fact>
          )}
          <Fact name="Ledger">
            {entries.length} entries, {faults.length === 0 ? 'chain intact' : 'chain broken'}
          </Fact>
        </dl>
      </div>
      <ol class="line">
        {entries.map((entry) => (
          <Entry entry={entry} />
        ))}
      </ol>
    </>
  );
}

function Entry({ entry }: { entry: LedgerEntry }) {
  return (
    <li>
      <strong>{eventName(showUntrusted(entry.type))}</strong>{' '}
      <span class="soft small">
        {clockTime(entry.atEpochMs)} UTC · {entry.actor.kind} {showUntrusted(entry.actor.id)}
      </span>
      <dl>
        {Object.entries(entry.detail).map(([name, value]) => {
          const [label, text] = detailLine(name, value);
          return (
            <div>
              <dt>{showUntrusted(label)}</dt>
              <dd>{text}</dd>
            </div>
          );
        })}
      </dl>
    </li>
  );
}
