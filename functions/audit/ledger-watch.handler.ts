import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { PersonTopic } from '../platform/person-topic.client.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { FindingStore } from './finding.store.ts';
import { LedgerStore } from './ledger.store.ts';
import { type TamperedEntry, tamperingFinding } from './tampering.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
  PERSON_TOPIC_ARN: z.string(),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const findings = new FindingStore(database, ledger, settings.OPERATIONS_TABLE);
const people = new PersonTopic(settings.PERSON_TOPIC_ARN);

/** Opens a finding for each ledger entry that was overwritten or removed, and tells people. */
export const handler = pipeline(async (event: DynamoDBStreamEvent) => {
  for (const record of event.Records) {
    const tampered = tamperedEntry(record);
    if (tampered === undefined) continue;
    const finding = tamperingFinding(tampered, systemClock());
    const outcome = await findings.open(finding);
    logger.warn('ledger altered', { findingId: finding.findingId, outcome });
    await people.tell(
      'Interlock: the ledger was altered',
      `${finding.summary}. Finding ${finding.findingId}.`,
    );
  }
});

function tamperedEntry({ eventName, dynamodb }: DynamoDBRecord): TamperedEntry | undefined {
  if (eventName !== 'MODIFY' && eventName !== 'REMOVE') return undefined;
  const hashAfter = dynamodb?.NewImage?.['hash']?.S;
  return {
    chainId: dynamodb?.Keys?.['pk']?.S ?? 'unknown',
    sequence: dynamodb?.Keys?.['sk']?.S ?? '0',
    how: eventName,
    hashBefore: dynamodb?.OldImage?.['hash']?.S ?? 'unknown',
    ...(hashAfter === undefined ? {} : { hashAfter }),
    streamSequence: dynamodb?.SequenceNumber ?? 'unknown',
  };
}
