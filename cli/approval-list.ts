import type { ApprovalSummary } from '../functions/approvals/api/api-views.ts';
import { yourLine } from './approval-lines.ts';
import { instant, printable } from './output.ts';

/**
 * One approval of a list: its id, which the other commands take, and below it what is asked, how it stands, the
 * reader's own part and the link. No table: the question alone would fill the width of a terminal.
 */
export function listLines(approval: ApprovalSummary, link: string): string[] {
  const { environment, tier = 'unknown', quorum, approvalsStillNeeded, status, you } = approval;
  const isPending = status === 'pending';
  const count = `${quorum - approvalsStillNeeded} of ${quorum} approved`;
  const at = approval.decidedAtEpochMs === undefined ? '' : ` ${instant(approval.decidedAtEpochMs)}`;
  const standing = isPending
    ? `${count}, decide before ${instant(approval.expiresAtEpochMs)}`
    : `${printable(status)}${at}, ${count}`;
  return [
    printable(approval.approvalId),
    `  ${printable(approval.question)}`,
    `  ${printable(environment)}, tier ${printable(tier)}: ${standing}`,
    ...(isPending || you.voted !== undefined ? [`  ${yourLine(you)}`] : []),
    `  ${link}`,
  ];
}
