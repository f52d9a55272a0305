import type { Command } from 'commander';
import type { ApprovalDetail } from '../../functions/approvals/api/api-views.ts';
import type { RejectReason } from '../../functions/approvals/approval.ts';
import { isExplained } from '../../functions/approvals/vote-form.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { approvalLines, exclusionWords, questionLines, statusLine } from '../approval-lines.ts';
import { approvalIdIn, approvalLink } from '../approval-name.ts';
import { openApprovals } from '../approvals-access.ts';
import { mustBeAskable, mustBeConfirmed } from '../confirmation.ts';
import { good, printable, printJson } from '../output.ts';
import { optionsOf } from './options.ts';

/** Prints everything that a person needs to decide one approval. */
export async function showOne(named: string, command: Command): Promise<void> {
  const { api, pagesUrl } = await openApprovals(command);
  const { json: document, parsed } = await api.show(approvalIdIn(named, pagesUrl));
  if (optionsOf(command).json === true) printJson(document);
  else {
    for (const line of approvalLines(parsed, Date.now())) console.log(line);
    console.log(approvalLink(pagesUrl, parsed.approvalId));
  }
}

/** Shows what is asked, asks for a word, and approves the plan that was shown and no other. */
export async function approveOne(named: string, command: Command): Promise<void> {
  const { comment, yes, json } = optionsOf<{ comment?: string; yes?: true }>(command);
  mustBeAskable(command, yes, 'approvals show');
  const { api, pagesUrl } = await openApprovals(command);
  const { parsed: shown } = await api.show(approvalIdIn(named, pagesUrl));
  // Standard error: with --json the answer alone is for standard output.
  console.error(questionLines(shown).join('\n'));
  mustBeOpen(shown);
  await mustBeConfirmed(yes, shown.verdictOn === undefined ? 'Approve this?' : 'Keep it?');
  const { json: document, parsed } = await api.vote(shown.approvalId, {
    planDigest: shown.planDigest,
    verdict: 'approve',
    ...(comment === undefined ? {} : { comment }),
  });
  if (json === true) printJson(document);
  else {
    console.log(
      parsed.status === 'pending'
        ? good(
            `your approval counts; ${parsed.approvalsStillNeeded} more of ${parsed.quorum} ${parsed.approvalsStillNeeded === 1 ? 'is' : 'are'} needed`,
          )
        : statusLine(parsed, Date.now()),
    );
  }
}

/** Rejects an approval: refusing takes no second question. */
export async function rejectOne(named: string, command: Command): Promise<void> {
  const { reason, comment, json } = optionsOf<{ reason: RejectReason; comment?: string }>(command);
  if (!isExplained({ reason, comment })) {
    command.error('--reason other alone tells nobody anything: add --comment with what is wrong', {
      exitCode: 2,
    });
  }
  const { api, pagesUrl } = await openApprovals(command);
  const { parsed: shown } = await api.show(approvalIdIn(named, pagesUrl));
  console.error(questionLines(shown).join('\n'));
  mustBeOpen(shown);
  const { json: document, parsed } = await api.vote(shown.approvalId, {
    planDigest: shown.planDigest,
    verdict: 'reject',
    reason,
    ...(comment === undefined ? {} : { comment }),
  });
  if (json === true) printJson(document);
  else console.log(statusLine(parsed, Date.now()));
}

/** Spares people a question whose answer could not count. The API decides again when it is asked. */
function mustBeOpen({ approvalId, status, you, isIntact }: ApprovalDetail): void {
  const name = `approval ${printable(approvalId)}`;
  if (status !== 'pending') {
    throw new InterlockError('cli.not-pending', `${name} waits no more: it is ${printable(status)}`);
  }
  if (!isIntact) {
    throw new InterlockError('cli.plan-altered', `the plan of ${name} is not the one that was asked about`);
  }
  if (you.may !== 'decide') {
    throw new InterlockError(
      'cli.no-authority',
      `somebody else must decide ${name}: ${exclusionWords(you.because)}`,
    );
  }
}
