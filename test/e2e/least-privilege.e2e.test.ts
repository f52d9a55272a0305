import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { catalogue } from '../../functions/change/catalogue.ts';
import {
  actionFunctionName,
  type FunctionName,
  functionNames,
} from '../../infra/platform/function-entries.ts';
import { loadAction } from '../change/actions/contract.ts';
import { notOnTheEmulator } from '../change/actions/emulator-exceptions.ts';
import type { ProbeCall } from './role-probe.lambda.ts';
import { deployedFunctions, RoleProbes } from './role-probes.ts';

/**
 * Least privilege, by trying: on the deployed stack with IAM enforced, every call below is really made with
 * every role, and must be refused to each role that is not named as its owner. An owner's call may fail for
 * another reason (no such token), but not for lack of rights: so a table that refuses everything fails too.
 */
const deployment = inject('deployment');
const probes = new RoleProbes();

/** Not a whole word: services spell it differently. */
const refusal = /AccessDenied|AuthorizationError|NotAuthorized|Unauthorized/;

const key = { pk: { S: 'probe' }, sk: { S: 'probe' } };
const never = 'attribute_exists(pk) AND attribute_not_exists(pk)';

interface Row {
  readonly what: string;
  readonly call: (names: Names) => ProbeCall;
  readonly owners: readonly FunctionName[];
}

/** Stack outputs by their key, and what else a call needs. */
type Names = Readonly<Record<string, string>>;

const ledgerWriters: FunctionName[] = functionNames.filter(
  (name) => name !== 'routing' && !name.startsWith('action-'),
);
const actions = catalogue.map(({ id }) => ({ id, name: actionFunctionName(id) }));

/** One object under each action's prefix; they exist, so that a read of somebody else's is a matter of rights alone. */
const snapshotOf = (actionId: string) => `${actionId}/probe.json`;

