import * as z from 'zod/mini';
import autonomyJson from '../../policies/autonomy.json' with { type: 'json' };
import { LedgerStore } from '../audit/ledger.store.ts';
import { resolveAction } from '../change/catalogue.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { changeIdFor } from '../platform/ids.ts';
import { readKillSwitch } from '../platform/kill-switch-reading.store.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readCedarWasm, readPolicySet } from '../platform/policy-files.store.ts';
import { readSettings } from '../platform/settings.ts';
import { PolicyEngine } from '../policy/policy-engine.ts';
import { parseAutonomyPolicy } from './autonomy-policy.ts';
import { DecisionStore } from './decision.store.ts';
import { decide } from './decision.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string(),
  CONTROLS_TABLE: z.string(),
  ENVIRONMENT: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
  POLICY_DIGEST: z.string(),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const decisions = new DecisionStore(database, ledger, settings.OPERATIONS_TABLE);
const engine = new PolicyEngine(readCedarWasm(), readPolicySet());
const autonomy = parseAutonomyPolicy(autonomyJson);

const input = z.strictObject({ incidentId: z.string(), planDigest: z.string() });

/** Decides on one plan; asked again, answers what was decided the first time. */
export const handler = taskHandler(input, async ({ incidentId, planDigest }) => {
  const decided = (await decisions.find(incidentId, planDigest)) ?? (await decideNow(incidentId, planDigest));
  const { plan } = await decisions.subject(incidentId, planDigest);
  const { outcome, clause, reason, approvalId } = decided;
  const changeId = changeIdFor(incidentId, planDigest);
  return {
    outcome,
    clause,
    reason,
    action: plan.action,
    changeId,
    ...(approvalId === undefined ? {} : { approvalId }),
  };
});

async function decideNow(incidentId: string, planDigest: string) {
  const { plan, planFault, confidence, lowConfidence } = await decisions.subject(incidentId, planDigest);
  const decision = decide({
    killSwitch:
      (await readKillSwitch(database, settings.CONTROLS_TABLE)) === 'released' ? 'released' : 'engaged',
    environment: settings.ENVIRONMENT,
    planEnvironment: plan.environment,
    targetKey: plan.target?.key,
    agentRole: plan.agentRole,
    action: resolveAction(plan.action, plan.parameters),
    planFault,
    confidence,
    lowConfidence,
    autonomy,
    evaluatePolicy: (request) => engine.evaluate(request),
  });
  return decisions.record(incidentId, planDigest, decision, settings.POLICY_DIGEST, systemClock());
}
