import type { EpochMs } from '../../platform/clock.ts';
import { DependencyUnavailableError } from '../../platform/errors.ts';
import type { Approval } from '../approval.ts';
import { escalate, remind } from '../ask-again.ts';

/** How many waiting approvals one sweep looks at: more than people could decide while they wait. */
const lookedAtOnce = 1_000;

/** Where a sweep finds who waits, and asks again. */
export interface WaitingApprovals {
  list(status: 'pending', limit: number): Promise<Approval[]>;
  remind(approvalId: string): Promise<unknown>;
  escalate(approvalId: string): Promise<unknown>;
}

/**
 * Reminds and escalates what is due, each once: the store decides again when it writes.
 *
 * @throws DependencyUnavailableError `approval.reminders-incomplete`, after trying all.
 */
export async function remindPeople(
  approvals: WaitingApprovals,
  now: EpochMs,
  report: (approvalId: string, error: unknown) => void,
): Promise<void> {
  let failed = 0;
  for (const approval of await approvals.list('pending', lookedAtOnce)) {
    const { approvalId } = approval;
    try {
      if (escalate(approval, now).outcome === 'due') await approvals.escalate(approvalId);
      else if (remind(approval, now).outcome === 'due') await approvals.remind(approvalId);
    } catch (error) {
      failed += 1;
      report(approvalId, error);
    }
  }
  if (failed > 0) {
    throw new DependencyUnavailableError(
      'approval.reminders-incomplete',
      `${failed} approvals could not be asked for again; the next sweep tries again`,
    );
  }
}
