import { Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type ActionFunction, functionArnsByAction } from '../change/action-function.ts';
import type { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { grantWide } from '../platform/wide-grant.ts';
import { executionsOf, Workflow } from '../platform/workflow.ts';

export interface IncidentWorkflowProps {
  readonly platform: Platform;
  readonly triage: InterlockFunction;
  readonly decide: InterlockFunction;
  readonly recommend: InterlockFunction;
  readonly requestApproval: InterlockFunction;
  readonly settleApproval: InterlockFunction;
  readonly closeIncident: InterlockFunction;
  /** The nested workflow that carries out one approved plan. */
  readonly changeMachine: IStateMachine;
  /** One for each action of the catalogue: each pre-checks its own plans, which only reads. */
  readonly actions: readonly ActionFunction[];
}

/** The incident state machine: order, waiting and compensation from triage to close. */
export class IncidentWorkflow extends Construct {
  readonly stateMachine: IStateMachine;

  constructor(scope: Construct, id: string, props: IncidentWorkflowProps) {
    super(scope, id);
    const { triage, decide, recommend, requestApproval, settleApproval, closeIncident } = props;
    const { changeMachine, actions } = props;
    const workflow = new Workflow(this, 'Workflow', {
      platform: props.platform,
      definition: 'incident',
      substitutions: {
        TriageFunctionArn: triage.function.functionArn,
        DecideFunctionArn: decide.function.functionArn,
        RecommendFunctionArn: recommend.function.functionArn,
        ActionFunctionArns: functionArnsByAction(actions),
        RequestApprovalFunctionArn: requestApproval.function.functionArn,
        SettleApprovalFunctionArn: settleApproval.function.functionArn,
        CloseIncidentFunctionArn: closeIncident.function.functionArn,
        ChangeStateMachineArn: changeMachine.stateMachineArn,
        ApprovalSeconds: String(props.platform.settings.approvalTimeout.toSeconds()),
      },
      invokes: [triage, decide, recommend, requestApproval, settleApproval, closeIncident, ...actions].map(
        (step) => step.function,
      ),
    });
    this.stateMachine = workflow.stateMachine;
    grantNestedRun(workflow, changeMachine).applyBefore(workflow.stateMachine);
  }
}

/** What Step Functions needs to run another machine and wait for its end (`startExecution.sync:2`). */
function grantNestedRun(workflow: Workflow, nested: IStateMachine): Grant {
  const stack = Stack.of(workflow);
  grantWide(workflow.role, {
    actions: ['states:DescribeExecution', 'states:StopExecution'],
    resources: [executionsOf(nested)],
    reason: 'Executions are named at run time; only those of the change machine match.',
  });
  Grant.addToPrincipal({
    grantee: workflow.role,
    actions: ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
    resourceArns: [
      stack.formatArn({
        service: 'events',
        resource: 'rule',
        resourceName: 'StepFunctionsGetEventsForStepFunctionsExecutionRule',
      }),
    ],
  });
  return nested.grantStartExecution(workflow.role);
}