const rows: Row[] = [
  // The ledger: append, never change.
  ...(['UpdateItem', 'DeleteItem'] as const).map((command) => ({
    what: `${command} in Ledger`,
    call: ({ LedgerTable }: Names) => ({
      service: 'dynamodb' as const,
      command,
      input: { TableName: LedgerTable, Key: key, ConditionExpression: 'attribute_exists(pk)' },
    }),
    owners: [],
  })),
  {
    what: 'BatchWriteItem in Ledger',
    call: ({ LedgerTable }) => ({
      service: 'dynamodb',
      command: 'BatchWriteItem',
      input: { RequestItems: { [LedgerTable ?? '']: [{ DeleteRequest: { Key: key } }] } },
    }),
    owners: [],
  },
  {
    what: 'PutItem in Ledger',
    call: ({ LedgerTable }) => ({
      service: 'dynamodb',
      command: 'PutItem',
      input: { TableName: LedgerTable, Item: key, ConditionExpression: never },
    }),
    owners: ledgerWriters,
  },
  {
    what: 'UpdateItem in Controls (sessions, locks, windows)',
    call: ({ ControlsTable }) => ({
      service: 'dynamodb',
      command: 'UpdateItem',
      input: { TableName: ControlsTable, Key: key, ConditionExpression: 'attribute_exists(pk)' },
    }),
    owners: [
      'intake',
      'close-incident',
      'sweep-incidents',
      'approval-pages',
      'change-control',
      'recover-change',
    ],
  },
  {
    what: 'PutItem in Controls (kill switch, sessions, stages, heartbeat, windows)',
    call: ({ ControlsTable }) => ({
      service: 'dynamodb',
      command: 'PutItem',
      input: { TableName: ControlsTable, Item: key, ConditionExpression: never },
    }),
    owners: [
      'intake',
      'engage-kill-switch',
      'kill-switch-heartbeat',
      'review-autonomy',
      'publish-policies',
      'approval-pages',
    ],
  },
  {
    what: 'DeleteItem in Controls',
    call: ({ ControlsTable }) => ({
      service: 'dynamodb',
      command: 'DeleteItem',
      input: { TableName: ControlsTable, Key: key },
    }),
    owners: [],
  },
  {
    what: 'DeleteItem in Operations',
    call: ({ OperationsTable }) => ({
      service: 'dynamodb',
      command: 'DeleteItem',
      input: { TableName: OperationsTable, Key: key },
    }),
    owners: [],
  },
  {
    what: 'PutItem in Operations by a role that must not decide or record there',
    call: ({ OperationsTable }) => ({
      service: 'dynamodb',
      command: 'PutItem',
      input: { TableName: OperationsTable, Item: key, ConditionExpression: never },
    }),
    owners: [
      'intake',
      'triage',
      'decide',
      'recommend',
      'kill-switch-heartbeat',
      'review-autonomy',
      'publish-policies',
      'request-approval',
      'settle-approval',
      'approval-pages',
      'approval-callback',
      'change-control',
      'recover-change',
      'ledger-watch',
    ],
  },
  {
    what: 'UpdateItem in Operations',
    call: ({ OperationsTable }) => ({
      service: 'dynamodb',
      command: 'UpdateItem',
      input: { TableName: OperationsTable, Key: key, ConditionExpression: never },
    }),
    owners: [
      'intake',
      'close-incident',
      'sweep-incidents',
      'request-approval',
      'settle-approval',
      'approval-pages',
      'approval-callback',
      'approval-notices',
      'change-control',
      'recover-change',
    ],
  },
  {
    what: 'Scan of Operations',
    call: ({ OperationsTable }) => ({
      service: 'dynamodb',
      command: 'Scan',
      input: { TableName: OperationsTable, Limit: 1 },
    }),
    owners: [],
  },
  ...(
    [
      ['Query of Operations', {}, ['approval-pages', 'approval-callback', 'approval-notices']],
      [
        'Query of Operations by status',
        { IndexName: 'byStatus' },
        [
          'sweep-incidents',
          'decide',
          'review-autonomy',
          'approval-pages',
          'approval-callback',
          'approval-notices',
        ],
      ],
    ] as const
  ).map(([what, index, owners]) => ({
    what,
    call: ({ OperationsTable }: Names) => ({
      service: 'dynamodb' as const,
      command: 'Query',
      input: {
        TableName: OperationsTable,
        ...index,
        KeyConditionExpression: '#key = :probe',
        ExpressionAttributeNames: { '#key': 'IndexName' in index ? 'statusKey' : 'pk' },
        ExpressionAttributeValues: { ':probe': { S: 'probe' } },
      },
    }),
    owners,
  })),
  // The workload: only each action's own role, its own kind of target.
  {
    what: 'UpdateAlias of the workload',
    call: ({ FunctionName, AliasName }) => ({
      service: 'lambda',
      command: 'UpdateAlias',
      input: { FunctionName, Name: AliasName },
    }),
    owners: ['action-lambda-shift-alias'],
  },
  {
    what: 'PutParameter of the workload',
    call: ({ ParameterName }) => ({
      service: 'ssm',
      command: 'PutParameter',
      input: { Name: ParameterName, Value: 'off', Overwrite: true },
    }),
    owners: ['action-ssm-put-parameter'],
  },
  {
    what: 'PutParameter of a parameter that did not opt in by its tag',
    call: () => ({
      service: 'ssm',
      command: 'PutParameter',
      input: { Name: '/somebody/else', Value: 'x', Overwrite: true },
    }),
    owners: [],
  },
  ...(['UpdateFunctionConfiguration', 'DeleteFunction', 'PublishVersion'] as const).map((command) => ({
    what: `${command} of the workload`,
    call: ({ FunctionName }: Names) => ({ service: 'lambda' as const, command, input: { FunctionName } }),
    owners: [],
  })),
  {
    what: 'UpdateFunctionCode of the workload',
    call: ({ FunctionName }) => ({
      service: 'lambda',
      command: 'UpdateFunctionCode',
      input: { FunctionName, ZipFile: { $base64: 'cHJvYmU=' }, DryRun: true },
    }),
    owners: [],
  },
  {
    what: 'DeleteParameter of the workload',
    call: ({ ParameterName }) => ({
      service: 'ssm',
      command: 'DeleteParameter',
      input: { Name: ParameterName },
    }),
    owners: [],
  },
  {
    what: 'DeleteAlarms',
    call: ({ AlarmName }) => ({
      service: 'cloudwatch',
      command: 'DeleteAlarms',
      input: { AlarmNames: [AlarmName] },
    }),
    owners: [],
  },
  {
    what: 'SetAlarmState',
    call: ({ AlarmName }) => ({
      service: 'cloudwatch',
      command: 'SetAlarmState',
      input: { AlarmName, StateValue: 'OK', StateReason: 'probe' },
    }),
    owners: [],
  },
  // Workflows and task tokens.
  ...(['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'] as const).map((command) => ({
    what: command,
    call: () => ({
      service: 'sfn' as const,
      command,
      input:
        command === 'SendTaskSuccess' ? { taskToken: 'bm9uZQ==', output: '{}' } : { taskToken: 'bm9uZQ==' },
    }),
    owners: command === 'SendTaskSuccess' ? (['approval-callback'] as const) : [],
  })),
  {
    what: 'StartExecution of the change machine',
    call: ({ ChangeStateMachineArn }) => ({
      service: 'sfn',
      command: 'StartExecution',
      input: { stateMachineArn: ChangeStateMachineArn, name: 'not a valid name!', input: '{}' },
    }),
    owners: ['recover-change'],
  },
  {
    what: 'StartExecution of the incident machine',
    call: ({ IncidentStateMachineArn }) => ({
      service: 'sfn',
      command: 'StartExecution',
      input: { stateMachineArn: IncidentStateMachineArn, name: 'not a valid name!', input: '{}' },
    }),
    owners: ['intake', 'sweep-incidents'],
  },
  ...(['IncidentStateMachineArn', 'ChangeStateMachineArn'] as const).map((machine) => ({
    what: `StopExecution of ${machine}`,
    call: (known: Names) => ({
      service: 'sfn' as const,
      command: 'StopExecution',
      input: { executionArn: `${known[machine]?.replace(':stateMachine:', ':execution:')}:probe` },
    }),
    owners: [],
  })),
  // Secrets and keys.
  {
    what: 'GetSecretValue of the session secret',
    call: ({ SessionSecretArn }) => ({
      service: 'secretsmanager',
      command: 'GetSecretValue',
      input: { SecretId: SessionSecretArn },
    }),
    owners: ['approval-pages'],
  },
  {
    what: 'GetSecretValue of a secret that is not of Interlock',
    call: ({ ForeignSecretArn }) => ({
      service: 'secretsmanager',
      command: 'GetSecretValue',
      input: { SecretId: ForeignSecretArn },
    }),
    owners: [],
  },
  {
    what: 'Encrypt with the approval key',
    call: ({ ApprovalKeyArn }) => ({
      service: 'kms',
      command: 'Encrypt',
      input: { KeyId: ApprovalKeyArn, Plaintext: { $base64: 'cHJvYmU=' } },
    }),
    owners: ['request-approval'],
  },
  {
    what: 'Decrypt with the approval key',
    call: ({ ApprovalKeyArn }) => ({
      service: 'kms',
      command: 'Decrypt',
      input: { KeyId: ApprovalKeyArn, CiphertextBlob: { $base64: 'cHJvYmUtcHJvYmUtcHJvYmU=' } },
    }),
    owners: ['approval-callback'],
  },
  // Snapshots: each action its own prefix, nobody removes one.
  ...actions.flatMap(({ id, name }) =>
    (['PutObject', 'GetObject'] as const).map((command) => ({
      what: `${command} of a snapshot of ${id}`,
      call: ({ SnapshotBucket }: Names) => ({
        service: 's3' as const,
        command,
        input: {
          Bucket: SnapshotBucket,
          Key: snapshotOf(id),
          ...(command === 'PutObject' ? { Body: '{}' } : {}),
        },
      }),
      owners: [name],
    })),
  ),
  {
    what: 'DeleteObject of a snapshot',
    call: ({ SnapshotBucket }) => ({
      service: 's3',
      command: 'DeleteObject',
      input: { Bucket: SnapshotBucket, Key: 'lambda.shift-alias/probe.json' },
    }),
    owners: [],
  },
  // Queues, topics, models, other functions.
  {
    what: 'SendMessage to an intake queue',
    call: ({ P1QueueUrl }) => ({
      service: 'sqs',
      command: 'SendMessage',
      input: { QueueUrl: P1QueueUrl, MessageBody: '' },
    }),
    owners: [],
  },
  {
    what: 'SendMessage to a dead-letter queue of intake',
    call: ({ P1DlqUrl }) => ({
      service: 'sqs',
      command: 'SendMessage',
      input: { QueueUrl: P1DlqUrl, MessageBody: '' },
    }),
    owners: ['intake'],
  },
  {
    what: 'PurgeQueue of a dead-letter queue',
    call: ({ P1DlqUrl }) => ({ service: 'sqs', command: 'PurgeQueue', input: { QueueUrl: P1DlqUrl } }),
    owners: [],
  },
  {
    what: 'Publish to people',
    call: ({ PersonTopicArn }) => ({
      service: 'sns',
      command: 'Publish',
      input: { TopicArn: PersonTopicArn, Message: 'probe' },
    }),
    owners: [
      'close-incident',
      'sweep-incidents',
      'kill-switch-heartbeat',
      'approval-notices',
      'change-control',
      'recover-change',
      'ledger-watch',
    ],
  },
  {
    what: 'PutEvents: a signal that nobody sent',
    call: () => ({
      service: 'eventbridge',
      command: 'PutEvents',
      input: { Entries: [{ Source: 'interlock', DetailType: 'interlock.signal', Detail: '{}' }] },
    }),
    owners: [],
  },
  {
    // What `Converse` is authorised as on AWS.
    what: 'InvokeModel',
    call: ({ BedrockModelId }) => ({
      service: 'bedrock',
      command: 'InvokeModel',
      input: { modelId: BedrockModelId, body: '{}' },
    }),
    owners: ['routing'],
  },
  {
    what: 'Invoke of an action function, past the state machine',
    call: ({ ActionFunctionName }) => ({
      service: 'lambda',
      command: 'Invoke',
      input: { FunctionName: ActionFunctionName, Payload: '{}' },
    }),
    owners: [],
  },
  {
    what: 'Invoke of the routing function',
    call: ({ RoutingFunctionName }) => ({
      service: 'lambda',
      command: 'Invoke',
      input: { FunctionName: RoutingFunctionName, Payload: '{}' },
    }),
    owners: ['triage'],
  },
  {
    what: 'Invoke of the function that stops everything',
    call: ({ EngageFunctionName }) => ({
      service: 'lambda',
      command: 'Invoke',
      // Nothing that it accepts: whoever may invoke it must not stop everything here.
      input: { FunctionName: EngageFunctionName, Payload: '{}' },
    }),
    owners: ['approval-pages'],
  },
  // Identity.
  {
    what: 'CreateUser',
    call: () => ({ service: 'iam', command: 'CreateUser', input: { UserName: 'probe' } }),
    owners: [],
  },
  {
    what: 'PutRolePolicy on its own role',
    call: ({ ActionRoleName }) => ({
      service: 'iam',
      command: 'PutRolePolicy',
      input: {
        RoleName: ActionRoleName,
        PolicyName: 'probe',
        PolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
      },
    }),
    owners: [],
  },
];

