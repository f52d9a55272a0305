import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { StreamSource } from '../platform/event-sources.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { readSecrets } from './secrets.ts';

export interface ApprovalNoticesProps {
  readonly platform: Platform;
  /** Origin of the pages, without a trailing slash: what links start with. */
  readonly publicBaseUrl: string;
}

/**
 * Tells people what the notices and announcements in the table say, on every channel there is. It writes under
 * `NOTICE#` and `ANNOUNCEMENT#` alone, so it may neither decide nor answer an execution. Whoever took it over could tell people lies, or nothing, and append
 * entries to incidents' chains, as every function of an incident can; the approval itself they could not touch.
 */
export class ApprovalNotices extends Construct {
  constructor(scope: Construct, id: string, props: ApprovalNoticesProps) {
    super(scope, id);
    const { platform, publicBaseUrl } = props;
    const { tables } = platform;
    const { slack, webhookSecretArn } = platform.settings.channels;
    const notices = new InterlockFunction(this, 'NoticesFunction', {
      platform,
      name: 'approval-notices',
      tables: ['operations', 'ledger'],
      environment: {
        PERSON_TOPIC_ARN: platform.personTopic.topicArn,
        PUBLIC_BASE_URL: publicBaseUrl,
        ...(slack === undefined ? {} : { SLACK_CHANNEL: slack.channel, SLACK_SECRET_ARN: slack.secretArn }),
        ...(slack?.apiUrl === undefined ? {} : { SLACK_API_URL: slack.apiUrl }),
        ...(webhookSecretArn === undefined ? {} : { WEBHOOK_SECRET_ARN: webhookSecretArn }),
      },
    });
    tables.grantOperations(notices, ['GetItem', 'Query'], {
      verbs: ['UpdateItem'],
      keys: ['NOTICE#*', 'ANNOUNCEMENT#*'],
    });
    tables.grantOperationsByStatus(notices);
    tables.grantLedger(notices, ['incident#*', 'control#announcements#*']);
    platform.grantTellPeople(notices);
    readSecrets(notices, [slack?.secretArn, webhookSecretArn]);
    new StreamSource(this, 'Stream', {
      platform,
      table: tables.operations,
      target: notices,
      filters: ['NOTICE#', 'ANNOUNCEMENT#'].map((prefix) => ({
        eventName: ['INSERT'],
        dynamodb: { Keys: { pk: { S: [{ prefix }] } } },
      })),
      holds: 'notices and announcements that could not be taken from the stream; the sweep sends them',
    });
    new Rule(this, 'Sweep', {
      description: 'Interlock: sends notices that are due',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(notices.function, { retryAttempts: 0 })],
    });
  }
}
