import { Stack, Validations } from 'aws-cdk-lib';
import { Effect, type IManagedPolicy, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { catalogue } from '../../functions/change/catalogue.ts';
import type { Platform } from '../platform/platform.ts';
import { commonActions } from './action-function.ts';

export interface ActionBoundaryProps {
  readonly platform: Platform;
  readonly snapshots: Bucket;
}

/** Marks what belongs to Interlock itself. */
export const ownTag = 'interlock:component';

/** What every action needs beside the calls of its own kind of change. */
const common = [
  ...commonActions,
  'dynamodb:GetItem',
  'kms:Decrypt',
  'kms:GenerateDataKey',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  's3:GetObject',
  's3:PutObject',
];

/** Everything the shipped actions need. A new kind of change widens this list by what its definition asks for. */
const allowed = [
  ...new Set([
    ...common,
    ...catalogue.flatMap(({ permissions }) => permissions.flatMap(({ actions }) => actions)),
  ]),
].toSorted();

/** Roles that people made for runbooks: all that an action may hand to another service. */
const runbookRoles = 'interlock-runbook/*';

/** Who people are and what they may do, beside `iam:*`. */
const identity = [
  'account:*',
  'identitystore:*',
  'organizations:*',
  'sso:*',

  'sts:*',
];

/** What shows afterwards who did what, and the keys that protect it. */
const evidence = [
  'access-analyzer:*',
  'cloudtrail:*',
  'config:*',
  'guardduty:*',
  'kms:CreateGrant',
  'kms:Disable*',
  'kms:PutKeyPolicy',
  'kms:RetireGrant',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:Update*',
  'logs:Delete*',
  'logs:PutRetentionPolicy',
  's3:BypassGovernanceRetention',
  's3:DeleteObject*',
  's3:PutBucket*',
  'securityhub:*',
];

/** What an action does with Interlock's own resources: read a table, keep a snapshot, write its log. */
const usesOfOwnResources = [
  'dynamodb:GetItem',
  'kms:Decrypt',
  'kms:GenerateDataKey',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  's3:GetObject',
  's3:PutObject',
];

/**
 * The most that any action's role can ever do, whatever is granted to it: the calls of the shipped actions, never
 * identity, audit or key administration, and nothing that changes Interlock itself.
 */
export class ActionBoundary extends Construct {
  readonly policy: IManagedPolicy;

  constructor(scope: Construct, id: string, props: ActionBoundaryProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const { tables } = props.platform;
    const deny = (sid: string, statement: Partial<ConstructorParameters<typeof PolicyStatement>[0]>) =>
      new PolicyStatement({ sid, effect: Effect.DENY, resources: ['*'], ...statement });
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: `Upper limit of every Interlock action role (${props.platform.settings.stage})`,
      statements: [
        new PolicyStatement({ sid: 'ShippedActions', actions: allowed, resources: ['*'] }),
        deny('NeverIdentity', { actions: identity }),
        new PolicyStatement({
          sid: 'NeverRolesButOfRunbooks',
          effect: Effect.DENY,
          actions: ['iam:*'],
          notResources: [
            stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: runbookRoles }),
          ],
        }),
        deny('NeverEvidence', { actions: evidence }),
        // Twice, by tag and by name: a resource whose API ignores tags is still covered, and so is a renamed one.
        deny('NeverInterlockByTag', {
          notActions: usesOfOwnResources,
          conditions: { StringEquals: { [`aws:ResourceTag/${ownTag}`]: 'control-plane' } },
        }),
        deny('NeverInterlockByName', {
          notActions: usesOfOwnResources,
          resources: [
            tables.controls.tableArn,
            tables.operations.tableArn,
            tables.ledger.tableArn,
            props.snapshots.bucketArn,
            props.snapshots.arnForObjects('*'),
            props.platform.personTopic.topicArn,
            props.platform.dataKey.keyArn,
            stack.formatArn({ service: 'lambda', resource: `function:${stack.stackName}-*` }),
            stack.formatArn({ service: 'sqs', resource: `${stack.stackName}-*` }),
            stack.formatArn({ service: 'events', resource: 'rule', resourceName: `${stack.stackName}-*` }),
            stack.formatArn({ service: 'states', resource: `stateMachine:${stack.stackName}-*` }),
            stack.formatArn({ service: 'states', resource: `execution:${stack.stackName}-*` }),
            stack.formatArn({
              service: 'cloudformation',
              resource: 'stack',
              resourceName: `${stack.stackName}/*`,
            }),
            stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: 'cdk-bootstrap/*' }),
          ],
        }),
      ],
    });
    Validations.of(this.policy).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'A boundary grants nothing: it is the ceiling over roles whose own statements name their resources.',
    });
  }
}
