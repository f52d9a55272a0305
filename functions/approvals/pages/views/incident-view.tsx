import { type LedgerEntry, verifyChain } from '../../../audit/ledger-entry.ts';
import { incidentChain } from '../../../platform/item-keys.ts';
import type { IncidentFile } from '../../dossier.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { clockTime, detailLine, eventName, moment } from '../../words.ts';
import { Fact } from './facts.tsx';

/** Bytes of entries on one page, so that a long incident stays as light as a short one. */
const pageBytes = 11_000;

/**
 * One incident as the ledger tells it, with the check of its whole hash chain: the newest entries before a
 * sequence number, and a way to the earlier ones.
 */
export function IncidentView({ file, before }: { file: IncidentFile; before: number }) {
  const { incident, entries } = file;
  const path = `/incidents/${encodeURIComponent(incident.incidentId)}`;
  const until = entries.filter(({ sequence }) => sequence < before);
  const shown = lastThatFit(until);
  const [first] = shown;
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
      {until.length < entries.length && (
        <p class="soft-top">
          <a href={path}>Newest entries</a>
        </p>
      )}
      {first !== undefined && shown.length < until.length && (
        <p class="soft-top">
          <a href={`${path}?before=${first.sequence}`}>{until.length - shown.length} earlier entries</a>{' '}
          <span class="soft small">
            or all of them: <code>interlock incident show {showUntrusted(incident.incidentId)}</code>
          </span>
        </p>
      )}
      <ol class="line">
        {shown.map((entry) => (
          <Entry entry={entry} />
        ))}
      </ol>
    </>
  );
}

/** From the end, as many as stay within {@link pageBytes}; one at least. */
function lastThatFit(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  let bytes = 0;
  const tooMuch = entries.findLastIndex((entry) => {
    const html: { toString(): string } = <Entry entry={entry} />;
    bytes += Buffer.byteLength(html.toString());
    return bytes > pageBytes;
  });
  return entries.slice(Math.min(tooMuch + 1, entries.length - 1));
}

function Entry({ entry }: { entry: LedgerEntry }) {
  const { approvalId } = entry.detail;
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
      {typeof approvalId === 'string' && (
        <a class="small" href={`/approvals/${encodeURIComponent(approvalId)}`}>
          The approval
        </a>
      )}
    </li>
  );
}
