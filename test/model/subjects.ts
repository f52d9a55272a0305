import { newApproval } from '../../functions/approvals/approval.ts';
import { toApprovalItem } from '../../functions/approvals/approval-item.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { policyDigest, shiftPlan, start } from '../change/world.ts';

/** How everything is set up in the model. */
export const settings = {
  controls: 'controls',
  operations: 'operations',
  environment: 'local',
  lockLeaseSeconds: 900,
  policyDigest,
  snapshotRetentionSeconds: 7 * 86_400,
  dailyLimits: {
    maximumChangesPerDay: 99,
    maximumChangesPerDayOfAction: 99,
    maximumChangesPerDayOnTarget: 99,
  },
};

/** How long an approval may be waited for, and how long a change may start on it. */
export const approvalSeconds = 600;
export const usableSeconds = 300;

/** The approval by which a person says whether a change that could not be judged may stay. */
export const verdictApprovalId = 'apr-verdict';

/** One change of a scenario: of the alias `checkout:live`, which stands at version 2, to another version. */
export interface ChangeSetting {
  readonly name: 'A' | 'B';
  readonly toVersion: string;
  /** How many people must approve; 0 means that it is automatic. */
  readonly quorum: number;
  /** Made in steps, each behind the gate. @default false */
  readonly progressive?: boolean;
}

/** A change with everything that follows from what it shall do. */
export interface PlannedChange extends ChangeSetting {
  readonly changeId: string;
  readonly incidentId: string;
  readonly planDigest: string;
  readonly approvalId: string;
  readonly targetKey: string;
  readonly action: string;
  /** What stands in the tables before it is carried out, with the table. */
  readonly items: readonly { readonly table: string; readonly item: Item }[];
}

export function plannedChange(setting: ChangeSetting): PlannedChange {
  const { name, toVersion, quorum } = setting;
  const incidentId = `inc-${name.toLowerCase()}`;
  const more = setting.progressive === true ? { progressive: true } : {};
  const plan = shiftPlan(incidentId, 'checkout', toVersion, more);
  const planDigest = planDigestOf(plan);
  const approvalId = `apr-${name.toLowerCase()}`;
  const { operations } = settings;
  const approval = newApproval({
    approvalId,
    incidentId,
    planDigest,
    quorum: Math.max(1, quorum),
    requestedAtEpochMs: start,
    lifeSeconds: approvalSeconds,
  });
  const decision = {
    ...itemKeys.decision(incidentId, planDigest),
    incidentId,
    planDigest,
    policyDigest,
    stageVersion: 0,
    quorum,
    ...(quorum === 0 ? { outcome: 'auto' } : { outcome: 'require-approval', approvalId }),
  };
  // Who cancels looks at it once more.
  const recovered = { ...itemKeys.incident(incidentId), status: 'open', recoveredAtEpochMs: start };
  return {
    ...setting,
    changeId: changeIdFor(incidentId, planDigest),
    incidentId,
    planDigest,
    approvalId,
    targetKey: plan.target?.key ?? '',
    action: plan.action,
    items: [
      { table: operations, item: { ...itemKeys.plan(incidentId, planDigest), plan, planDigest } },
      { table: operations, item: decision },
      { table: operations, item: recovered },
      ...(quorum === 0 ? [] : [{ table: operations, item: toApprovalItem(approval) }]),
    ],
  };
}

/** The switch as a person left it before anything began. */
export const releasedSwitch = {
  table: settings.controls,
  item: {
    ...itemKeys.killSwitch('global'),
    engaged: false,
    reason: 'drill',
    changedBy: 'ana',
    changedAtEpochMs: start,
  },
};