/**
 * The call that makes an action's effect, on one of its targets. Not here: what the emulator does not have
 * (Step Functions redrive, SSM Automation, SQS move tasks), where everybody is answered the same.
 */
const effects: Readonly<Record<string, (parameters: Readonly<Record<string, unknown>>) => ProbeCall>> = {
  'lambda.shift-alias': (p) => ({
    service: 'lambda',
    command: 'UpdateAlias',
    input: { FunctionName: p['functionName'], Name: p['aliasName'], FunctionVersion: p['toVersion'] },
  }),
  'lambda.set-reserved-concurrency': (p) => ({
    service: 'lambda',
    command: 'PutFunctionConcurrency',
    input: { FunctionName: p['functionName'], ReservedConcurrentExecutions: p['toConcurrency'] },
  }),
  'ecs.set-desired-count': (p) => ({
    service: 'ecs',
    command: 'UpdateService',
    input: { cluster: p['cluster'], service: p['service'], desiredCount: p['toCount'] },
  }),
  'ecs.set-task-definition': (p) => ({
    service: 'ecs',
    command: 'UpdateService',
    input: { cluster: p['cluster'], service: p['service'], taskDefinition: p['toTaskDefinition'] },
  }),
  'autoscaling.set-desired-capacity': (p) => ({
    service: 'autoscaling',
    command: 'SetDesiredCapacity',
    input: { AutoScalingGroupName: p['groupName'], DesiredCapacity: p['toCapacity'] },
  }),
  'ssm.put-parameter': (p) => ({
    service: 'ssm',
    command: 'PutParameter',
    input: { Name: p['name'], Value: p['toValue'], Overwrite: true },
  }),
  'appconfig.start-deployment': (p) => ({
    service: 'appconfig',
    command: 'StartDeployment',
    input: {
      ApplicationId: p['applicationId'],
      EnvironmentId: p['environmentId'],
      ConfigurationProfileId: p['configurationProfileId'],
      DeploymentStrategyId: p['deploymentStrategyId'],
      ConfigurationVersion: String(p['toVersion']),
    },
  }),
  'dynamodb.set-capacity': (p) => ({
    service: 'dynamodb',
    command: 'UpdateTable',
    input: {
      TableName: p['tableName'],
      ProvisionedThroughput: { ReadCapacityUnits: 11, WriteCapacityUnits: 6 },
    },
  }),
  'events.set-rule-state': (p) => ({
    service: 'eventbridge',
    command: 'DisableRule',
    input: { Name: p['ruleName'], EventBusName: p['eventBusName'] },
  }),
  'ec2.reboot-instance': (p) => ({
    service: 'ec2',
    command: 'RebootInstances',
    input: { InstanceIds: [p['instanceId']] },
  }),
};

