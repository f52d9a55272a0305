import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  AnyPrincipal,
  Effect,
  Grant,
  type IGrantable,
  PolicyDocument,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

export interface InterlockKeyProps {
  readonly description: string;
  /** Destroyed with the stack instead of retained. */
  readonly discardable: boolean;
}

/** What an administrator of the account may do with any key: manage it, never use it. */
const administration = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];

/**
 * A rotated key that nobody may use until its policy names them: the account may manage it, but, unlike under
 * CDK's default policy, an IAM policy elsewhere in the account cannot hand out its use.
 */
export function sealedKey(scope: Construct, id: string, props: InterlockKeyProps): Key {
  return new Key(scope, id, {
    description: props.description,
    enableKeyRotation: true,
    pendingWindow: Duration.days(props.discardable ? 7 : 30),
    removalPolicy: props.discardable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    policy: new PolicyDocument({
      statements: [
        new PolicyStatement({
          sid: 'AccountManagesTheKey',
          effect: Effect.ALLOW,
          principals: [new AccountRootPrincipal()],
          actions: administration,
          resources: ['*'],
        }),
      ],
    }),
  });
}

/**
 * Names one user of a sealed key, in the key's policy and in the user's own: either alone would be refused, or
 * would be a permission that only one of the two documents shows.
 */
export function grantKeyUse(key: Key, grantee: IGrantable, action: 'kms:Encrypt' | 'kms:Decrypt'): void {
  Grant.addToPrincipal({ grantee, actions: [action], resourceArns: [key.keyArn] });
  key.addToResourcePolicy(
    new PolicyStatement({ principals: [grantee.grantPrincipal], actions: [action], resources: ['*'] }),
  );
}

/**
 * The key that tables, snapshots and notifications are encrypted under. As with an AWS managed key, whoever may
 * use the service's resource may use the key through that service and in no other way, so that a role's own
 * statements stay about what it does.
 */
export function dataKey(scope: Construct, id: string, props: InterlockKeyProps): Key {
  const key = sealedKey(scope, id, props);
  const stack = Stack.of(scope);
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'ServicesUseItForTheirCallers',
      effect: Effect.ALLOW,
      principals: [new AnyPrincipal()],
      actions: [
        'kms:CreateGrant',
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey*',
        'kms:ReEncrypt*',
      ],
      resources: ['*'],
      conditions: {
        StringEquals: {
          'kms:CallerAccount': stack.account,
          'kms:ViaService': ['dynamodb', 's3', 'secretsmanager', 'sns'].map(
            (service) => `${service}.${stack.region}.amazonaws.com`,
          ),
        },
      },
    }),
  );
  // An alarm publishes in CloudWatch's own name, not through a caller.
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsPublishEncrypted',
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
    }),
  );
  return key;
}
