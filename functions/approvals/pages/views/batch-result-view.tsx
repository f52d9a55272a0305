import type { Dossier } from '../../dossier.ts';
import { refusalAnswers } from '../../refusal-answers.ts';
import type { VoteRefusal } from '../../refused-vote.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { question } from '../../words.ts';

/** What became of one request of a batch. */
export interface ItemResult {
  readonly approvalId: string;
  /** As it stands now; absent where there is nothing that this person may see. */
  readonly dossier?: Dossier;
  /** Why the vote did not count; absent where it does. */
  readonly because?: VoteRefusal;
}

/** What became of each request that was ticked. */
export function BatchResultView({ results }: { results: readonly ItemResult[] }) {
  const counted = results.filter(({ because }) => because === undefined).length;
  return (
    <>
      <p class="crumb">
        <a href="/">← All approvals</a>
      </p>
      <h1>
        {counted} of {results.length} {results.length === 1 ? 'request' : 'requests'} decided
      </h1>
      {counted < results.length && (
        <p class="notice warn" role="alert">
          Not everything that you ticked was decided by you. See below.
        </p>
      )}
      <ul class="rows">
        {results.map((result) => (
          <li class="card">
            <Result {...result} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Result({ approvalId, dossier, because }: ItemResult) {
  const name = dossier === undefined ? 'A request' : question(dossier.plan, dossier.approval.verdictOn);
  return (
    <>
      <p>
        {because === undefined ? (
          <span class={dossier?.approval.status === 'approved' ? 'tag go' : 'tag no'}>
            {dossier?.approval.status === 'approved' ? 'Approved' : 'Rejected'}
          </span>
        ) : (
          <span class="tag wait">Not decided by you</span>
        )}
      </p>
      <p>
        <strong>{name}</strong>
      </p>
      {because !== undefined && <p class="soft">{refusalAnswers[because][1]}</p>}
      {dossier !== undefined && (
        <p class="small">
          <a href={`/approvals/${encodeURIComponent(approvalId)}`}>
            Look at {showUntrusted(dossier.plan.target?.id ?? 'it')}
          </a>
        </p>
      )}
    </>
  );
}
