import * as z from 'zod/mini';
import { resolveAction } from '../change/catalogue.ts';
import type { Plan } from '../change/plan.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import type { Approval, Vote } from './approval.ts';

const neverAgainSchema = z.object({
  approvalId: z.string(),
  incidentId: z.string(),
  planDigest: z.string(),
  agentRole: z.string(),
  environment: z.string(),
  /** As the agent wrote it. */
  action: z.string(),
  actionClass: z.optional(z.string()),
  targetKey: z.optional(z.string()),
  /** Whoever said it. */
  by: z.string(),
  atEpochMs: z.number(),
});

/** Somebody rejected a plan and said that it must never be proposed again: what a policy proposal starts from. */
export type NeverAgain = z.output<typeof neverAgainSchema>;

/** Status key of the `byStatus` index. */
export const neverAgainStatusKey = 'NEVER-AGAIN';

/** The record in a stored item, or nothing where a member is missing or of the wrong kind. */
export function parseNeverAgain(item: unknown): NeverAgain | undefined {
  return z.safeParse(neverAgainSchema, item).data;
}

/** Whether a vote leaves such a record. */
export function saysNeverAgain({ verdict, reason }: Pick<Vote, 'verdict' | 'reason'>): boolean {
  return verdict === 'reject' && reason === 'never-again';
}

/** Keeps what must never be proposed again, for the transaction of the vote that says so; never the comment. */
export function neverAgainWrite(
  table: string,
  { approvalId, incidentId, planDigest }: Approval,
  plan: Plan,
  { identityId, atEpochMs }: { readonly identityId: string; readonly atEpochMs: EpochMs },
): Write {
  const action = resolveAction(plan.action, plan.parameters);
  const record: NeverAgain = {
    approvalId,
    incidentId,
    planDigest,
    agentRole: plan.agentRole,
    environment: plan.environment,
    action: plan.action,
    ...(action.outcome === 'resolved' ? { actionClass: action.definition.actionClass } : {}),
    ...(plan.target === undefined ? {} : { targetKey: plan.target.key }),
    by: identityId,
    atEpochMs,
  };
  return {
    kind: 'put',
    table,
    item: {
      ...itemKeys.neverAgain(approvalId),
      ...record,
      statusKey: neverAgainStatusKey,
      statusAt: new Date(atEpochMs).toISOString(),
    },
    condition: 'attribute_not_exists(pk)',
  };
}
