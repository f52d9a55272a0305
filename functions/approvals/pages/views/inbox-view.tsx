import type { Child } from 'hono/jsx';
import { type Approval, approversOf, isWaiting } from '../../approval.ts';
import type { Dossier } from '../../dossier.ts';
import { type Inbox, type InboxList, type InboxView, inboxViews } from '../../inbox.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { moment, question, shortened } from '../../words.ts';
import type { Batch } from '../batch.ts';
import { StatusTag } from './status-tag.tsx';
import { TimeLeft } from './time-left.tsx';

const tabs: Readonly<Record<InboxView, { name: string; empty: string }>> = {
  mine: { name: 'For me', empty: 'Nothing waits for you.' },
  all: { name: 'All', empty: 'Nothing is waiting.' },
  decided: { name: 'Decided', empty: 'Nothing has been decided yet.' },
};

/** One view of the inbox. In their own, what can be decided together stands together. */
export function InboxPage(props: {
  inbox: Inbox;
  view: InboxView;
  batches: readonly Batch[];
  mayEverDecide: boolean;
  /** They come from a sign-in that stopped what they were about to do. */
  wasUndone: boolean;
  now: number;
}) {
  const { inbox, view, now } = props;
  const batches = view === 'mine' ? props.batches : [];
  const inBatch = new Set(batches.flatMap(({ dossiers }) => dossiers));
  const list = inbox[view];
  const single = list.shown.filter((dossier) => !inBatch.has(dossier));
  return (
    <>
      <h1>Approvals</h1>
      {props.wasUndone && (
        <p class="notice warn" role="alert">
          You had to sign in again. Nothing was done yet: please do it again now.
        </p>
      )}
      {!props.mayEverDecide && (
        <p class="notice warn">
          Your groups give you no authority to approve anything here, so there is nothing to show.
        </p>
      )}
      <nav class="tabs" aria-label="Views of the inbox" data-anew="">
        {inboxViews.map((each) => (
          <a href={`/?view=${each}`} aria-current={each === view ? 'page' : undefined}>
            {tabs[each].name} <span class="count">{countOf(inbox[each])}</span>
          </a>
        ))}
      </nav>
      <More list={list} view={view} />
      {list.shown.length === 0 ? (
        <p class="empty">
          {list.isWhole ? tabs[view].empty : 'Nothing of what was looked through is for you.'}
          {view === 'mine' && inbox.all.found > 0 && (
            <>
              {' '}
              <a href="/?view=all">{countOf(inbox.all)} waiting for others or for more approvals</a>
            </>
          )}
        </p>
      ) : (
        <ul class="rows">
          {batches.map((batch) => (
            <BatchRow batch={batch} now={now} />
          ))}
          {single.map((dossier) => (
            <Row
              dossier={dossier}
              now={now}
              isForReader={view === 'all' && inbox.mine.shown.includes(dossier)}
            />
          ))}
        </ul>
      )}
    </>
  );
}

/** Where there is more than is shown: nobody should take what they see for everything. */
function More({ list, view }: { list: InboxList; view: InboxView }) {
  const { shown, found, isWhole } = list;
  if (isWhole && shown.length === found) return null;
  return (
    <p class="notice">
      <strong>
        {shown.length} of {found}
        {isWhole ? '' : ' or more'} are shown:
      </strong>{' '}
      {view === 'decided' ? 'the newest.' : 'those that expire first. Decide them, and the next ones come.'}
    </p>
  );
}

function countOf({ found, isWhole }: InboxList): string {
  return isWhole ? String(found) : `${found}+`;
}

function Row({ dossier, now, isForReader }: { dossier: Dossier; now: number; isForReader: boolean }) {
  const { approval, plan, decision, incident } = dossier;
  const open = isWaiting(approval, now);
  return (
    <RowLink href={`/approvals/${encodeURIComponent(approval.approvalId)}`}>
      <strong>{question(plan, approval.verdictOn)}</strong>
      {incident !== undefined && <span class="soft">{shortened(showUntrusted(incident.signal.title))}</span>}
      <span class="tags">
        {open ? (
          <Waiting approval={approval} now={now} />
        ) : (
          <>
            <StatusTag approval={approval} now={now} />
            <span class="tag">{moment(approval.decidedAtEpochMs ?? approval.expiresAtEpochMs)}</span>
          </>
        )}
        {decision.tier !== undefined && <span class={`tag ${decision.tier}`}>{decision.tier} risk</span>}
        <span class="tag">{showUntrusted(plan.environment)}</span>
        {isForReader && <span class="tag go">For you</span>}
      </span>
    </RowLink>
  );
}

function Waiting({ approval, now }: { approval: Approval; now: number }) {
  return (
    <>
      <span class="tag wait">
        <TimeLeft until={approval.expiresAtEpochMs} now={now} />
      </span>
      {approval.quorum > 1 && (
        <span class="tag">
          {approversOf(approval).size} of {approval.quorum} approved
        </span>
      )}
    </>
  );
}

function BatchRow({ batch: { key, dossiers }, now }: { batch: Batch; now: number }) {
  const [first] = dossiers;
  if (first === undefined) return null;
  const { effect, environment } = first.plan;
  return (
    <RowLink href={`/batches/${key}`}>
      <strong>
        {dossiers.length} identical requests: from {shortened(showUntrusted(effect?.before ?? ''))} to{' '}
        {shortened(showUntrusted(effect?.after ?? ''))}
      </strong>
      <span class="soft">
        {shortened(dossiers.map(({ plan }) => showUntrusted(plan.target?.id ?? plan.action)).join(', '))}
      </span>
      <span class="tags">
        <Waiting approval={first.approval} now={now} />
        <span class="tag low">low risk</span>
        <span class="tag">{showUntrusted(environment)}</span>
        <span class="tag go">Decide together</span>
      </span>
    </RowLink>
  );
}

function RowLink({ href, children }: { href: string; children?: Child }) {
  return (
    <li>
      <a class="card row" href={href}>
        {children}
      </a>
    </li>
  );
}
