import { beforeAll, describe, expect, test } from 'vitest';
import { functionNames } from '../../infra/platform/function-entries.ts';
import { synthesis } from './synthesis.ts';
import {
  type CloudTemplate,
  functionNamed,
  permissionsOf,
  readable,
  resourceAt,
  resourcesOf,
  roleIdOf,
  statementsOf,
} from './template.ts';

let template: CloudTemplate;
let local: CloudTemplate;
beforeAll(async () => {
  template = (await synthesis('prod')).template;
  local = (await synthesis('local')).template;
});

const controls = '<Platform/Tables/Controls>';
const operations = '<Platform/Tables/Operations>';
const ifKeys = (...keys: string[]) =>
  ` if ${JSON.stringify({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } })}`;
const appendsTo = (...chains: string[]) => [
  `dynamodb:PutItem on <Platform/Tables/Ledger>${ifKeys(...chains)}`,
  'dynamodb:Query on <Platform/Tables/Ledger>',
];
const ledger = appendsTo('incident#*');
const byStatus = `dynamodb:Query on ${operations}/index/byStatus`;
const tellPeople = 'sns:Publish on <Platform/PersonTopic>';
const here = '<AWS::Region>:<AWS::AccountId>';
const tagged = ' if {"StringEquals":{"aws:ResourceTag/interlock:environment":"prod"}}';
const arn = (service: string, resource: string) => `arn:<AWS::Partition>:${service}:${here}:${resource}`;
const calls = (service: string, resource: string, ...names: string[]) =>
  names.map((name) => `${service}:${name} on ${resource}`);
/** On what carries the tag of this environment, and on nothing else. */
const onTagged = (service: string, resource: string, ...names: string[]) =>
  calls(service, `${arn(service, resource)}${tagged}`, ...names);
const verbs = (table: string, ...names: string[]) => names.map((name) => `dynamodb:${name} on ${table}`);
const writes = (table: string, keys: readonly string[], ...names: string[]) =>
  verbs(table, ...names).map((line) => `${line}${ifKeys(...keys)}`);
const writesLogs = (path: string) => [
  `logs:CreateLogStream on <${path}/Logs>`,
  `logs:PutLogEvents on <${path}/Logs>`,
];
const consumes = (queue: string) =>
  ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'].map(
    (action) => `${action} on <${queue}>`,
  );
const readsStream = (table: string, failed: string) => [
  ...['DescribeStream', 'GetRecords', 'GetShardIterator'].map(
    (name) => `dynamodb:${name} on <Platform/Tables/${table}.StreamArn>`,
  ),
  'dynamodb:ListStreams on *',
  `sqs:SendMessage on <${failed}>`,
];
const action = (path: string, prefix: string) => [
  ...writesLogs(path),
  ...verbs(controls, 'GetItem'),
  ...verbs(operations, 'GetItem'),
  'cloudwatch:DescribeAlarms on *',
  'cloudwatch:GetMetricData on *',
  'tag:GetResources on *',
  `s3:GetObject on <Change/Snapshots>/${prefix}/*`,
  `s3:PutObject on <Change/Snapshots>/${prefix}/*`,
];

/** Where the functions of the actions are. */
const actionPaths = [
  'AppconfigStartDeployment',
  'AutoscalingSetDesiredCapacity',
  'DynamodbSetCapacity',
  'Ec2RebootInstance',
  'EcsSetDesiredCount',
  'EcsSetTaskDefinition',
  'EventsSetRuleState',
  'LambdaSetReservedConcurrency',
  'LambdaShiftAlias',
  'SqsRedriveDeadLetters',
  'SsmPutParameter',
  'SsmRunAutomation',
  'StatesRedriveExecution',
].map((name) => `Change/${name}/Action/Function`);

