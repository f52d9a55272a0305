import { type Approval, approvalsStillNeeded, statusAt } from '../../approval.ts';

/** Where an approval stands, in a word. Past its expiry it says so, whether or not that was written down yet. */
export function StatusTag({ approval, now }: { approval: Approval; now: number }) {
  switch (statusAt(approval, now)) {
    case 'approved':
      return <span class="tag go">Approved</span>;
    case 'rejected':
      return <span class="tag no">Rejected</span>;
    case 'expired':
      return <span class="tag no">Expired</span>;
    case 'cancelled':
      return <span class="tag">Cancelled</span>;
    case 'pending': {
      const needed = approvalsStillNeeded(approval);
      return (
        <span class="tag wait">
          Waiting for {needed} {needed === 1 ? 'approval' : 'approvals'}
        </span>
      );
    }
  }
}
