import * as z from 'zod/mini';
import type { LedgerEntry } from '../audit/ledger-entry.ts';
import type { BlastRadius } from '../change/action-definition.ts';
import { resolveAction } from '../change/catalogue.ts';
import { type Plan, planDigestOf } from '../change/plan.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Approval } from './approval.ts';
import { type AuthoritySubject, changedByTag } from './authority.ts';
import type { NeverAgain } from './never-again.ts';
import type { Notice } from './notice.ts';

const decisionSchema = z.object({
  outcome: z.string(),
  quorum: z.number(),
  clause: z.string(),
  reason: z.string(),
  tier: z.optional(z.string()),
  stage: z.optional(z.string()),
  approvalId: z.optional(z.string()),
  notAfterEpochMs: z.optional(z.number()),
  determiningPolicies: z.optional(z.array(z.string())),
  inputs: z.optional(
    z.object({
      targetTags: z.optional(
        z.object({ reading: z.string(), tags: z.optional(z.record(z.string(), z.string())) }),
      ),
    }),
  ),
});

const changeSchema = z.object({
  changeId: z.string(),
  incidentId: z.string(),
  planDigest: z.string(),
  status: z.string(),
  verdictApprovalId: z.optional(z.string()),
  statusReason: z.optional(z.string()),
});

const incidentSchema = z.object({
  incidentId: z.string(),
  status: z.string(),
  result: z.optional(z.string()),
  resultReason: z.optional(z.string()),
  openedAtEpochMs: z.number(),
  closedAtEpochMs: z.optional(z.number()),
  recoveredAtEpochMs: z.optional(z.number()),
  signal: z.object({
    severity: z.string(),
    priority: z.optional(z.string()),
    environment: z.string(),
    /** Untrusted. */
    title: z.string(),
    alarmName: z.optional(z.string()),
    /** The person behind the signal, where it came from one. */
    requestedBy: z.optional(z.string()),
    resource: z.optional(z.object({ type: z.string(), id: z.string() })),
  }),
});

const triageSchema = z.object({
  model: z.optional(z.object({ runtime: z.optional(z.string()), modelId: z.optional(z.string()) })),
  /** Untrusted: a model wrote it. */
  diagnosis: z.string(),
  confidence: z.number(),
  /** Untrusted: one text per plan. */
  reasons: z.optional(z.array(z.string())),
  planDigests: z.optional(z.array(z.string())),
  /** What triage could not find out. */
  gaps: z.optional(z.array(z.string())),
});

const checksSchema = z.object({
  checks: z.array(
    z.object({ name: z.string(), result: z.enum(['pass', 'fail', 'unknown']), reason: z.string() }),
  ),
  ownerStack: z.exactOptional(z.string()),
});

const rolledBackSchema = z.object({ changeId: z.string(), action: z.string(), updatedAtEpochMs: z.number() });

/** What the pages read of records that other capabilities write: the members shown, whatever else stands there. */
export type DecisionRecord = z.output<typeof decisionSchema>;
/** A change that people allowed, or judge. */
export type ChangeUnderApproval = z.output<typeof changeSchema>;
/** An incident as intake keeps it. */
export type IncidentRecord = z.output<typeof incidentSchema>;
/** What triage found. */
export type TriageRecord = z.output<typeof triageSchema>;

/** What was looked at before people were asked. */
export type ChecksRecord = z.output<typeof checksSchema>;

/** The last time that a change of the same action was really rolled back. */
export interface Rehearsal {
  readonly changeId: string;
  readonly rolledBackAtEpochMs: EpochMs;
}

/** Everything an approver is shown about one approval. */
export interface Dossier {
  readonly approval: Approval;
  readonly plan: Plan;
  readonly decision: DecisionRecord;
  readonly incident?: IncidentRecord;
  /** Absent in lists. */
  readonly triage?: TriageRecord;
  /** The change that the question is about, or that was begun on the answer; the latter is absent in lists. */
  readonly change?: ChangeUnderApproval;
  /** What the change touches; absent for an action that is not in the catalogue. */
  readonly impact?: BlastRadius;
  /** Absent where nothing was checked, and in lists. */
  readonly checks?: ChecksRecord['checks'];
  /** Infrastructure stack that owns the target: the change would drift from it. Absent in lists. */
  readonly ownerStack?: string;
  /** `never`: no change of this action among the last {@link rehearsalsSearched} that were rolled back. Absent in lists. */
  readonly rehearsal?: Rehearsal | 'never';
  /** What people were told, oldest first, and what became of it on each channel. Absent in lists. */
  readonly notices?: readonly Notice[];
}

