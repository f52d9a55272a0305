import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { PersonTopic } from '../platform/person-topic.client.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { HeartbeatStore } from './heartbeat.store.ts';
import { heartbeatWords } from './heartbeat.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string(),
  CONTROLS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
  PERSON_TOPIC_ARN: z.string(),
});
const database = new Database();
const heartbeats = new HeartbeatStore(
  database,
  new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION),
  { controls: settings.CONTROLS_TABLE, operations: settings.OPERATIONS_TABLE },
  systemClock,
);
const people = new PersonTopic(settings.PERSON_TOPIC_ARN);

/** Every five minutes: proves that an engaged switch stops a write, and says so loudly when it does not. */
export const handler = pipeline(async () => {
  const beat = await heartbeats.beat();
  logger.info('heartbeat', { ...beat });
  if (beat.outcome === 'beaten' && beat.result === 'failed') {
    // Beside the announcement of the finding, which is one for each run: mail at every beat until it passes.
    const { title, lines } = heartbeatWords(beat, beat.lastPassedAtEpochMs);
    await people.tell(`Interlock: ${title}`, lines.join('\n'));
  }
  return beat;
});
