import { MemoryApprovals } from './memory-approvals.ts';
import { slackDecisions } from './slack-decisions.ts';

slackDecisions('in memory', async (clock) => {
  const approvals = new MemoryApprovals(clock);
  const { database, ledger, operationsTable: operations } = approvals;
  return { approvals, database, ledger, operations, controls: 'Controls' };
});
