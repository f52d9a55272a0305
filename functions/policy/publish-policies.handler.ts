import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { pipeline } from '../platform/pipeline.ts';
import { readPolicyFiles } from '../platform/policy-files.store.ts';
import { readSettings } from '../platform/settings.ts';
import { answerCloudFormation } from './cloudformation-response.client.ts';
import { PolicyArchive } from './policy-archive.store.ts';
import { policyDigestOf } from './policy-files.ts';
import { type PublishRequest, parsePublishRequest, physicalResourceId } from './publish-request.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string(),
  CONTROLS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const archive = new PolicyArchive(database, ledger, {
  operations: settings.OPERATIONS_TABLE,
  controls: settings.CONTROLS_TABLE,
});

/** Publishes the policies of a deployment. CloudFormation hears from it whatever happens; a removal removes nothing. */
export const handler = pipeline<unknown, void>(async (event) => {
  const request = parsePublishRequest(event);
  const answer = (status: 'SUCCESS' | 'FAILED', reason: string) =>
    answerCloudFormation(request, { status, reason, physicalResourceId });
  let said: string;
  try {
    said = request.RequestType === 'Delete' ? 'the archive is kept' : await publish(request);
  } catch (error) {
    await answer('FAILED', error instanceof Error ? error.message : 'unknown failure');
    throw error;
  }
  await answer('SUCCESS', said);
});

/** What a rollback of the stack asks for may be an earlier set than the one in this bundle: then it is in the archive. */
async function publish({ ResourceProperties: { PolicyDigest } }: PublishRequest): Promise<string> {
  const own = readPolicyFiles();
  const files = policyDigestOf(own) === PolicyDigest ? own : await archive.files(PolicyDigest);
  const { outcome } = await archive.publish(files, settings.ARTEFACT_VERSION, systemClock());
  return outcome;
}
