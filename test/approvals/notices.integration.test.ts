import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { freshTables } from '../platform/tables.ts';
import { noticesContract } from './notices-contract.ts';
import { noticeDelivery } from './notices-delivery.ts';

const tables = freshTables();

noticesContract('in DynamoDB', async () => {
  const { database, operations } = await tables;
  return { database, operations };
});

noticeDelivery('in DynamoDB', async (clock) => {
  const { database, ledger, operations } = await tables;
  const approvals = new ApprovalStore(database, ledger, operations, clock);
  return { approvals, database, ledger, operations };
});