/** The same calls on what is Interlock's own. */
const onInterlockItself: readonly [string, (names: Names) => ProbeCall][] = [
  [
    'UpdateTable of Ledger',
    ({ LedgerTable }) => ({
      service: 'dynamodb',
      command: 'UpdateTable',
      input: {
        TableName: LedgerTable,
        ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      },
    }),
  ],
  [
    'PutFunctionConcurrency of a function of Interlock',
    ({ ActionFunctionName }) => ({
      service: 'lambda',
      command: 'PutFunctionConcurrency',
      input: { FunctionName: ActionFunctionName, ReservedConcurrentExecutions: 1 },
    }),
  ],
  [
    'PutParameter of the version of the bootstrap',
    () => ({
      service: 'ssm',
      command: 'PutParameter',
      input: { Name: '/cdk-bootstrap/hnb659fds/version', Value: '1', Overwrite: true },
    }),
  ],
  [
    'DisableRule of a sweep of Interlock',
    ({ SweepRuleName }) => ({
      service: 'eventbridge',
      command: 'DisableRule',
      input: { Name: SweepRuleName },
    }),
  ],
];

let names: Names;

beforeAll(async () => {
  const functions = await deployedFunctions();
  expect([...functions.keys()].toSorted()).toStrictEqual(functionNames.toSorted());
  const action = functions.get('action-lambda-shift-alias');
  names = {
    ...deployment.outputs,
    ...deployment.demoOutputs,
    SessionSecretArn: functions.get('approval-pages')?.environment['SESSION_SECRET_ARN'] ?? '',
    // The model behind the inference profile: the emulator knows only its ARN.
    BedrockModelId: functions.get('routing')?.environment['BEDROCK_MODEL_ID']?.replace(/^us\./, '') ?? '',
    ApprovalKeyArn: functions.get('request-approval')?.environment['APPROVAL_KEY_ARN'] ?? '',
    ActionFunctionName: action?.physicalName ?? '',
    ActionRoleName: action?.arnOfRole.split('/').at(-1) ?? '',
    RoutingFunctionName: functions.get('routing')?.physicalName ?? '',
    EngageFunctionName: functions.get('engage-kill-switch')?.physicalName ?? '',
    SweepRuleName: await sweepRule(),
    ForeignSecretArn: await foreignSecret(),
  };
  await new SSMClient({}).send(
    new PutParameterCommand({ Name: '/somebody/else', Value: 'x', Type: 'String', Overwrite: true }),
  );
  const s3 = new S3Client({});
  for (const { id } of actions) {
    await s3.send(new PutObjectCommand({ Bucket: names['SnapshotBucket'], Key: snapshotOf(id), Body: '{}' }));
  }
  await probes.deploy(functions, functionNames);
});

