import { randomBytes } from 'node:crypto';
import type { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { newApproval } from '../../functions/approvals/approval.ts';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import type { Database } from '../../functions/platform/dynamodb.ts';
import { randomId } from '../../functions/platform/ids.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { dossierOf, pending, planOf } from '../approvals/fixtures.ts';

/** What is stored, beside what every request for approval has. */
export interface Question {
  readonly plan?: (incidentId: string) => Plan;
  readonly quorum?: number;
  readonly tier?: 'low' | 'medium' | 'high';
  readonly lifeSeconds?: number;
  /** Text of the alarm. Untrusted. */
  readonly title?: string;
  readonly requestedBy?: string;
  /** Value of the target's tag `interlock:changed-by`. */
  readonly changedBy?: string;
  /** Members of the records behind the approval that differ. */
  readonly decision?: Partial<Dossier['decision']>;
  readonly triage?: Partial<NonNullable<Dossier['triage']>>;
  readonly signal?: Partial<NonNullable<Dossier['incident']>['signal']>;
}

/** A request for approval that people can open. */
export interface Asked {
  readonly approvalId: string;
  readonly incidentId: string;
  readonly plan: Plan;
  readonly planDigest: string;
  /** On the pages. */
  readonly path: string;
}

/** Stores a plan, the decision on it, its incident and diagnosis, and asks people about it. */
export async function ask(
  stores: { readonly database: Database; readonly operations: string; readonly approvals: ApprovalStore },
  requestedAtEpochMs: number,
  question: Question = {},
): Promise<Asked> {
  const approvalId = randomId();
  const incidentId = `inc-${randomBytes(10).toString('hex')}`;
  const { quorum = 1, tier = 'medium', lifeSeconds = 600, requestedBy, changedBy } = question;
  const plan = question.plan?.(incidentId) ?? planOf(undefined, undefined, incidentId);
  const planDigest = planDigestOf(plan);
  const sample = dossierOf(pending({ approvalId, quorum }, plan), plan, question.title);
  const put = (item: object) =>
    stores.database.transact([{ kind: 'put', table: stores.operations, item: { ...item } }]);
  const tags = {
    reading: 'read',
    tags: changedBy === undefined ? {} : { 'interlock:changed-by': changedBy },
  };
  const signal = {
    ...sample.incident?.signal,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...question.signal,
  };
  await Promise.all([
    put({ ...itemKeys.plan(incidentId, planDigest), plan, planDigest }),
    put({
      ...itemKeys.decision(incidentId, planDigest),
      ...sample.decision,
      tier,
      inputs: { targetTags: tags },
      ...question.decision,
    }),
    put({
      ...itemKeys.incident(incidentId),
      ...sample.incident,
      openedAtEpochMs: requestedAtEpochMs - 90_000,
      signal,
    }),
    put({ ...itemKeys.triage(incidentId), ...sample.triage, ...question.triage }),
  ]);
  await stores.approvals.create(
    newApproval({ approvalId, incidentId, planDigest, quorum, requestedAtEpochMs, lifeSeconds }),
    new TextEncoder().encode(taskTokenMark),
  );
  return { approvalId, incidentId, plan, planDigest, path: `/approvals/${approvalId}` };
}

/** Stands for the encrypted task token: nobody but the callback may ever get to see it. */
export const taskTokenMark = 'task-token-that-nobody-sees';
