import { randomUUID } from 'node:crypto';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateStateMachineCommand,
  DescribeStateMachineCommand,
  paginateListExecutions,
  SFNClient,
} from '@aws-sdk/client-sfn';

/**
 * A rule that starts a do-nothing state machine for every alarm event: what there is without intake.
 *
 * @param incidentMachineArn Lends its role.
 */
export async function createDirectTarget(
  alarmNamePrefix: string,
  incidentMachineArn: string,
): Promise<string> {
  const name = `direct-${randomUUID().slice(0, 8)}`;
  const stepFunctions = new SFNClient({});
  const { roleArn } = await stepFunctions.send(
    new DescribeStateMachineCommand({ stateMachineArn: incidentMachineArn }),
  );
  const { stateMachineArn = '' } = await stepFunctions.send(
    new CreateStateMachineCommand({
      name,
      roleArn,
      definition: JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Pass', End: true } } }),
    }),
  );
  const events = new EventBridgeClient({});
  const EventPattern = JSON.stringify({
    source: ['aws.cloudwatch'],
    detail: { alarmName: [{ prefix: alarmNamePrefix }] },
  });
  await events.send(new PutRuleCommand({ Name: name, EventPattern }));
  await events.send(
    new PutTargetsCommand({
      Rule: name,
      Targets: [{ Id: 'direct', Arn: stateMachineArn, RoleArn: roleArn }],
    }),
  );
  return stateMachineArn;
}

/** Start of every execution of a state machine, by name; milliseconds since 1970. */
export async function executionStarts(stateMachineArn: string): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  for await (const page of paginateListExecutions({ client: new SFNClient({}) }, { stateMachineArn })) {
    for (const { name = '', startDate } of page.executions ?? [])
      starts.set(name, startDate?.getTime() ?? Number.NaN);
  }
  return starts;
}
