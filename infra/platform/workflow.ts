import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  type IStateMachine,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Platform } from './platform.ts';
import { treeRoot } from './tree.ts';

export interface WorkflowProps {
  readonly platform: Platform;
  /** File in `state-machines/` without its ending. */
  readonly definition: 'incident' | 'change';
  /** Values for the `${…}` names in the file. */
  readonly substitutions: Readonly<Record<string, string>>;
  /** Everything it may invoke, and all that it may do besides logging. */
  readonly invokes: readonly IFunction[];
}

/** A state machine from its ASL file; its role may invoke the functions named here and nothing else. */
export class Workflow extends Construct {
  readonly stateMachine: IStateMachine;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    const invoke = Grant.addToPrincipal({
      grantee: this.role,
      actions: ['lambda:InvokeFunction'],
      resourceArns: props.invokes.map((target) => target.functionArn),
    });
    const machine = new StateMachine(this, 'StateMachine', {
      // Named, so that the boundary of the actions can name its executions.
      stateMachineName: `${Stack.of(this).stackName}-${props.definition}`,
      // The file's text, so that the template carries the definition and a review sees it change.
      definitionBody: DefinitionBody.fromString(readDefinition(props.definition)),
      definitionSubstitutions: { ...props.substitutions },
      stateMachineType: StateMachineType.STANDARD,
      role: this.role,
      tracingEnabled: false,
      removalPolicy: props.platform.removalPolicy,
      logs: {
        level: LogLevel.ERROR,
        includeExecutionData: false,
        destination: new LogGroup(this, 'Logs', {
          retention: props.platform.settings.logRetention,
          removalPolicy: props.platform.removalPolicy,
        }),
      },
    });
    invoke.applyBefore(machine);
    this.stateMachine = machine;
    Validations.of(machine).acknowledge({
      id: 'AwsSolutions-SF1',
      reason:
        'Errors only: logging every event would repeat the ledger, and a wait for approval carries its task token in the event.',
    });
    Validations.of(machine).acknowledge({
      id: 'AwsSolutions-SF2',
      reason:
        'The ledger traces an incident end to end; X-Ray would be a second, weaker record that costs 64 ms a cold start.',
    });
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'The log delivery API of Step Functions has no resource-level permissions.',
    });
  }
}

/** ARN pattern of a machine's executions. */
export function executionsOf(machine: IStateMachine): string {
  const stack = Stack.of(machine);
  return stack.formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${stack.splitArn(machine.stateMachineArn, ArnFormat.COLON_RESOURCE_NAME).resourceName}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** The text of one state machine, with its `${…}` names. */
export function readDefinition(name: 'incident' | 'change'): string {
  return readFileSync(join(treeRoot, 'state-machines', `${name}.asl.json`), 'utf8');
}