/** Every call each function may make. A new line here is a decision that a reviewer sees. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  intake: [
    ...writesLogs('Intake/IntakeFunction'),
    ...verbs(controls, 'GetItem'),
    ...writes(controls, ['WINDOW#*'], 'PutItem', 'UpdateItem'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['EVENT#*', 'INCIDENT#*'], 'PutItem', 'UpdateItem'),
    ...ledger,
    'states:StartExecution on <Incident/Workflow/StateMachine>',
    ...['P0', 'P1', 'P2'].flatMap((priority) => [
      ...consumes(`Intake/${priority}/Queue`),
      `sqs:SendMessage on <Intake/${priority}/DeadLetters/Queue>`,
    ]),
  ],
  'close-incident': [
    ...writesLogs('IncidentClose/CloseIncidentFunction'),
    ...verbs(controls, 'GetItem'),
    ...writes(controls, ['WINDOW#*'], 'UpdateItem'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['INCIDENT#*'], 'UpdateItem'),
    ...ledger,
    tellPeople,
    'sqs:SendMessage on <IncidentClose/AbnormalEndFailed/Queue>',
  ],
  'sweep-incidents': [
    ...writesLogs('IncidentClose/SweepIncidentsFunction'),
    ...verbs(controls, 'GetItem'),
    ...writes(controls, ['WINDOW#*'], 'UpdateItem'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['INCIDENT#*'], 'UpdateItem'),
    byStatus,
    ...ledger,
    tellPeople,
    'states:StartExecution on <Incident/Workflow/StateMachine>',
    `states:DescribeExecution on arn:<AWS::Partition>:states:${here}:execution:<Incident/Workflow/StateMachine>:*`,
    'sqs:SendMessage on <IncidentClose/SweepFailed/Queue>',
  ],
  triage: [
    ...writesLogs('Triage/TriageFunction'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['TRIAGE#*'], 'PutItem'),
    ...ledger,
    'lambda:InvokeFunction on <Routing/RoutingFunction/Function>',
    'cloudwatch:DescribeAlarmHistory on *',
    'cloudwatch:DescribeAlarms on *',
    'tag:GetResources on *',
    `cloudwatch:ListTagsForResource on arn:<AWS::Partition>:cloudwatch:${here}:alarm:*`,
    ...onTagged('lambda', 'function:*', 'GetFunctionConcurrency', 'ListAliases', 'ListVersionsByFunction'),
    ...onTagged('ssm', 'parameter/*', 'GetParameter'),
    ...onTagged('ssm', 'document/*', 'DescribeDocument'),
    ...onTagged(
      'appconfig',
      'application/*',
      'ListConfigurationProfiles',
      'ListDeployments',
      'ListHostedConfigurationVersions',
    ),
    'appconfig:ListDeploymentStrategies on *',
    'autoscaling:DescribeAutoScalingGroups on *',
    ...onTagged('dynamodb', 'table/*', 'DescribeTable'),
    'ec2:DescribeInstances on *',
    ...onTagged('ecs', 'service/*', 'DescribeServices'),
    'ecs:ListTaskDefinitions on *',
    ...onTagged('events', 'rule/*', 'DescribeRule'),
    ...onTagged('sqs', '*', 'GetQueueAttributes', 'GetQueueUrl', 'ListDeadLetterSourceQueues'),
    ...onTagged('states', 'stateMachine:*', 'ListExecutions'),
  ],
  routing: [
    ...writesLogs('Routing/RoutingFunction'),
    'bedrock:InvokeModel on arn:<AWS::Partition>:bedrock:*::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0',
    `bedrock:InvokeModel on arn:<AWS::Partition>:bedrock:${here}:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0`,
  ],
  decide: [
    ...writesLogs('Autonomy/DecideFunction'),
    ...verbs(controls, 'GetItem'),
    ...verbs(operations, 'ConditionCheckItem', 'GetItem'),
    ...writes(operations, ['DECISION#*', 'FINDING#*'], 'PutItem'),
    byStatus,
    ...ledger,
    'autoscaling:DescribeAutoScalingGroups on *',
    'tag:GetResources on *',
  ],
  recommend: [
    ...writesLogs('Recommend/RecommendFunction'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['RECOMMENDATION#*'], 'PutItem'),
    ...ledger,
  ],
  'engage-kill-switch': [
    ...writesLogs('AutonomyControls/EngageFunction'),
    ...writes(controls, ['SWITCH'], 'PutItem'),
    ...appendsTo('control#kill-switch#*'),
  ],
  'kill-switch-heartbeat': [
    ...writesLogs('AutonomyControls/HeartbeatFunction'),
    ...verbs(controls, 'ConditionCheckItem', 'GetItem'),
    ...writes(controls, ['SWITCH-CANARY', 'HEARTBEAT'], 'PutItem'),
    ...writes(operations, ['FINDING#*', 'ANNOUNCEMENT#*'], 'PutItem'),
    ...appendsTo('control#heartbeat#*'),
    tellPeople,
  ],
  'review-autonomy': [
    ...writesLogs('AutonomyControls/ReviewFunction'),
    ...verbs(controls, 'Query'),
    ...writes(controls, ['STAGE'], 'PutItem'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['FINDING#*', 'ANNOUNCEMENT#*'], 'PutItem'),
    byStatus,
    ...appendsTo('control#autonomy#*'),
    'sqs:SendMessage on <AutonomyControls/ReviewFailed/Queue>',
  ],
  'publish-policies': [
    ...writesLogs('Policy/PublishPoliciesFunction'),
    ...verbs(controls, 'ConditionCheckItem', 'Query'),
    ...writes(controls, ['STAGE'], 'PutItem'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['POLICY#*', 'POLICY-CURRENT'], 'PutItem'),
    ...appendsTo('control#policy#*'),
  ],
  'request-approval': [
    ...writesLogs('Approvals/RequestApprovalFunction'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['APPROVAL#*'], 'PutItem', 'UpdateItem'),
    ...writes(operations, ['NOTICE#*'], 'PutItem'),
    ...ledger,
    'kms:Encrypt on <Approvals/ApprovalKey>',
  ],
  'settle-approval': [
    ...writesLogs('Approvals/SettleApprovalFunction'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['APPROVAL#*'], 'UpdateItem'),
    ...writes(operations, ['NOTICE#*'], 'PutItem'),
    ...ledger,
  ],
  'approval-pages': [
    ...writesLogs('Approvals/Pages/PagesFunction'),
    ...verbs(controls, 'GetItem', 'Query'),
    ...writes(controls, ['SESSION#*', 'PERSON#*', 'SEEN#*'], 'PutItem'),
    ...writes(controls, ['SESSION#*', 'RATE#*'], 'UpdateItem'),
    ...verbs(operations, 'GetItem', 'Query'),
    ...writes(operations, ['APPROVAL#*'], 'UpdateItem'),
    ...writes(operations, ['NEVER-AGAIN#*', 'NOTICE#*'], 'PutItem'),
    byStatus,
    ...ledger,
    'lambda:InvokeFunction on <AutonomyControls/EngageFunction/Function>',
    'secretsmanager:GetSecretValue on <Approvals/Pages/SessionSecret.Id>',
  ],
  'approval-notices': [
    ...writesLogs('Approvals/Notices/NoticesFunction'),
    ...verbs(operations, 'GetItem', 'Query'),
    ...writes(operations, ['NOTICE#*', 'ANNOUNCEMENT#*'], 'UpdateItem'),
    byStatus,
    ...appendsTo('incident#*', 'control#announcements#*'),
    ...readsStream('Operations', 'Approvals/Notices/Stream/Failed/Queue'),
    tellPeople,
  ],
  'approval-callback': [
    ...writesLogs('Approvals/ApprovalCallbackFunction'),
    ...verbs(operations, 'ConditionCheckItem', 'GetItem', 'Query'),
    ...writes(operations, ['APPROVAL#*'], 'UpdateItem'),
    ...writes(operations, ['NOTICE#*'], 'PutItem'),
    byStatus,
    ...ledger,
    ...readsStream('Operations', 'Approvals/DecisionStream/Failed/Queue'),
    'kms:Decrypt on <Approvals/ApprovalKey>',
    'states:SendTaskSuccess on <Change/Workflow/StateMachine>',
    'states:SendTaskSuccess on <Incident/Workflow/StateMachine>',
  ],
  'change-control': [
    ...writesLogs('Change/ChangeControlFunction'),
    ...verbs(controls, 'ConditionCheckItem', 'GetItem'),
    ...writes(controls, ['LOCK', 'USAGE#*'], 'UpdateItem'),
    ...verbs(operations, 'ConditionCheckItem', 'GetItem'),
    ...writes(operations, ['CHANGE#*', 'FINDING#*'], 'PutItem', 'UpdateItem'),
    ...writes(operations, ['ANNOUNCEMENT#*'], 'PutItem'),
    ...ledger,
    tellPeople,
  ],
  'recover-change': [
    ...writesLogs('Change/RecoverChangeFunction'),
    ...verbs(controls, 'GetItem', 'Query'),
    ...writes(controls, ['LOCK'], 'UpdateItem'),
    ...verbs(operations, 'GetItem'),
    ...writes(operations, ['CHANGE#*', 'FINDING#*'], 'PutItem', 'UpdateItem'),
    ...writes(operations, ['ANNOUNCEMENT#*'], 'PutItem'),
    ...ledger,
    tellPeople,
    'states:StartExecution on <Change/Workflow/StateMachine>',
    `states:DescribeExecution on arn:<AWS::Partition>:states:${here}:execution:<Change/Workflow/StateMachine>:*`,
    'sqs:SendMessage on <Change/AbnormalEndFailed/Queue>',
  ],
  'action-lambda-shift-alias': [
    ...action('Change/LambdaShiftAlias/Action', 'lambda.shift-alias'),
    ...onTagged('lambda', 'function:*', 'GetAlias', 'UpdateAlias'),
  ],
  'action-lambda-set-reserved-concurrency': [
    ...action('Change/LambdaSetReservedConcurrency/Action', 'lambda.set-reserved-concurrency'),
    ...onTagged(
      'lambda',
      'function:*',
      'DeleteFunctionConcurrency',
      'GetFunctionConcurrency',
      'PutFunctionConcurrency',
    ),
  ],
  'action-ecs-set-desired-count': [
    ...action('Change/EcsSetDesiredCount/Action', 'ecs.set-desired-count'),
    ...onTagged('ecs', 'service/*', 'DescribeServices', 'UpdateService'),
  ],
  'action-ecs-set-task-definition': [
    ...action('Change/EcsSetTaskDefinition/Action', 'ecs.set-task-definition'),
    ...onTagged('ecs', 'service/*', 'DescribeServices', 'UpdateService'),
  ],
  'action-autoscaling-set-desired-capacity': [
    ...action('Change/AutoscalingSetDesiredCapacity/Action', 'autoscaling.set-desired-capacity'),
    ...onTagged('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/*', 'SetDesiredCapacity'),
    'autoscaling:DescribeAutoScalingGroups on *',
  ],
  'action-ssm-put-parameter': [
    ...action('Change/SsmPutParameter/Action', 'ssm.put-parameter'),
    ...onTagged('ssm', 'parameter/*', 'GetParameter', 'PutParameter'),
  ],
  'action-appconfig-start-deployment': [
    ...action('Change/AppconfigStartDeployment/Action', 'appconfig.start-deployment'),
    ...onTagged(
      'appconfig',
      'application/*',
      'GetDeployment',
      'ListDeployments',
      'StartDeployment',
      'StopDeployment',
    ),
    ...calls(
      'appconfig',
      arn('appconfig', 'application/*/environment/*/deployment/*'),
      'GetDeployment',
      'StopDeployment',
    ),
    ...calls('appconfig', arn('appconfig', 'deploymentstrategy/*'), 'StartDeployment'),
  ],
  'action-dynamodb-set-capacity': [
    ...action('Change/DynamodbSetCapacity/Action', 'dynamodb.set-capacity'),
    ...onTagged('dynamodb', 'table/*', 'DescribeTable', 'UpdateTable'),
  ],
  'action-sqs-redrive-dead-letters': [
    ...action('Change/SqsRedriveDeadLetters/Action', 'sqs.redrive-dead-letters'),
    ...onTagged(
      'sqs',
      '*',
      'DeleteMessage',
      'GetQueueAttributes',
      'GetQueueUrl',
      'ListDeadLetterSourceQueues',
      'ListMessageMoveTasks',
      'ReceiveMessage',
      'SendMessage',
      'StartMessageMoveTask',
    ),
  ],
  'action-events-set-rule-state': [
    ...action('Change/EventsSetRuleState/Action', 'events.set-rule-state'),
    ...onTagged('events', 'rule/*', 'DescribeRule', 'DisableRule', 'EnableRule'),
  ],
  'action-states-redrive-execution': [
    ...action('Change/StatesRedriveExecution/Action', 'states.redrive-execution'),
    ...onTagged('states', 'stateMachine:*', 'DescribeStateMachine'),
    ...calls('states', arn('states', 'execution:*'), 'DescribeExecution', 'RedriveExecution'),
  ],
  'action-ec2-reboot-instance': [
    ...action('Change/Ec2RebootInstance/Action', 'ec2.reboot-instance'),
    ...onTagged('ec2', 'instance/*', 'RebootInstances'),
    'ec2:DescribeInstances on *',
  ],
  'action-ssm-run-automation': [
    ...action('Change/SsmRunAutomation/Action', 'ssm.run-automation'),
    ...onTagged('ssm', 'document/*', 'DescribeDocument', 'StartAutomationExecution'),
    ...calls('ssm', arn('ssm', 'automation-execution/*'), 'AddTagsToResource', 'StartAutomationExecution'),
    'ssm:DescribeAutomationExecutions on *',
    'iam:PassRole on arn:<AWS::Partition>:iam::<AWS::AccountId>:role/interlock-runbook/*',
  ],
  'ledger-watch': [
    ...writesLogs('Audit/LedgerWatchFunction'),
    ...writes(operations, ['FINDING#*'], 'PutItem'),
    ...appendsTo('control#findings#*'),
    ...readsStream('Ledger', 'Audit/LedgerStream/Failed/Queue'),
    tellPeople,
  ],
};

describe('each function may make exactly its calls', () => {
  test.each(functionNames)('%s', (name) => {
    const roleId = roleIdOf(functionNamed(template, name));
    expect(permissionsOf(template, roleId)).toEqual([...new Set(allowed[name])].toSorted());
  });

  test('no two functions share a role, and no role has a managed policy', () => {
    const roleIds = functionNames.map((name) => roleIdOf(functionNamed(template, name)));
    expect(new Set(roleIds).size).toBe(functionNames.length);
    for (const { Properties } of resourcesOf(template, 'AWS::IAM::Role')) {
      expect(Properties.ManagedPolicyArns).toBeUndefined();
    }
  });

  test('the template has no function that is not in the table', () => {
    expect(resourcesOf(template, 'AWS::Lambda::Function')).toHaveLength(functionNames.length);
  });
});

describe('over all roles', () => {
  const engageRole = 'AutonomyControls/EngageFunction/Role';
  const pagesRole = 'Approvals/Pages/PagesFunction/Role';
  const everyPermission = () =>
    resourcesOf(template, 'AWS::IAM::Role').flatMap((role) =>
      permissionsOf(template, role.logicalId).map((line) => ({ role: role.path, line })),
    );

  test('nobody may update or delete in the ledger', () => {
    const onLedger = everyPermission().filter(({ line }) => / on <Platform\/Tables\/Ledger>( |$)/.test(line));
    expect(onLedger.length).toBeGreaterThan(0);
    expect(new Set(onLedger.map(({ line }) => line))).toEqual(
      new Set([
        ...ledger,
        ...['findings', 'heartbeat', 'autonomy', 'policy', 'kill-switch'].flatMap((entity) =>
          appendsTo(`control#${entity}#*`),
        ),
        ...appendsTo('incident#*', 'control#announcements#*'),
      ]),
    );
  });

  test('only the function that knows no way to release it may write the kill switch or its chain', () => {
    const writers = everyPermission().filter(({ line }) => /dynamodb:(Put|Update)Item on/.test(line));
    expect(writers.length).toBeGreaterThan(20);
    for (const { line } of writers) {
      expect(line).toMatch(/LeadingKeys/);
      expect(line).not.toMatch(/"\*/);
    }
    const may = (partition: string) =>
      writers.filter(({ line }) => keysIn(line).some((pattern) => pattern.test(partition)));
    for (const partition of ['SWITCH', 'control#kill-switch#2027-01-01']) {
      expect(may(partition).map(({ role }) => role)).toEqual([engageRole]);
    }
  });

  test('only the pages may have it engaged, and the pages may invoke nothing else', () => {
    const invokers = everyPermission().filter(({ line }) => line.startsWith('lambda:InvokeFunction on '));
    const engages = 'lambda:InvokeFunction on <AutonomyControls/EngageFunction/Function>';
    expect(invokers.filter(({ line }) => line === engages).map(({ role }) => role)).toEqual([pagesRole]);
    expect(invokers.filter(({ role }) => role === pagesRole).map(({ line }) => line)).toEqual([engages]);
  });

  test('whoever asks, takes votes or answers executions may write approvals; who tells people of them may not', () => {
    const writers = (item: string) =>
      new Set(
        everyPermission()
          .filter(({ line }) => /dynamodb:(Put|Update)Item on/.test(line) && line.includes(`"${item}#*"`))
          .map(({ role }) => role),
      );
    const protocol = [
      'Approvals/ApprovalCallbackFunction/Role',
      'Approvals/Pages/PagesFunction/Role',
      'Approvals/RequestApprovalFunction/Role',
      'Approvals/SettleApprovalFunction/Role',
    ];
    expect([...writers('APPROVAL')].toSorted()).toEqual(protocol);
    expect([...writers('NOTICE')].toSorted()).toEqual(
      [...protocol, 'Approvals/Notices/NoticesFunction/Role'].toSorted(),
    );
  });

  test('whoever tells people about an approval, and nobody else in approvals, may reach them', () => {
    const tellers = everyPermission().filter(({ line }) => line === tellPeople);
    expect(tellers.map(({ role }) => role).filter((role) => role.startsWith('Approvals/'))).toEqual([
      'Approvals/Notices/NoticesFunction/Role',
    ]);
  });

  test('nobody may delete an item anywhere, or write in batches past a condition', () => {
    expect(everyPermission().filter(({ line }) => /dynamodb:(Delete|Batch|PartiQL|\*)/.test(line))).toEqual(
      [],
    );
  });

  test('only the callback may send a task token', () => {
    const senders = everyPermission().filter(({ line }) => line.includes('states:SendTask'));
    expect(senders.length).toBe(2);
    expect(new Set(senders.map(({ role }) => role))).toEqual(
      new Set(['Approvals/ApprovalCallbackFunction/Role']),
    );
  });

  test.each([
    ['lambda:UpdateAlias', ['LambdaShiftAlias']],
    ['lambda:PutFunctionConcurrency', ['LambdaSetReservedConcurrency']],
    ['ecs:UpdateService', ['EcsSetDesiredCount', 'EcsSetTaskDefinition']],
    ['autoscaling:SetDesiredCapacity', ['AutoscalingSetDesiredCapacity']],
    ['ssm:PutParameter', ['SsmPutParameter']],
    ['dynamodb:UpdateTable', ['DynamodbSetCapacity']],
    ['sqs:StartMessageMoveTask', ['SqsRedriveDeadLetters']],
    ['events:DisableRule', ['EventsSetRuleState']],
    ['ec2:RebootInstances', ['Ec2RebootInstance']],
  ])('only its own action may call %s, on what is tagged', (call, owners) => {
    const holders = everyPermission().filter(({ line }) => line.startsWith(`${call} `));
    expect(holders.map(({ role }) => role).toSorted()).toEqual(
      owners.map((owner) => `Change/${owner}/Action/Role`).toSorted(),
    );
    expect(holders.every(({ line }) => line.endsWith(tagged))).toBe(true);
  });

  test('no call is granted by wildcard', () => {
    const statements = resourcesOf(template, 'AWS::IAM::Role').flatMap((role) =>
      statementsOf(template, role.logicalId),
    );
    const actions = statements.flatMap(({ Action = [] }) => Action);
    expect(actions.length).toBeGreaterThan(100);
    expect(actions.filter((name) => name.includes('*'))).toEqual([]);
    expect(statements.filter(({ NotAction }) => NotAction !== undefined)).toEqual([]);
  });
});

