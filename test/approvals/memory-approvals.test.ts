import { approvalContract } from './approval-contract.ts';
import { MemoryApprovals } from './memory-approvals.ts';

approvalContract('in memory', async (clock) => {
  const store = new MemoryApprovals(() => clock.now);
  return { store, database: store.database, operations: store.operationsTable };
});
