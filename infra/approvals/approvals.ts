import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ApproverPolicy } from '../../functions/approvals/authority.ts';
import { StreamSource } from '../platform/event-sources.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import { grantKeyUse, sealedKey } from '../platform/keys.ts';
import type { Platform } from '../platform/platform.ts';
import { ApprovalApi } from './approval-api.ts';
import { ApprovalNotices } from './approval-notices.ts';
import { ApprovalPages } from './approval-pages.ts';

export interface ApprovalsProps {
  readonly platform: Platform;
  /** Who may decide what. */
  readonly approvers: ApproverPolicy;
  /** Stops everything for the pages. */
  readonly engageKillSwitch: InterlockFunction;
}

/**
 * People are asked, told and answer: the request, the notices, the pages behind the link, and the callback that
 * wakes the waiting execution. The task token is readable only between request and callback, under a key of its own.
 */
export class Approvals extends Construct {
  readonly requestApproval: InterlockFunction;
  readonly settleApproval: InterlockFunction;
  /** Address of the API behind the approval pages. */
  readonly apiUrl: string;
  /** Where people open the pages, and what links to them begin with. */
  readonly pagesUrl: string;
  readonly #callback: InterlockFunction;

  constructor(scope: Construct, id: string, props: ApprovalsProps) {
    super(scope, id);
    const { platform, approvers, engageKillSwitch } = props;
    const { settings } = platform;
    const approvalKey = sealedKey(this, 'ApprovalKey', {
      description:
        'Interlock: task tokens of pending approvals; encrypted by the request, decrypted by the callback',
      discardable: settings.discardable,
    });

    const api = new ApprovalApi(this, 'Api', { platform });
    this.apiUrl = api.url;
    const publicBaseUrl = settings.publicBaseUrl ?? api.url;
    this.pagesUrl = publicBaseUrl;
    const groups = [...new Set(approvers.grants.map(({ group }) => group))];
    const { pages } = new ApprovalPages(this, 'Pages', { platform, publicBaseUrl, groups, engageKillSwitch });
    api.answerWith(pages.function);
    new ApprovalNotices(this, 'Notices', { platform, publicBaseUrl });

    this.requestApproval = this.#request(platform, approvalKey);
    this.settleApproval = this.#settle(platform);
    this.#callback = this.#answerExecutions(platform, approvalKey);
    this.#deliverDecisions(platform);
  }

  /** Lets the callback, and nobody else, answer the machine's waiting executions. */
  answer(machine: IStateMachine): void {
    machine.grant(this.#callback, 'states:SendTaskSuccess');
  }

  #request(platform: Platform, approvalKey: Key): InterlockFunction {
    const { settings, tables } = platform;
    const request = new InterlockFunction(this, 'RequestApprovalFunction', {
      platform,
      name: 'request-approval',
      tables: ['operations', 'ledger'],
      environment: {
        APPROVAL_SECONDS: String(settings.approvalTimeout.toSeconds()),
        APPROVAL_KEY_ARN: approvalKey.keyArn,
        VERDICT_SECONDS: String(settings.verdictTimeout.toSeconds()),
      },
    });
    tables.grantOperations(request, ['GetItem'], { verbs: ['PutItem', 'UpdateItem'], keys: ['APPROVAL#*'] });
    tables.grantOperations(request, [], { verbs: ['PutItem'], keys: ['NOTICE#*'] });
    tables.grantLedger(request);
    grantKeyUse(approvalKey, request, 'kms:Encrypt');
    return request;
  }

  #settle(platform: Platform): InterlockFunction {
    const { tables } = platform;
    const settle = new InterlockFunction(this, 'SettleApprovalFunction', {
      platform,
      name: 'settle-approval',
      tables: ['operations', 'ledger'],
    });
    tables.grantOperations(settle, ['GetItem'], { verbs: ['UpdateItem'], keys: ['APPROVAL#*'] });
    tables.grantOperations(settle, [], { verbs: ['PutItem'], keys: ['NOTICE#*'] });
    tables.grantLedger(settle);
    return settle;
  }

  #answerExecutions(platform: Platform, approvalKey: Key): InterlockFunction {
    const { tables } = platform;
    const callback = new InterlockFunction(this, 'ApprovalCallbackFunction', {
      platform,
      name: 'approval-callback',
      tables: ['operations', 'ledger'],
      environment: { APPROVAL_KEY_ARN: approvalKey.keyArn },
    });
    // The approvals of an incident are found through its decisions, which share a partition.
    // Whoever cancels looks at the incident once more as they write.
    tables.grantOperations(callback, ['ConditionCheckItem', 'GetItem', 'Query'], {
      verbs: ['UpdateItem'],
      keys: ['APPROVAL#*'],
    });
    tables.grantOperations(callback, [], { verbs: ['PutItem'], keys: ['NOTICE#*'] });
    tables.grantOperationsByStatus(callback);
    tables.grantLedger(callback);
    grantKeyUse(approvalKey, callback, 'kms:Decrypt');
    return callback;
  }

  /**
   * A decision is delivered as soon as it is stored, and once a minute whatever was not. What recovered or was
   * closed cancels the approvals that still wait for people, in the same two ways.
   */
  #deliverDecisions(platform: Platform): void {
    // The second and last reader of this stream, beside the notices: a third would slow both down.
    new StreamSource(this, 'DecisionStream', {
      platform,
      table: platform.tables.operations,
      target: this.#callback,
      filters: ['APPROVAL', 'INCIDENT'].map((sk) => ({
        eventName: ['MODIFY'],
        dynamodb: { Keys: { sk: { S: [sk] } } },
      })),
      holds: 'decisions and recoveries that could not be taken from the stream; the sweep repeats them',
    });
    new Rule(this, 'UndeliveredSweep', {
      description: 'Interlock: delivers decisions whose callback was lost, reminds and escalates',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(this.#callback.function, { retryAttempts: 0 })],
    });
  }
}
