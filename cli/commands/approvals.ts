import { Command } from 'commander';
import { instant, printJson, printTable } from '../output.ts';
import { connectFor, optionsOf } from './options.ts';

/** What waits for a person. Deciding happens on the page, where the person signs in. */
export function approvalsCommand(): Command {
  return new Command('approvals')
    .description('list approvals that wait for a person, with their links')
    .action((_options, self: Command) => list(self));
}

async function list(command: Command): Promise<void> {
  const { database, tables, pagesUrl } = await connectFor(command);
  const pending = await database.byStatus(tables.operations, 'APPROVAL#pending');
  const approvals = pending.map((item) => ({
    approvalId: String(item['approvalId']),
    incidentId: String(item['incidentId']),
    planDigest: String(item['planDigest']),
    quorum: Number(item['quorum']),
    votes: (item['votes'] as unknown[] | undefined)?.length ?? 0,
    expiresAtEpochMs: Number(item['expiresAtEpochMs']),
    expired: Number(item['expiresAtEpochMs']) <= Date.now(),
    url: `${pagesUrl}/approvals/${String(item['approvalId'])}`,
  }));
  if (optionsOf(command).json === true) printJson(approvals);
  else if (approvals.length === 0) console.log('nothing waits for approval');
  else {
    printTable(
      ['incident', 'votes', 'decide before', 'link'],
      approvals.map((approval) => [
        approval.incidentId,
        `${approval.votes} of ${approval.quorum}`,
        approval.expired ? 'expired' : instant(approval.expiresAtEpochMs),
        approval.url,
      ]),
    );
  }
}
