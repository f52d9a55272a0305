import { Stack } from 'aws-cdk-lib';
import type { IManagedPolicy, IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { ActionDefinition, Permission } from '../../functions/change/action-definition.ts';
import { actionFunctionName } from '../platform/function-entries.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { grantWide } from '../platform/wide-grant.ts';
import { ofThisEnvironment } from '../platform/workload-tags.ts';

export interface ActionFunctionProps {
  readonly platform: Platform;
  readonly snapshots: Bucket;
  readonly boundary: IManagedPolicy;
  /** Which action of the catalogue it carries out; its id is also the prefix of its snapshots. */
  readonly definition: ActionDefinition;
}

/**
 * The Lambda that carries out one kind of change, on a role of its own under the boundary: what every action
 * needs, and the permissions that the action's definition asks for.
 */
export class ActionFunction extends Construct {
  readonly actionId: string;
  readonly function: IFunction;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: ActionFunctionProps) {
    super(scope, id);
    const { platform, snapshots, definition } = props;
    const { partition, region, account } = Stack.of(this);
    const action = new InterlockFunction(this, 'Action', {
      platform,
      name: actionFunctionName(definition.id),
      tables: ['controls', 'operations'],
      environment: {
        // What the ARN of a target needs beside its name.
        PLACE: [partition, region, account].join(':'),
        SNAPSHOT_BUCKET: snapshots.bucketName,
        VALIDATION_SECONDS: String(platform.settings.validation.toSeconds()),
      },
      permissionsBoundary: props.boundary,
      // Set aside, so that a rollback never waits behind anything else in the account.
      ...(platform.settings.reservedConcurrencyPerAction === undefined
        ? {}
        : { reservedConcurrency: platform.settings.reservedConcurrencyPerAction }),
    });
    this.actionId = definition.id;
    this.function = action.function;
    this.grantPrincipal = action.grantPrincipal;
    platform.tables.grantControls(action, ['GetItem']);
    platform.tables.grantOperations(action, ['GetItem']);
    grantWide(action, {
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [snapshots.arnForObjects(`${definition.id}/*`)],
      reason: 'Snapshots are named after their change; limited to the prefix of this action.',
    });
    grantWide(action, {
      actions: [...commonActions],
      resources: ['*'],
      reason:
        "Validation looks at the incident's alarm and metrics, and who owns the target; these APIs check no narrower resource.",
    });
    for (const permission of definition.permissions) {
      grantWide(action, {
        actions: permission.actions,
        resources: [this.#arnOf(permission)],
        ...(permission.onlyTagged ? { conditions: ofThisEnvironment(platform.settings) } : {}),
        reason: permission.why,
      });
    }
  }

  #arnOf({ resource }: Permission): string {
    if (resource === '*') return '*';
    const { service, resource: type, resourceName, separator = '/', isGlobal = false } = resource;
    const name = resourceName === undefined ? type : `${type}${separator}${resourceName}`;
    return Stack.of(this).formatArn({ service, resource: name, ...(isGlobal ? { region: '' } : {}) });
  }
}

/** What every action reads to validate a change and to see who owns its target. */
export const commonActions = [
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetMetricData',
  'tag:GetResources',
] as const;

/** Text of a JSON object, action id to function ARN, for a state machine to look up who carries an action out. */
export function functionArnsByAction(actions: readonly ActionFunction[]): string {
  return `{${actions.map(({ actionId, function: { functionArn } }) => `"${actionId}":"${functionArn}"`).join(',')}}`;
}
