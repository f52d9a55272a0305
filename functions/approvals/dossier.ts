import * as z from 'zod/mini';
import type { LedgerEntry } from '../audit/ledger-entry.ts';
import { resolveAction } from '../change/catalogue.ts';
import { type Plan, planDigestOf } from '../change/plan.ts';
import type { Approval } from './approval.ts';
import type { AuthoritySubject } from './authority.ts';

const decisionSchema = z.object({
  outcome: z.string(),
  quorum: z.number(),
  clause: z.string(),
  reason: z.string(),
  tier: z.optional(z.string()),
  stage: z.optional(z.string()),
  approvalId: z.optional(z.string()),
  determiningPolicies: z.optional(z.array(z.string())),
});

const changeSchema = z.object({
  changeId: z.string(),
  incidentId: z.string(),
  planDigest: z.string(),
  status: z.string(),
  verdictApprovalId: z.optional(z.string()),
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

/** What the pages read of records that other capabilities write: the members shown, whatever else stands there. */
export type DecisionRecord = z.output<typeof decisionSchema>;
/** A change that people judge. */
export type JudgedChange = z.output<typeof changeSchema>;
/** An incident as intake keeps it. */
export type IncidentRecord = z.output<typeof incidentSchema>;
/** What triage found. */
export type TriageRecord = z.output<typeof triageSchema>;

/** Everything an approver is shown about one approval. */
export interface Dossier {
  readonly approval: Approval;
  readonly plan: Plan;
  readonly decision: DecisionRecord;
  readonly incident?: IncidentRecord;
  readonly triage?: TriageRecord;
  /** Only where the question is whether a change may stay. */
  readonly change?: JudgedChange;
}

/** The decision in a stored item, or nothing where a member is missing or of the wrong kind: then nothing is decidable. */
export function parseDecision(item: unknown): DecisionRecord | undefined {
  return z.safeParse(decisionSchema, item).data;
}

/** The change in a stored item, or nothing where a member is missing or of the wrong kind. */
export function parseJudgedChange(item: unknown): JudgedChange | undefined {
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

/**
 * Whether what is shown is what was asked about: the plan still has its digest, and the decision, or the change
 * that waits to be judged, names this approval.
 */
export function isIntact({ approval, plan, decision, change }: Dossier): boolean {
  const namedBy = approval.verdictOn === undefined ? decision.approvalId : change?.verdictApprovalId;
  return planDigestOf(plan) === approval.planDigest && namedBy === approval.approvalId;
}

/** What deciding this approval takes authority over. */
export function subjectOf(plan: Plan): AuthoritySubject {
  const action = resolveAction(plan.action, plan.parameters);
  return {
    environment: plan.environment,
    agentRole: plan.agentRole,
    ...(action.outcome === 'resolved' ? { actionClass: action.definition.actionClass } : {}),
  };
}

/** Where approvals, incidents and the switch are read, and votes go: the pages know nothing else. */
export interface ApprovalDesk {
  readonly dossier: (approvalId: string) => Promise<Dossier | undefined>;
  /** Waiting for people, newest first. */
  readonly pending: () => Promise<Dossier[]>;
  /** Decided or expired lately, newest first. */
  readonly recent: () => Promise<Dossier[]>;
  readonly incident: (incidentId: string) => Promise<IncidentFile | undefined>;
}

/** An incident with its evidence. */
export interface IncidentFile {
  readonly incident: IncidentRecord;
  readonly entries: readonly LedgerEntry[];
}

/** What every page says about the kill switch; `unreadable` counts as engaged. */
export type KillSwitchReading = 'engaged' | 'released' | 'unreadable';
