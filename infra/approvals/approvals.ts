import { Duration, Validations } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { type CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { StreamSource } from '../platform/event-sources.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import { grantKeyUse, sealedKey } from '../platform/keys.ts';
import type { Platform } from '../platform/platform.ts';
import { ApprovalApi } from './approval-api.ts';

export interface ApprovalsProps {
  readonly platform: Platform;
}

/**
 * People are asked and answer: the request, the pages behind the link, and the callback that wakes the waiting
 * execution. The task token is readable only between request and callback, under a key of its own.
 */
export class Approvals extends Construct {
  readonly requestApproval: InterlockFunction;
  readonly settleApproval: InterlockFunction;
  /** Address of the approval pages. */
  readonly apiUrl: string;
  readonly #callback: InterlockFunction;

  constructor(scope: Construct, id: string, props: ApprovalsProps) {
    super(scope, id);
    const { platform } = props;
    const { settings, tables } = platform;
    const approvalKey = sealedKey(this, 'ApprovalKey', {
      description:
        'Interlock: task tokens of pending approvals; encrypted by the request, decrypted by the callback',
      discardable: settings.discardable,
    });

    const pages = this.#pages(platform);
    const api = new ApprovalApi(this, 'Api', { platform, pages: pages.function });
    this.apiUrl = api.url;

    this.requestApproval = new InterlockFunction(this, 'RequestApprovalFunction', {
      platform,
      name: 'request-approval',
      tables: ['operations', 'ledger'],
      environment: {
        APPROVAL_SECONDS: String(settings.approvalTimeout.toSeconds()),
        APPROVAL_KEY_ARN: approvalKey.keyArn,
        PERSON_TOPIC_ARN: platform.personTopic.topicArn,
        PUBLIC_BASE_URL: settings.publicBaseUrl ?? api.url,
        VERDICT_SECONDS: String(settings.verdictTimeout.toSeconds()),
      },
    });
    tables.grantOperations(this.requestApproval, ['GetItem'], {
      verbs: ['PutItem', 'UpdateItem'],
      keys: ['APPROVAL#*'],
    });
    tables.grantLedger(this.requestApproval);
    platform.grantTellPeople(this.requestApproval);
    grantKeyUse(approvalKey, this.requestApproval, 'kms:Encrypt');

    this.settleApproval = new InterlockFunction(this, 'SettleApprovalFunction', {
      platform,
      name: 'settle-approval',
      tables: ['operations', 'ledger'],
    });
    tables.grantOperations(this.settleApproval, ['GetItem'], { verbs: ['UpdateItem'], keys: ['APPROVAL#*'] });
    tables.grantLedger(this.settleApproval);

    this.#callback = new InterlockFunction(this, 'ApprovalCallbackFunction', {
      platform,
      name: 'approval-callback',
      tables: ['operations', 'ledger'],
      environment: { APPROVAL_KEY_ARN: approvalKey.keyArn },
    });
    tables.grantOperations(this.#callback, ['GetItem'], { verbs: ['UpdateItem'], keys: ['APPROVAL#*'] });
    tables.grantOperationsByStatus(this.#callback);
    tables.grantLedger(this.#callback);
    grantKeyUse(approvalKey, this.#callback, 'kms:Decrypt');
    this.#deliverDecisions(platform);
  }

  /** Lets the callback, and nobody else, answer the machine's waiting executions. */
  answer(machine: IStateMachine): void {
    machine.grant(this.#callback, 'states:SendTaskSuccess');
  }

  #pages(platform: Platform): InterlockFunction {
    const { settings, tables } = platform;
    const secretArn = this.#sessionSecret(platform);
    const pages = new InterlockFunction(this, 'ApprovalPagesFunction', {
      platform,
      name: 'approval-pages',
      tables: ['controls', 'operations', 'ledger'],
      environment: {
        SESSION_SECRET_ARN: secretArn,
        LOCAL_LOGIN: String(settings.localLogin),
        APPROVAL_USABLE_SECONDS: String(settings.approvalUsable.toSeconds()),
      },
    });
    tables.grantControls(pages, ['GetItem']);
    tables.grantOperations(pages, ['GetItem'], { verbs: ['UpdateItem'], keys: ['APPROVAL#*'] });
    tables.grantOperationsByStatus(pages);
    tables.grantLedger(pages);
    Grant.addToPrincipal({
      grantee: pages,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [secretArn],
    });
    return pages;
  }

  /** @returns Its ARN. */
  #sessionSecret(platform: Platform): string {
    const secret = new Secret(this, 'SessionSecret', {
      description: 'Interlock: signs the cookies and form tokens of the approval pages',
      encryptionKey: platform.dataKey,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: platform.removalPolicy,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Replacing it ends every session and nothing else, so it is replaced by hand when there is a reason; the pages re-read it every five minutes.',
    });
    // Not `Ref`, which is the ARN in AWS and the name in the emulator; `Id` is the ARN in both.
    return (secret.node.defaultChild as CfnSecret).attrId;
  }

  /** A decision is delivered as soon as it is stored, and once a minute whatever was not. */
  #deliverDecisions(platform: Platform): void {
    new StreamSource(this, 'DecisionStream', {
      platform,
      table: platform.tables.operations,
      target: this.#callback,
      filter: { eventName: ['MODIFY'], dynamodb: { Keys: { sk: { S: ['APPROVAL'] } } } },
      holds: 'decisions that could not be delivered from the stream; the sweep repeats them',
    });
    new Rule(this, 'UndeliveredSweep', {
      description: 'Interlock: delivers decisions whose callback was lost',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(this.#callback.function, { retryAttempts: 0 })],
    });
  }
}
