import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { writeKillSwitch } from '../platform/kill-switch-writing.store.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { type EngageOutcome, engageRequest } from './engage-request.ts';

const { ARTEFACT_VERSION, CONTROLS_TABLE, LEDGER_TABLE } = readSettings({
  ARTEFACT_VERSION: z.string(),
  CONTROLS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
});
const ledger = new LedgerStore(new Database(), LEDGER_TABLE, ARTEFACT_VERSION);

/**
 * Engages the global kill switch, with its ledger entry, for the approval pages: the only function whose role may
 * write the switch, and it knows no way to release it. The pages, which the Internet reaches, may invoke this.
 */
export const handler = taskHandler(engageRequest, async ({ by, reason }): Promise<EngageOutcome> => {
  const actor = { kind: 'person', id: by } as const;
  const setting = { state: 'engaged', scope: 'global', reason, actor } as const;
  await writeKillSwitch(ledger, CONTROLS_TABLE, setting, systemClock());
  return { outcome: 'engaged' };
});
