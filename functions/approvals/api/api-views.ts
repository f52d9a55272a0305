import * as z from 'zod/mini';
import type { Plan } from '../../change/plan.ts';
import type { EpochMs } from '../../platform/clock.ts';
import { type EngagedSwitches, switchesOver } from '../../platform/kill-switch-scope.ts';
import { aftermath, aftermathOf } from '../aftermath.ts';
import { approvalsStillNeeded, statusAt } from '../approval.ts';
import type { Identity } from '../authority.ts';
import type { OpenedApproval } from '../decide-approval.ts';
import { isIntact } from '../dossier.ts';
import { voteOf } from '../inbox.ts';
import { question } from '../words.ts';

const count = z.number();
const epochMs = z.number();
const text = z.string();

/** What whoever asks may do with an approval at this moment. */
const yourPart = z.object({
  may: z.enum(['decide', 'view']),
  /** Why they may only look. */
  because: z.optional(text),
  /** Whose authority they would use, where it is not their own. */
  onBehalfOf: z.optional(text),
  /** What they said last. */
  voted: z.optional(z.enum(['approve', 'reject'])),
});

/** One line of a list. */
export const approvalSummary = z.object({
  approvalId: text,
  incidentId: text,
  planDigest: text,
  /** What is asked, in one sentence. */
  question: text,
  environment: text,
  tier: z.optional(text),
  /** `expired` from the first instant at which no vote counts any more, whether that is written down yet or not. */
  status: text,
  quorum: count,
  approvalsStillNeeded: count,
  requestedAtEpochMs: epochMs,
  expiresAtEpochMs: epochMs,
  decidedAtEpochMs: z.optional(epochMs),
  you: yourPart,
});
export type ApprovalSummary = z.output<typeof approvalSummary>;

const voteView = z.object({
  identityId: text,
  displayName: text,
  verdict: z.enum(['approve', 'reject']),
  reason: z.optional(text),
  /** Untrusted. */
  comment: z.optional(text),
  atEpochMs: epochMs,
  onBehalfOf: z.optional(text),
  via: z.optional(text),
});

/** Everything that an approver is shown about one approval. */
export const approvalDetail = z.extend(approvalSummary, {
  /** As it is stored, so that whoever reads it can compute its digest. Untrusted: an agent wrote its parameters. */
  plan: z.custom<Plan>((value) => typeof value === 'object' && value !== null),
  /** Whether plan and decision are still the ones that were asked about; otherwise nothing can be decided. */
  isIntact: z.boolean(),
  /** The rule that asked for people, and why. */
  asked: z.object({
    clause: text,
    reason: text,
    stage: z.optional(text),
    policies: z.optional(z.array(text)),
  }),
  /** Whether a change that was carried out may stay: approve keeps it, reject rolls it back. */
  verdictOn: z.optional(z.object({ changeId: text, reason: text })),
  impact: z.optional(z.object({ resources: count, capacityPercent: count })),
  checks: z.optional(z.array(z.object({ name: text, result: text, reason: text }))),
  ownerStack: z.optional(text),
  /** When a change of this action was last really rolled back. */
  rehearsal: z.optional(
    z.union([z.literal('never'), z.object({ changeId: text, rolledBackAtEpochMs: epochMs })]),
  ),
  incident: z.optional(
    z.object({
      status: text,
      severity: text,
      /** Untrusted. */
      title: text,
      openedAtEpochMs: epochMs,
    }),
  ),
  /** What the model says, all of it untrusted. */
  triage: z.optional(
    z.object({
      diagnosis: text,
      reason: z.optional(text),
      /** 0 to 1. */
      confidence: z.number(),
      gaps: z.optional(z.array(text)),
      modelId: z.optional(text),
    }),
  ),
  votes: z.array(voteView),
  escalateAtEpochMs: epochMs,
  /** Until when the policies permit a start, where they set an end to that. */
  notAfterEpochMs: z.optional(epochMs),
  usableUntilEpochMs: z.optional(epochMs),
  cancelledBecause: z.optional(text),
  breakGlassBy: z.optional(text),
  /** Channels on which people could not be told yet. */
  failedChannels: z.array(text),
  /** `engaged` or `unreadable`: what is approved now does not start, and does not start later either. */
  killSwitch: z.enum(['engaged', 'released', 'unreadable']),
  /** The widest switch that stops this plan: `global`, `environment#…`, `agent#…`, `action#…`. */
  killSwitchScope: z.optional(text),
  /** What became of it; absent while people are asked. */
  aftermath: z.optional(aftermath),
});
export type ApprovalDetail = z.output<typeof approvalDetail>;

