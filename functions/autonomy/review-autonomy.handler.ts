import * as z from 'zod/mini';
import autonomyJson from '../../policies/autonomy.json' with { type: 'json' };
import thresholdsJson from '../../policies/autonomy-thresholds.json' with { type: 'json' };
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { parseAutonomyPolicy } from './autonomy-policy.ts';
import { parseLoweringThresholds } from './lowering.ts';
import { StageStore } from './stage.store.ts';
import { StageEvidenceStore } from './stage-evidence.store.ts';
import { reviewStages } from './stage-review.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string(),
  CONTROLS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
});
const database = new Database();
const evidence = new StageEvidenceStore(database, settings.OPERATIONS_TABLE);
const parts = {
  thresholds: parseLoweringThresholds(thresholdsJson),
  stages: new StageStore(
    database,
    new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION),
    { controls: settings.CONTROLS_TABLE, operations: settings.OPERATIONS_TABLE },
    parseAutonomyPolicy(autonomyJson),
    systemClock,
  ),
  facts: async (sinceEpochMs: number) => {
    const facts = await evidence.facts(sinceEpochMs);
    const { unreadable, truncated } = facts;
    if (unreadable > 0 || truncated) logger.warn('facts are not complete', { unreadable, truncated });
    return facts;
  },
  clock: systemClock,
};

/** Every five minutes: takes autonomy away where it did not work out. It never gives any. */
export const handler = pipeline(async () => {
  const reviewed = await reviewStages(parts);
  for (const { before, outcome } of reviewed) {
    logger.warn('stage reviewed', { place: before.environment, stage: before.stage, outcome });
  }
  return { reviewed: reviewed.length };
});
