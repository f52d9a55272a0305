/** One Lambda function of the workload. */
export interface FunctionContext {
  readonly functionName: string;
  /** Left out when it could not be read. */
  readonly reservedConcurrency?: number | 'none';
  readonly aliases: readonly { readonly aliasName: string; readonly version: string }[];
  /** Published versions, newest first, at most five. `description` is untrusted text. */
  readonly versions: readonly {
    readonly version: string;
    readonly description: string;
    readonly lastModified: string;
  }[];
}

/** One SSM parameter of the workload. `value` only for a plain `String` that a plan could name. */
export interface ParameterContext {
  readonly name: string;
  readonly type: string;
  readonly value?: string;
}

/** One ECS service. Task definitions are `family:revision`. */
export interface EcsServiceContext {
  readonly cluster: string;
  readonly service: string;
  readonly desiredCount: number;
  readonly runningCount: number;
  readonly taskDefinition: string;
  /** Active revisions of the same family, newest first, at most five. */
  readonly revisions: readonly string[];
}

export interface AutoScalingGroupContext {
  readonly groupName: string;
  readonly desiredCapacity: number;
  readonly minSize: number;
  readonly maxSize: number;
}

/** One DynamoDB table. Capacity only where it is provisioned. */
export interface TableContext {
  readonly tableName: string;
  readonly billingMode: string;
  readonly readCapacityUnits?: number;
  readonly writeCapacityUnits?: number;
}

/** A queue that is the dead-letter queue of at least one other. */
export interface DeadLetterQueueContext {
  readonly deadLetterQueueName: string;
  readonly approximateMessages: number;
  /** At most ten. */
  readonly sourceQueueNames: readonly string[];
}

export interface EventRuleContext {
  readonly ruleName: string;
  readonly eventBusName: string;
  readonly state: string;
}

/** A state machine and its newest executions that failed or timed out and can be redriven, at most three. */
export interface StateMachineContext {
  readonly stateMachineName: string;
  readonly redrivableExecutions: readonly {
    readonly executionArn: string;
    readonly status: string;
    readonly stoppedAt: string;
    readonly redriveCount: number;
  }[];
}

export interface InstanceContext {
  readonly instanceId: string;
  readonly state: string;
}

/** An AppConfig environment with the hosted configurations of its application. */
export interface AppConfigEnvironmentContext {
  readonly applicationId: string;
  readonly environmentId: string;
  /** At most ten. */
  readonly profiles: readonly {
    readonly configurationProfileId: string;
    /** Untrusted text. */
    readonly name: string;
    /** Of the latest completed deployment that was found; left out without one. */
    readonly deployedVersion?: string;
    /** Newest first, at most three. `description` is untrusted text. */
    readonly versions: readonly { readonly version: string; readonly description: string }[];
  }[];
  /** At most ten. */
  readonly deploymentStrategyIds: readonly string[];
}

/** An SSM Automation runbook at the version that is its default. */
export interface RunbookContext {
  readonly documentName: string;
  readonly documentVersion: string;
  /** At most twenty. `description` is untrusted text. */
  readonly parameters: readonly {
    readonly name: string;
    readonly type: string;
    readonly description: string;
  }[];
}

/**
 * What of a workload the catalogue's actions can change, with the values that a plan begins with. Names are
 * spelled as the parameters of the actions; all text in it may have been written by anybody.
 */
export interface WorkloadResources {
  readonly functions: readonly FunctionContext[];
  readonly parameters: readonly ParameterContext[];
  readonly ecsServices: readonly EcsServiceContext[];
  readonly autoScalingGroups: readonly AutoScalingGroupContext[];
  readonly dynamodbTables: readonly TableContext[];
  readonly deadLetterQueues: readonly DeadLetterQueueContext[];
  readonly eventRules: readonly EventRuleContext[];
  readonly stateMachines: readonly StateMachineContext[];
  readonly instances: readonly InstanceContext[];
  readonly appConfigEnvironments: readonly AppConfigEnvironmentContext[];
  readonly runbooks: readonly RunbookContext[];
}

/** Step Functions redrives for so long after an execution ended, and so often (quotas of the service). */
const redriveWindowMs = 14 * 24 * 60 * 60 * 1_000;
const maxRedrives = 1_000;

/** Whether Step Functions would still redrive an execution that failed or timed out, as far as a list tells. */
export function isRedrivable(
  execution: { readonly stoppedAtEpochMs: number; readonly redriveCount: number },
  nowEpochMs: number,
): boolean {
  return nowEpochMs - execution.stoppedAtEpochMs < redriveWindowMs && execution.redriveCount < maxRedrives;
}
