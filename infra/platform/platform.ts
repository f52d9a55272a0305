import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { StageSettings } from '../stage-settings.ts';
import type { Artefact } from './artefact.ts';
import type { Bundles } from './bundle.ts';
import { dataKey } from './keys.ts';
import { Tables } from './tables.ts';

export interface PlatformProps {
  readonly settings: StageSettings;
  readonly bundles: Bundles;
  readonly artefact: Artefact;
}

/** The ground floor every capability stands on: tables, their key, and the topic that reaches people. */
export class Platform extends Construct {
  readonly settings: StageSettings;
  readonly bundles: Bundles;
  readonly artefact: Artefact;
  readonly tables: Tables;
  /** Encrypts what Interlock stores; used only through the services that store it. */
  readonly dataKey: IKey;
  /** Where people are told: approvals to answer, incidents that need them, dead letters, findings. */
  readonly personTopic: ITopic;

  constructor(scope: Construct, id: string, props: PlatformProps) {
    super(scope, id);
    this.settings = props.settings;
    this.bundles = props.bundles;
    this.artefact = props.artefact;
    const { discardable } = props.settings;
    this.dataKey = dataKey(this, 'DataKey', {
      description: 'Interlock: tables, snapshots and notifications',
      discardable,
    });
    this.tables = new Tables(this, 'Tables', { encryptionKey: this.dataKey, discardable });
    this.personTopic = new Topic(this, 'PersonTopic', {
      displayName: 'Interlock',
      masterKey: this.dataKey,
      enforceSSL: true,
    });
    const { notifyEmail } = props.settings.channels;
    if (notifyEmail !== undefined) this.personTopic.addSubscription(new EmailSubscription(notifyEmail));
    // Requiring TLS gives the topic a policy, and with it goes the one that lets its account's services publish.
    this.personTopic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccountPublish',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.personTopic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }

  /** Publishing to people, and nothing else on the topic. */
  grantTellPeople(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['sns:Publish'],
      resourceArns: [this.personTopic.topicArn],
    });
  }

  /** What happens to a resource that holds data when the stack goes away. */
  get removalPolicy(): RemovalPolicy {
    return this.settings.discardable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
  }
}