afterAll(() => probes.remove());

/** A secret of somebody else's in the same account. */
async function foreignSecret(): Promise<string> {
  const { ARN = '' } = await new SecretsManagerClient({}).send(
    new CreateSecretCommand({ Name: `somebody-else-${Date.now()}`, SecretString: 'x' }),
  );
  return ARN;
}

/** The rule that lets expired leases be recovered: without it a crashed change is never undone. */
async function sweepRule(): Promise<string> {
  const { Rules = [] } = await new EventBridgeClient({}).send(new ListRulesCommand({}));
  const rule = Rules.find(({ Description }) => Description?.includes('whose lease ran out'));
  if (rule?.Name === undefined) throw new Error('there is no sweep of expired leases');
  return rule.Name;
}

describe('least privilege, by trying', () => {
  it.each(rows)('$what', async ({ call, owners }) => {
    expect(await notRefused(call(names))).toStrictEqual([...owners].toSorted());
  });
});

/** Functions whose role is not refused this call. */
async function notRefused(call: ProbeCall): Promise<string[]> {
  const ended = await Promise.all(
    functionNames.map(async (name) => [name, (await probes.call(name, call)).ended] as const),
  );
  return ended
    .filter(([, how]) => !refusal.test(how))
    .map(([name]) => name)
    .toSorted();
}

