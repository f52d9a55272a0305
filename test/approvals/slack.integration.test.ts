import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { freshTables } from '../platform/tables.ts';
import { slackDecisions } from './slack-decisions.ts';

const tables = freshTables();

slackDecisions('in DynamoDB', async (clock) => {
  const { database, ledger, operations, controls } = await tables;
  return {
    approvals: new ApprovalStore(database, ledger, operations, clock),
    database,
    ledger,
    operations,
    controls,
  };
});
