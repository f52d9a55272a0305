import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { changeIdFor } from '../platform/ids.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readCedarWasm, readPolicyFiles } from '../platform/policy-files.store.ts';
import { readSettings } from '../platform/settings.ts';
import { policyDigestOf } from '../policy/policy-files.ts';
import { DecisionStore } from './decision.store.ts';
import { decisionRules } from './decision-rules.ts';
import { TargetTagsClient } from './target-tags.client.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string(),
  CONTROLS_TABLE: z.string(),
  ENVIRONMENT: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
  PLACE: z.string().check(z.regex(/^[a-z-]+:[a-z0-9-]+:[0-9]{12}$/)),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const files = readPolicyFiles();
const [partition = '', region = '', account = ''] = settings.PLACE.split(':');
const tags = new TargetTagsClient({ partition, region, account });
const decisionSettings = {
  controls: settings.CONTROLS_TABLE,
  operations: settings.OPERATIONS_TABLE,
  environment: settings.ENVIRONMENT,
  // Of the very files that decide: while a deployment is under way, code and variables change apart.
  policyDigest: policyDigestOf(files),
};
const decisions = new DecisionStore(database, ledger, decisionSettings, (proposal) => tags.tagsOf(proposal));
const rules = decisionRules(files, readCedarWasm());

const input = z.strictObject({ incidentId: z.string(), planDigest: z.string() });

/** Decides on one plan; asked again, answers what was decided the first time. */
export const handler = taskHandler(input, async ({ incidentId, planDigest }) => {
  const decided = await decisions.decide(incidentId, planDigest, rules, systemClock);
  const { outcome, clause, reason, action, approvalId } = decided;
  return {
    outcome,
    clause,
    reason,
    action,
    changeId: changeIdFor(incidentId, planDigest),
    ...(approvalId === undefined ? {} : { approvalId }),
  };
});
