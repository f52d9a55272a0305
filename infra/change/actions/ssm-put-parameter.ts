import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { grantWide } from '../../platform/wide-grant.ts';
import { ofThisEnvironment } from '../../platform/workload-tags.ts';
import { type ActionCommon, ActionFunction } from '../action-function.ts';

/** May read and set the plain parameters tagged for this environment. */
export function ssmPutParameter(scope: Construct, common: ActionCommon): ActionFunction {
  const action = new ActionFunction(scope, 'SsmPutParameter', {
    ...common,
    name: 'action-ssm-put-parameter',
    actionId: 'ssm.put-parameter',
  });
  grantWide(action, {
    actions: ['ssm:GetParameter', 'ssm:PutParameter'],
    resources: [Stack.of(scope).formatArn({ service: 'ssm', resource: 'parameter', resourceName: '*' })],
    conditions: ofThisEnvironment(common.platform.settings),
    reason: 'Targets are not known at deployment; limited to parameters tagged for this environment.',
  });
  return action;
}
