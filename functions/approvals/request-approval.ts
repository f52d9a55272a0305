import { resolveAction } from '../change/catalogue.ts';
import type { Plan } from '../change/plan.ts';
import type { Clock } from '../platform/clock.ts';
import { InvalidInputError } from '../platform/errors.ts';
import { type Approval, newApproval } from './approval.ts';

/** What a waiting execution asks for. */
export interface ApprovalRequest {
  readonly incidentId: string;
  readonly planDigest: string;
  readonly approvalId: string;
  readonly taskToken: string;
}

/** What asking for approval needs from the outside. */
export interface RequestPorts {
  readonly clock: Clock;
  readonly lifeSeconds: number;
  readonly publicBaseUrl: string;
  /** The plan and the decision that asks for approval of it. */
  readonly findAsked: (
    incidentId: string,
    planDigest: string,
  ) => Promise<{
    plan: Plan;
    decision: { outcome: string; quorum: number; approvalId?: string | undefined };
  }>;
  readonly encrypt: (approvalId: string, token: string) => Promise<Uint8Array>;
  readonly create: (
    approval: Approval,
    ciphertext: Uint8Array,
  ) => Promise<'requested' | 'token-replaced' | 'already-expired'>;
  readonly tell: (subject: string, message: string) => Promise<void>;
  /** A channel that does not work neither blocks nor grants: it is made visible, and the inbox still shows the request. */
  readonly onNotificationFailure: (approval: Approval, error: unknown) => Promise<void>;
}

/**
 * Stores the request, then tells people. The link holds the approval's random id and nothing else: whoever
 * reads the message, a mail scanner included, gains nothing by it.
 *
 * @throws InvalidInputError `approval.not-asked-for` when no decision asks for this approval of this plan.
 */
export async function requestApproval(
  ports: RequestPorts,
  { incidentId, planDigest, approvalId, taskToken }: ApprovalRequest,
): Promise<{ outcome: 'requested' | 'token-replaced' | 'already-expired' }> {
  const { plan, decision } = await ports.findAsked(incidentId, planDigest);
  if (decision.outcome !== 'require-approval' || decision.approvalId !== approvalId) {
    throw new InvalidInputError(
      'approval.not-asked-for',
      `no decision on plan ${planDigest} asks for approval ${approvalId}`,
    );
  }
  const approval = newApproval({
    approvalId,
    incidentId,
    planDigest,
    quorum: decision.quorum,
    requestedAtEpochMs: ports.clock(),
    lifeSeconds: ports.lifeSeconds,
  });
  const outcome = await ports.create(approval, await ports.encrypt(approvalId, taskToken));
  if (outcome !== 'already-expired') await notify(ports, approval, plan);
  return { outcome };
}

async function notify(ports: RequestPorts, approval: Approval, plan: Plan): Promise<void> {
  try {
    await ports.tell('Interlock: approval wanted', invitation(ports.publicBaseUrl, approval, plan));
  } catch (error) {
    await ports.onNotificationFailure(approval, error);
  }
}

/** The message to people. Values from the plan stay on the page: this travels through mail and chat. */
function invitation(publicBaseUrl: string, approval: Approval, plan: Plan): string {
  const action = resolveAction(plan.action, plan.parameters);
  const what = action.outcome === 'resolved' ? action.definition.summary : 'A change is proposed.';
  const people = approval.quorum === 1 ? '1 person' : `${approval.quorum} people`;
  return [
    `${what} Environment: ${plan.environment}. Needs ${people}.`,
    `Read and decide before ${new Date(approval.expiresAtEpochMs).toISOString()}:`,
    `${publicBaseUrl.replace(/\/+$/, '')}/approvals/${encodeURIComponent(approval.approvalId)}`,
  ].join('\n');
}
