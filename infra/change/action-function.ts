import type { IManagedPolicy, IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { FunctionName } from '../platform/function-entries.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { grantWide } from '../platform/wide-grant.ts';

/** What every action's function is given, whichever action it is. */
export interface ActionCommon {
  readonly platform: Platform;
  readonly snapshots: Bucket;
  readonly boundary: IManagedPolicy;
}

export interface ActionFunctionProps extends ActionCommon {
  readonly name: FunctionName;
  /** Id in the action catalogue, `service.verb-noun`; also the prefix of its snapshots. */
  readonly actionId: string;
}

/**
 * The Lambda that carries out one kind of change, on a role of its own under the boundary. Here it gets what
 * every action needs; its target's calls are granted beside it in `actions/`.
 */
export class ActionFunction extends Construct {
  readonly actionId: string;
  readonly function: IFunction;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: ActionFunctionProps) {
    super(scope, id);
    const { platform, snapshots, actionId } = props;
    const action = new InterlockFunction(this, 'Action', {
      platform,
      name: props.name,
      tables: ['controls', 'operations'],
      environment: {
        SNAPSHOT_BUCKET: snapshots.bucketName,
        VALIDATION_SECONDS: String(platform.settings.validation.toSeconds()),
      },
      permissionsBoundary: props.boundary,
    });
    this.actionId = actionId;
    this.function = action.function;
    this.grantPrincipal = action.grantPrincipal;
    platform.tables.grantControls(action, ['GetItem']);
    platform.tables.grantOperations(action, ['GetItem']);
    grantWide(action, {
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [snapshots.arnForObjects(`${actionId}/*`)],
      reason: 'Snapshots are named after their change; limited to the prefix of this action.',
    });
    grantWide(action, {
      actions: ['cloudwatch:DescribeAlarms'],
      resources: ['*'],
      reason: "Validation looks at the incident's alarm; the API checks no narrower resource.",
    });
  }
}