describe('the effect of each action', () => {
  /** Both ECS actions make theirs by the same call, and IAM cannot tell what is updated. */
  const ownersOf = (id: string): string[] =>
    id.startsWith('ecs.')
      ? ['action-ecs-set-desired-count', 'action-ecs-set-task-definition']
      : [actionFunctionName(id)];

  it.each(Object.keys(effects))('%s is for its own role, in its own environment', async (id) => {
    const { fixture } = await loadAction(id);
    const [own, foreign] = [await fixture.create(), await fixture.create('somewhere-else')];
    try {
      const effect = effects[id];
      if (effect === undefined) throw new Error(`no call for ${id}`);
      expect(await notRefused(effect({ ...own.parameters }))).toStrictEqual(ownersOf(id));
      expect(await notRefused(effect({ ...foreign.parameters }))).toStrictEqual([]);
    } finally {
      await own.destroy?.();
      await foreign.destroy?.();
    }
  });

  it('is tried for every action that the emulator has', () => {
    const tried = [...Object.keys(effects), ...Object.keys(notOnTheEmulator)];
    expect(tried.toSorted()).toStrictEqual(catalogue.map(({ id }) => id).toSorted());
  });

  it.each(onInterlockItself)('%s is for nobody', async (_, call) => {
    expect(await notRefused(call(names))).toStrictEqual([]);
  });
});
