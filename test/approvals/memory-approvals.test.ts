import { approvalContract } from './approval-contract.ts';
import { MemoryApprovals } from './memory-approvals.ts';

approvalContract('in memory', async (clock) => new MemoryApprovals(() => clock.now));