/** Which partitions a grant of writes covers, as `StringLike` reads its patterns. */
function keysIn(line: string): RegExp[] {
  const keys = JSON.parse(/"dynamodb:LeadingKeys":(\[[^\]]*\])/.exec(line)?.[1] ?? '["*"]') as string[];
  return keys.map((key) => new RegExp(`^${key.replaceAll('*', '.*').replaceAll('?', '.')}$`));
}

describe('state machines may only invoke ours', () => {
  const logDelivery = [
    'logs:CreateLogDelivery',
    'logs:DeleteLogDelivery',
    'logs:DescribeLogGroups',
    'logs:DescribeResourcePolicies',
    'logs:GetLogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:UpdateLogDelivery',
  ].map((name) => `${name} on *`);
  const invokes = (...paths: string[]) => paths.map((path) => `lambda:InvokeFunction on <${path}>`);

  test('change', () => {
    const role = resourceAt(template, 'AWS::IAM::Role', 'Change/Workflow/Role');
    expect(permissionsOf(template, role.logicalId)).toEqual(
      [
        ...logDelivery,
        ...invokes(
          'Change/ChangeControlFunction/Function',
          'Approvals/RequestApprovalFunction/Function',
          'Approvals/SettleApprovalFunction/Function',
          ...actionPaths,
        ),
      ].toSorted(),
    );
  });

  test('incident', () => {
    const role = resourceAt(template, 'AWS::IAM::Role', 'Incident/Workflow/Role');
    const executions = `arn:<AWS::Partition>:states:${here}:execution:<Change/Workflow/StateMachine>:*`;
    const rule = `arn:<AWS::Partition>:events:${here}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule`;
    expect(permissionsOf(template, role.logicalId)).toEqual(
      [
        ...logDelivery,
        ...invokes(
          'Triage/TriageFunction/Function',
          'Autonomy/DecideFunction/Function',
          'Recommend/RecommendFunction/Function',
          ...actionPaths,
          'Approvals/RequestApprovalFunction/Function',
          'Approvals/SettleApprovalFunction/Function',
          'IncidentClose/CloseIncidentFunction/Function',
        ),
        'states:StartExecution on <Change/Workflow/StateMachine>',
        `states:DescribeExecution on ${executions}`,
        `states:StopExecution on ${executions}`,
        `events:DescribeRule on ${rule}`,
        `events:PutRule on ${rule}`,
        `events:PutTargets on ${rule}`,
      ].toSorted(),
    );
  });
});