/** How far back a rehearsal is looked for: this many changes that were rolled back. */
export const rehearsalsSearched = 100;

/** The decision in a stored item, or nothing where a member is missing or of the wrong kind: then nothing is decidable. */
export function parseDecision(item: unknown): DecisionRecord | undefined {
  return z.safeParse(decisionSchema, item).data;
}

/** The change in a stored item, or nothing where a member is missing or of the wrong kind. */
export function parseChangeUnderApproval(item: unknown): ChangeUnderApproval | undefined {
  return z.safeParse(changeSchema, item).data;
}

/** The incident in a stored item, or nothing where a member is missing or of the wrong kind. */
export function parseIncident(item: unknown): IncidentRecord | undefined {
  return z.safeParse(incidentSchema, item).data;
}

/** The diagnosis in a stored item, or nothing where a member is missing or of the wrong kind. */
export function parseTriage(item: unknown): TriageRecord | undefined {
  return z.safeParse(triageSchema, item).data;
}

/** The checks in a stored recommendation, or nothing where a member is missing or of the wrong kind. */
export function parseChecks(item: unknown): ChecksRecord | undefined {
  return z.safeParse(checksSchema, item).data;
}

/** How much a plan touches, as the catalogue has it; nothing for an action that is not in it. */
export function impactOf({ action, parameters }: Plan): BlastRadius | undefined {
  const resolved = resolveAction(action, parameters);
  return resolved.outcome === 'resolved' ? resolved.definition.blastRadius(resolved.parameters) : undefined;
}

/** @param rolledBack Stored changes that were rolled back, newest first. */
export function lastRehearsal(rolledBack: readonly unknown[], action: string): Rehearsal | 'never' {
  for (const item of rolledBack) {
    const { data } = z.safeParse(rolledBackSchema, item);
    if (data?.action === action)
      return { changeId: data.changeId, rolledBackAtEpochMs: data.updatedAtEpochMs };
  }
  return 'never';
}

/**
 * Whether what is shown is what was asked about: the plan still has its digest, and the decision, or the change
 * that waits to be judged, names this approval.
 */
export function isIntact({ approval, plan, decision, change }: Dossier): boolean {
  const namedBy = approval.verdictOn === undefined ? decision.approvalId : change?.verdictApprovalId;
  return planDigestOf(plan) === approval.planDigest && namedBy === approval.approvalId;
}

/** What deciding this approval takes authority over. */
export function subjectOf({ plan, approval, decision, incident }: Dossier): AuthoritySubject {
  const action = resolveAction(plan.action, plan.parameters);
  const requestedBy = incident?.signal.requestedBy;
  const { inputs } = decision;
  const changedBy =
    inputs?.targetTags?.reading === 'read' ? inputs.targetTags.tags?.[changedByTag] : undefined;
  return {
    environment: plan.environment,
    agentRole: plan.agentRole,
    escalateAtEpochMs: approval.escalateAtEpochMs,
    ...(action.outcome === 'resolved' ? { actionClass: action.definition.actionClass } : {}),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(changedBy === undefined ? {} : { changedBy }),
  };
}

/** A list over everybody, read as far as somebody goes through it: whoever shows it leaves out what is not theirs. */
export interface DossierList {
  readonly dossiers: AsyncIterable<Dossier> | Iterable<Dossier>;
  /** False where there are more than were looked for. */
  readonly isWhole: boolean;
}

/** Where people are shown approvals and incidents from. */
export interface ApprovalDesk {
  readonly dossier: (approvalId: string) => Promise<Dossier | undefined>;
  /** Waiting for people, over everybody; what expires first comes first. */
  readonly pending: () => Promise<DossierList>;
  /** Decided, expired or cancelled lately, over everybody; newest first. */
  readonly recent: () => Promise<DossierList>;
  /** Decided, expired or cancelled since then, newest first, at most `limit`; eventually consistent. */
  readonly decidedSince: (sinceEpochMs: EpochMs, limit: number) => Promise<Approval[]>;
  /** What people said must never be proposed again, newest first, at most `limit`. */
  readonly neverAgain: (limit: number) => Promise<NeverAgain[]>;
  readonly incident: (incidentId: string) => Promise<IncidentFile | undefined>;
}

/** An incident with its evidence. */
export interface IncidentFile {
  readonly incident: IncidentRecord;
  readonly entries: readonly LedgerEntry[];
}