/** One approval as a line of a list. */
export function summaryOf(opened: OpenedApproval, identity: Identity, now: EpochMs): ApprovalSummary {
  const { approval, plan, decision } = opened.dossier;
  const { authority } = opened;
  const voted = voteOf(approval, identity);
  return {
    approvalId: approval.approvalId,
    incidentId: approval.incidentId,
    planDigest: approval.planDigest,
    question: question(plan, approval.verdictOn),
    environment: plan.environment,
    ...(decision.tier === undefined ? {} : { tier: decision.tier }),
    status: statusAt(approval, now),
    quorum: approval.quorum,
    approvalsStillNeeded: approvalsStillNeeded(approval),
    requestedAtEpochMs: approval.requestedAtEpochMs,
    expiresAtEpochMs: approval.expiresAtEpochMs,
    ...(approval.decidedAtEpochMs === undefined ? {} : { decidedAtEpochMs: approval.decidedAtEpochMs }),
    you: { ...authority, ...(voted === undefined ? {} : { voted }) },
  };
}

/** One approval with everything it rests on. */
export function detailOf(
  opened: OpenedApproval,
  identity: Identity,
  now: EpochMs,
  engaged: EngagedSwitches,
): ApprovalDetail {
  const { dossier } = opened;
  const { approval, plan, decision, incident, triage } = dossier;
  const { reading, scope } = switchesOver(engaged, plan);
  const reason = triage?.reasons?.[triage.planDigests?.indexOf(approval.planDigest) ?? -1];
  const failed = (dossier.notices ?? []).flatMap(({ deliveries }) =>
    Object.entries(deliveries).filter(([, { status }]) => status === 'failed'),
  );
  return present({
    ...summaryOf(opened, identity, now),
    plan,
    isIntact: isIntact(dossier),
    asked: present({
      clause: decision.clause,
      reason: decision.reason,
      stage: decision.stage,
      policies: decision.determiningPolicies,
    }),
    verdictOn: approval.verdictOn,
    impact: dossier.impact,
    checks: dossier.checks,
    ownerStack: dossier.ownerStack,
    rehearsal: dossier.rehearsal,
    incident: incident && {
      status: incident.status,
      severity: incident.signal.severity,
      title: incident.signal.title,
      openedAtEpochMs: incident.openedAtEpochMs,
    },
    triage:
      triage &&
      present({
        diagnosis: triage.diagnosis,
        reason,
        confidence: triage.confidence,
        gaps: triage.gaps,
        modelId: triage.model?.modelId,
      }),
    votes: approval.votes.map((vote) => ({ ...vote })),
    escalateAtEpochMs: approval.escalateAtEpochMs,
    notAfterEpochMs: approval.notAfterEpochMs,
    usableUntilEpochMs: approval.usableUntilEpochMs,
    cancelledBecause: approval.cancelledBecause,
    breakGlassBy: approval.breakGlassBy,
    failedChannels: [...new Set(failed.map(([channel]) => channel))].sort(),
    killSwitch: reading,
    killSwitchScope: scope,
    aftermath: aftermathOf(dossier, now),
  });
}

/** The members that are there. */
function present<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Value;
}
