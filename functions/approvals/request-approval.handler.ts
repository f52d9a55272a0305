import * as z from 'zod/mini';
import { systemClock } from '../platform/clock.ts';
import { PersonTopic } from '../platform/person-topic.client.ts';
import { logger, taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { approvalTables, openApprovals } from './approval-tables.store.ts';
import { ApprovalTokenClient } from './approval-token.client.ts';
import { failureFields } from './failure-fields.ts';
import { approvalRequest, requestApproval } from './request-approval.ts';

const settings = readSettings({
  ...approvalTables,
  APPROVAL_KEY_ARN: z.string(),
  APPROVAL_SECONDS: z.coerce.number().check(z.positive()),
  PERSON_TOPIC_ARN: z.string(),
  PUBLIC_BASE_URL: z.url({ protocol: /^https?$/ }),
  VERDICT_SECONDS: z.coerce.number().check(z.positive()),
});
const { approvals, dossiers } = openApprovals(settings);
const tokens = new ApprovalTokenClient(settings.APPROVAL_KEY_ARN);
const people = new PersonTopic(settings.PERSON_TOPIC_ARN);
const ports = {
  approvals,
  clock: systemClock,
  dossiers,
  lifeSeconds: settings.APPROVAL_SECONDS,
  onNotificationFailure: (approvalId: string, error: unknown) =>
    logger.error('people were not told', { approvalId, ...failureFields(error) }),
  people,
  publicBaseUrl: settings.PUBLIC_BASE_URL,
  tokens,
  verdictSeconds: settings.VERDICT_SECONDS,
};

/** Asks people; the execution waits for its task token meanwhile. */
export const handler = taskHandler(approvalRequest, (request) => requestApproval(ports, request));
