import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { grantWide } from '../../platform/wide-grant.ts';
import { ofThisEnvironment } from '../../platform/workload-tags.ts';
import { type ActionCommon, ActionFunction } from '../action-function.ts';

/** May point the aliases of functions tagged for this environment at another version. */
export function lambdaShiftAlias(scope: Construct, common: ActionCommon): ActionFunction {
  const action = new ActionFunction(scope, 'LambdaShiftAlias', {
    ...common,
    name: 'action-lambda-shift-alias',
    actionId: 'lambda.shift-alias',
  });
  grantWide(action, {
    actions: ['lambda:GetAlias', 'lambda:UpdateAlias'],
    resources: [Stack.of(scope).formatArn({ service: 'lambda', resource: 'function:*' })],
    conditions: ofThisEnvironment(common.platform.settings),
    reason: 'Targets are not known at deployment; limited to functions tagged for this environment.',
  });
  return action;
}
