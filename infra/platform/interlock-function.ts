import { Duration } from 'aws-cdk-lib';
import {
  type IManagedPolicy,
  type IPrincipal,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  type IFunction,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type FunctionName, functionEntryOf } from './function-entries.ts';
import type { Platform } from './platform.ts';

export type TableName = 'controls' | 'operations' | 'ledger';

export interface InterlockFunctionProps {
  readonly platform: Platform;
  /** Which Lambda of `function-entries.ts` this is. */
  readonly name: FunctionName;
  /** Tables whose names it is told; what it may do with them is granted apart. @default none */
  readonly tables?: readonly TableName[];
  /** Its own variables, beside those every function has. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Upper limit of its role's permissions, whatever is granted to it. @default none */
  readonly permissionsBoundary?: IManagedPolicy;
  /** Executions set aside for this function alone. @default none: it shares the account's */
  readonly reservedConcurrency?: number;
}

const tableVariables = {
  controls: 'CONTROLS_TABLE',
  operations: 'OPERATIONS_TABLE',
  ledger: 'LEDGER_TABLE',
} as const satisfies Readonly<Record<TableName, string>>;

/**
 * One Lambda of Interlock: Node 24 on ARM64, its own bundle and nothing else, its own log group with a
 * retention, and its own role that starts with nothing but writing to that log group.
 */
export class InterlockFunction extends Construct {
  readonly function: IFunction;
  /** Grant to this: `platform.tables.grantLedger(fn)`. */
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: InterlockFunctionProps) {
    super(scope, id);
    const { platform, name, tables = [] } = props;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: platform.settings.logRetention,
      removalPolicy: platform.removalPolicy,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Interlock ${name} (${platform.settings.stage})`,
      ...(props.permissionsBoundary === undefined ? {} : { permissionsBoundary: props.permissionsBoundary }),
    });
    // Not AWSLambdaBasicExecutionRole, which may write to any log group of the account.
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    this.function = new LambdaFunction(this, 'Function', {
      description: `Interlock ${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(platform.bundles.folderOf(name)),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      memorySize: 512,
      timeout: Duration.seconds(functionEntryOf(name).timeoutSeconds),
      tracing: Tracing.DISABLED,
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
      environment: {
        ENVIRONMENT: platform.settings.environment,
        ARTEFACT_VERSION: platform.artefact.version,
        POLICY_DIGEST: platform.artefact.policyDigest,
        ...Object.fromEntries(
          tables.map((table) => [tableVariables[table], platform.tables[table].tableName]),
        ),
        ...props.environment,
      },
    });
    this.grantPrincipal = role.grantPrincipal;
  }
}
