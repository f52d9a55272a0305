import { type AgentOwners, ownsAgent } from '../approvals/authority.ts';
import type { EpochMs } from '../platform/clock.ts';
import { personOf } from '../platform/person.ts';
import type { AutonomyStage } from '../platform/vocabulary.ts';
import type { Place } from './autonomy-policy.ts';
import type { RaiseEvidence } from './raise-evidence.ts';
import type { StageReading } from './stage.ts';

/** How long a request to raise a stage may be approved. */
export const stageRequestLifeMs = 7 * 86_400_000;

/** A wish to raise a stage, with the evidence it was made on. */
export interface StageRequest extends Place {
  readonly requestId: string;
  readonly from: AutonomyStage;
  readonly to: AutonomyStage;
  /** Version of the stage when it was asked for: any change since voids the request. */
  readonly againstVersion: number;
  readonly reason: string;
  /** ARN of the caller. */
  readonly requestedBy: string;
  /** Who that is, however they signed in; an approver must be somebody else. */
  readonly requestedByPerson: string;
  readonly requestedAtEpochMs: EpochMs;
  /** An approval at or after this instant does not count. */
  readonly expiresAtEpochMs: EpochMs;
  readonly status: 'requested' | 'approved' | 'rejected';
  /** What stood when it was asked for. */
  readonly evidence: RaiseEvidence;
  readonly evidenceDigest: string;
  readonly decidedBy?: string;
  readonly decidedAtEpochMs?: EpochMs;
  readonly decisionReason?: string;
}

export type StageRequestRefusal =
  | 'already-decided'
  | 'expired'
  | 'unknown-person'
  | 'same-person'
  | 'agent-owner'
  | 'stage-changed'
  /** The record is no longer the one that was shown to whoever approves. */
  | 'changed-since-shown'
  /** What is declared may be another since it was looked at. */
  | 'policies-changed';

/** Why this person may not approve this request now; `undefined` when they may. */
export function approvalRefusal(
  request: StageRequest,
  inForce: Pick<StageReading, 'stage' | 'version'>,
  approver: string,
  agentOwners: AgentOwners,
  now: EpochMs,
): StageRequestRefusal | undefined {
  if (request.status !== 'requested') return 'already-decided';
  if (now >= request.expiresAtEpochMs) return 'expired';
  const person = personOf(approver);
  if (person === undefined) return 'unknown-person';
  if (person === request.requestedByPerson) return 'same-person';
  if (ownsAgent(agentOwners, request.agentRole, person)) return 'agent-owner';
  const { againstVersion, from } = request;
  return inForce.version === againstVersion && inForce.stage === from ? undefined : 'stage-changed';
}
