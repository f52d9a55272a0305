import * as z from 'zod/mini';
import type { Clock } from '../platform/clock.ts';
import { InterlockError, InvalidInputError } from '../platform/errors.ts';
import { type Approval, newApproval } from './approval.ts';

const text = z.string().check(z.minLength(1), z.maxLength(256));

/** The task's input: what a waiting execution asks for. */
export const approvalRequest = z.strictObject({
  incidentId: text,
  planDigest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  approvalId: text,
  taskToken: z.string().check(z.minLength(1), z.maxLength(2_048)),
  /** Only when a change was made and could not be judged. */
  verdictOn: z.optional(z.strictObject({ changeId: text, reason: z.string().check(z.maxLength(500)) })),
});

/** Nobody is asked for a decision that they would have to make faster than this. */
const shortestWaitMs = 30_000;

/** What a waiting execution asks for. */
export type ApprovalRequest = z.output<typeof approvalRequest>;

/** A change that people were asked to judge. */
export interface WaitingChange {
  readonly incidentId: string;
  readonly planDigest: string;
  readonly verdictApprovalId: string;
}

/** What asking for approval needs from the outside. */
export interface RequestPorts {
  readonly clock: Clock;
  /** How long people have, in seconds. */
  readonly lifeSeconds: number;
  /** How long people have to judge a change that could not be judged, in seconds; then it is rolled back. */
  readonly verdictSeconds: number;
  readonly dossiers: {
    /** The plan and the decision that asks for approval of it. */
    asked(
      incidentId: string,
      planDigest: string,
    ): Promise<{
      decision: {
        outcome: string;
        quorum: number;
        approvalId?: string | undefined;
        /** No change may start on it after this instant. */
        notAfterEpochMs?: number | undefined;
      };
    }>;
    /** The approval that a change waits for, if it waits for one, and what it belongs to. */
    waitingChange(changeId: string): Promise<WaitingChange | undefined>;
  };
  readonly tokens: { encrypt(approvalId: string, token: string): Promise<Uint8Array> };
  readonly approvals: {
    get(approvalId: string): Promise<Approval | undefined>;
    create(
      approval: Approval,
      ciphertext: Uint8Array,
    ): Promise<'requested' | 'token-replaced' | 'already-expired'>;
  };
}

/** Nobody was asked, because nothing could start on their answer: the execution passes over the plan. */
export class ApprovalTooLateError extends InterlockError {
  constructor(message: string) {
    super('approval.too-late', message);
    this.name = 'ApprovalTooLateError';
  }
}

/**
 * Stores the request, and with it that people are to be told: `approval-notices` sends that.
 *
 * @throws InvalidInputError `approval.not-asked-for` when neither a decision nor a change asks for this approval of
 * this plan.
 * @throws ApprovalTooLateError when nothing could start on it any more and nobody was asked before.
 */
export async function requestApproval(
  ports: RequestPorts,
  request: ApprovalRequest,
): Promise<{ outcome: 'requested' | 'token-replaced' | 'already-expired' }> {
  const { incidentId, planDigest, approvalId, taskToken, verdictOn } = request;
  const { decision } = await ports.dossiers.asked(incidentId, planDigest);
  const isAskedFor =
    verdictOn === undefined
      ? decision.outcome === 'require-approval' && decision.approvalId === approvalId
      : waitsFor(await ports.dossiers.waitingChange(verdictOn.changeId), request);
  if (!isAskedFor) {
    throw new InvalidInputError(
      'approval.not-asked-for',
      `no decision on plan ${planDigest} and no change of it asks for approval ${approvalId}`,
    );
  }
  const now = ports.clock();
  const notAfterEpochMs = verdictOn === undefined ? decision.notAfterEpochMs : undefined;
  const isTooLate = notAfterEpochMs !== undefined && notAfterEpochMs - now < shortestWaitMs;
  // A task that is tried again may have asked in time: people look at that, so it is waited for and settled.
  if (isTooLate && (await ports.approvals.get(approvalId)) === undefined) {
    throw new ApprovalTooLateError(
      `the policies permit plan ${planDigest} only until ${new Date(notAfterEpochMs).toISOString()}; nobody could decide in time`,
    );
  }
  const approval = newApproval({
    approvalId,
    incidentId,
    planDigest,
    // One person who looks is enough to say whether what is there helped.
    quorum: verdictOn === undefined ? decision.quorum : 1,
    ...(verdictOn === undefined ? {} : { verdictOn }),
    ...(notAfterEpochMs === undefined ? {} : { notAfterEpochMs }),
    requestedAtEpochMs: now,
    lifeSeconds: verdictOn === undefined ? ports.lifeSeconds : ports.verdictSeconds,
  });
  return {
    outcome: await ports.approvals.create(approval, await ports.tokens.encrypt(approvalId, taskToken)),
  };
}

function waitsFor(change: WaitingChange | undefined, request: ApprovalRequest): boolean {
  return (
    change !== undefined &&
    change.incidentId === request.incidentId &&
    change.planDigest === request.planDigest &&
    change.verdictApprovalId === request.approvalId
  );
}