describe('the boundary of the action roles', () => {
  const boundary = () => resourceAt(template, 'AWS::IAM::ManagedPolicy', 'Change/ActionBoundary/Policy');

  test('is on each action role and on no other', () => {
    const bounded = resourcesOf(template, 'AWS::IAM::Role').filter(
      ({ Properties }) => Properties.PermissionsBoundary !== undefined,
    );
    expect(bounded.map(({ path }) => path).toSorted()).toEqual(
      actionPaths.map((path) => path.replace(/Function$/, 'Role')).toSorted(),
    );
    for (const { Properties } of bounded) {
      expect(readable(template, Properties.PermissionsBoundary)).toBe('<Change/ActionBoundary/Policy>');
    }
  });

  test('allows every call that an action role is granted', () => {
    const [allow] = boundary().Properties.PolicyDocument.Statement;
    const granted = functionNames
      .filter((name) => name.startsWith('action-'))
      .flatMap((name) => statementsOf(template, roleIdOf(functionNamed(template, name))))
      .flatMap(({ Action = [] }) => Action);
    expect(granted.length).toBeGreaterThan(10);
    expect(granted.filter((name) => !allow.Action.includes(name))).toEqual([]);
  });

  test('denies everything about identity, but handing a runbook its role', () => {
    const statement = boundary().Properties.PolicyDocument.Statement.find(
      ({ Sid }: { Sid: string }) => Sid === 'NeverRolesButOfRunbooks',
    );
    expect(statement.Action).toBe('iam:*');
    expect(readable(template, statement.NotResource)).toBe(
      'arn:<AWS::Partition>:iam::<AWS::AccountId>:role/interlock-runbook/*',
    );
    const [allow] = boundary().Properties.PolicyDocument.Statement;
    expect(allow.Action.filter((name: string) => name.startsWith('iam:'))).toEqual(['iam:PassRole']);
  });

  test.each([
    'organizations:*',
    'sts:*',
    'cloudtrail:*',
    'config:*',
    'kms:PutKeyPolicy',
    'kms:ScheduleKeyDeletion',
  ])('denies %s everywhere', (call) => {
    const denials = boundary().Properties.PolicyDocument.Statement.filter(
      (statement: { Effect: string; Condition?: unknown; Resource: unknown }) =>
        statement.Effect === 'Deny' && statement.Condition === undefined && statement.Resource === '*',
    );
    expect(denials.flatMap((statement: { Action: string[] }) => statement.Action)).toContain(call);
  });

  test('denies changing what carries the tag of Interlock, which everything does', () => {
    const statement = boundary().Properties.PolicyDocument.Statement.find(
      ({ Sid }: { Sid: string }) => Sid === 'NeverInterlockByTag',
    );
    expect(statement.Condition).toEqual({
      StringEquals: { 'aws:ResourceTag/interlock:component': 'control-plane' },
    });
    expect(statement.NotAction.filter((name: string) => /dynamodb|lambda|states/.test(name))).toEqual([
      'dynamodb:GetItem',
    ]);
    const taggable = ['AWS::DynamoDB::Table', 'AWS::Lambda::Function', 'AWS::SQS::Queue', 'AWS::KMS::Key'];
    for (const resource of taggable.flatMap((type) => resourcesOf(template, type))) {
      expect(resource.Properties.Tags).toContainEqual({ Key: 'interlock:component', Value: 'control-plane' });
    }
  });
});

test('locally only two calls are widened, for the roles that hold them anyway', () => {
  const inCloudWords = (line: string) =>
    line
      .replaceAll('arn:aws:', 'arn:<AWS::Partition>:')
      .replaceAll('us-east-1:000000000000', here)
      .replaceAll('iam::000000000000', 'iam::<AWS::AccountId>')
      .replaceAll(
        '"aws:ResourceTag/interlock:environment":"local"',
        '"aws:ResourceTag/interlock:environment":"prod"',
      );
  const extra = functionNames.flatMap((name) =>
    permissionsOf(local, roleIdOf(functionNamed(local, name)))
      .map(inCloudWords)
      .filter((line) => !allowed[name]?.includes(line))
      .map((line) => `${name}: ${line}`),
  );
  expect(extra).toEqual([
    'triage: cloudwatch:ListTagsForResource on *',
    'approval-callback: states:SendTaskSuccess on *',
  ]);
});
