import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { freshTables } from '../platform/tables.ts';
import { announcementDelivery } from './announcement-delivery.ts';
import { noticesContract } from './notices-contract.ts';
import { noticeDelivery } from './notices-delivery.ts';
import type { Ground } from './notices-world.ts';

const tables = freshTables();

noticesContract('in DynamoDB', async () => {
  const { database, operations } = await tables;
  return { database, operations };
});

async function ground(clock: () => number): Promise<Ground> {
  const { database, ledger, operations } = await tables;
  const approvals = new ApprovalStore(database, ledger, operations, clock);
  return { approvals, database, ledger, operations };
}

noticeDelivery('in DynamoDB', ground);
announcementDelivery('in DynamoDB', ground);
