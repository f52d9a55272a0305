import type { ItemKey } from './dynamodb.ts';

/**
 * The key of every item type in the three tables; `docs/data-model.md` says what stands under each. Written
 * once, so that a transaction of one capability can check an item that another one owns.
 */
export const itemKeys = {
  // Controls
  /** All switches share a partition so that they can be listed with one consistent read. */
  killSwitch: (scope: string): ItemKey => ({ pk: 'SWITCH', sk: scope }),
  /** The switch that the heartbeat tries; it covers nothing real. */
  canarySwitch: (): ItemKey => ({ pk: 'SWITCH-CANARY', sk: 'CANARY' }),
  /** What the write that the canary guards would leave. */
  canaryRecord: (): ItemKey => ({ pk: 'SWITCH-CANARY', sk: 'RECORD' }),
  heartbeat: (): ItemKey => ({ pk: 'HEARTBEAT', sk: 'HEARTBEAT' }),
  /** The autonomy stage set for a place at run time. */
  stage: (place: { environment: string; agentRole: string; actionClass: string }): ItemKey => ({
    pk: 'STAGE',
    sk: `${place.environment}#${place.agentRole}#${place.actionClass}`,
  }),
  breakGlass: (incidentId: string): ItemKey => ({ pk: `BREAKGLASS#${incidentId}`, sk: 'BREAKGLASS' }),
  /** What was started in an environment on one UTC day (`2026-11-23`). */
  usage: (environment: string, day: string): ItemKey => ({ pk: `USAGE#${environment}`, sk: day }),
  window: (fingerprint: string): ItemKey => ({ pk: `WINDOW#${fingerprint}`, sk: 'WINDOW' }),
  /** All locks share a partition so that what is in flight can be listed with one consistent read. */
  lock: (targetKey: string): ItemKey => ({ pk: 'LOCK', sk: targetKey }),
  /** A sign-in to the pages, under a digest of what the cookie holds. */
  session: (sessionId: string): ItemKey => ({ pk: `SESSION#${sessionId}`, sk: 'SESSION' }),
  /** What the identity provider last said of a person. */
  person: (identityId: string): ItemKey => ({ pk: `PERSON#${identityId}`, sk: 'PERSON' }),
  /** Requests of one caller in one window of time. */
  rate: (subject: string, windowStartEpochMs: number): ItemKey => ({
    pk: `RATE#${subject}`,
    sk: String(windowStartEpochMs),
  }),
  /** A signed message that was accepted once. */
  seen: (digest: string): ItemKey => ({ pk: `SEEN#${digest}`, sk: 'SEEN' }),
  // Operations
  event: (eventId: string): ItemKey => ({ pk: `EVENT#${eventId}`, sk: 'EVENT' }),
  incident: (incidentId: string): ItemKey => ({ pk: `INCIDENT#${incidentId}`, sk: 'INCIDENT' }),
  // What the agent wrote stands under a key of its own, and so does what was decided on it: who may write the
  // one may not write the other (`dynamodb:LeadingKeys`).
  /** The latest round. */
  triage: (incidentId: string): ItemKey => ({ pk: `TRIAGE#${incidentId}`, sk: 'TRIAGE' }),
  /** A round that a later one replaced. */
  earlierTriage: (incidentId: string, round: number): ItemKey => ({
    pk: `TRIAGE#${incidentId}`,
    sk: `TRIAGE#${round}`,
  }),
  plan: (incidentId: string, planDigest: string): ItemKey => ({
    pk: `TRIAGE#${incidentId}`,
    sk: `PLAN#${planDigest}`,
  }),
  decision: (incidentId: string, planDigest: string): ItemKey => ({
    pk: `DECISION#${incidentId}`,
    sk: planDigest,
  }),
  approval: (approvalId: string): ItemKey => ({ pk: `APPROVAL#${approvalId}`, sk: 'APPROVAL' }),
  approvalToken: (approvalId: string): ItemKey => ({ pk: `APPROVAL#${approvalId}`, sk: 'TOKEN' }),
  /** One thing that people are told about an approval: apart from it, since who tells people may not decide. */
  notice: (approvalId: string, kind: string, approvalVersion: number): ItemKey => ({
    pk: `NOTICE#${approvalId}`,
    sk: `${kind}#${String(approvalVersion).padStart(6, '0')}`,
  }),
  /** A finding that everybody is told of: apart from notices, since those who announce ask for no decision. */
  announcement: (announcementId: string): ItemKey => ({
    pk: `ANNOUNCEMENT#${announcementId}`,
    sk: 'ANNOUNCEMENT',
  }),
  /** A rejection that says never again, for the policy proposals that follow from it. */
  neverAgain: (approvalId: string): ItemKey => ({ pk: `NEVER-AGAIN#${approvalId}`, sk: 'NEVER-AGAIN' }),
  change: (changeId: string): ItemKey => ({ pk: `CHANGE#${changeId}`, sk: 'CHANGE' }),
  /** Denied proposals of one incident: what variants are counted on. */
  denials: (incidentId: string): ItemKey => ({ pk: `DECISION#${incidentId}`, sk: 'DENIALS' }),
  /** What people are given to carry out, or decide on: pre-checks, risk, runbook. */
  recommendation: (incidentId: string, planDigest: string): ItemKey => ({
    pk: `RECOMMENDATION#${incidentId}`,
    sk: planDigest,
  }),
  stageRequest: (requestId: string): ItemKey => ({ pk: `STAGE-REQUEST#${requestId}`, sk: 'STAGE-REQUEST' }),
  exception: (exceptionId: string): ItemKey => ({ pk: `EXCEPTION#${exceptionId}`, sk: 'EXCEPTION' }),
  /** One published policy set, under its digest. */
  policySet: (policyDigest: string): ItemKey => ({ pk: `POLICY#${policyDigest}`, sk: 'POLICY' }),
  /** Which policy set was published last. */
  currentPolicySet: (): ItemKey => ({ pk: 'POLICY-CURRENT', sk: 'POLICY-CURRENT' }),
  /** One publication of a policy set, beside the one that is current: read in order with one query. */
  publication: (publishedAtEpochMs: number, policyDigest: string): ItemKey => ({
    pk: 'POLICY-CURRENT',
    sk: `PUBLISHED#${new Date(publishedAtEpochMs).toISOString()}#${policyDigest}`,
  }),
  finding: (findingId: string): ItemKey => ({ pk: `FINDING#${findingId}`, sk: 'FINDING' }),
} as const;

/** Ledger chain of one incident. */
export function incidentChain(incidentId: string): string {
  return `incident#${incidentId}`;
}

/** Ledger chain of one control entity and UTC day, so that no chain grows without end. */
export function controlChain(entity: string, atEpochMs: number): string {
  return `control#${entity}#${new Date(atEpochMs).toISOString().slice(0, 10)}`;
}
