import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { GetRoleCommand, IAMClient, PutRolePermissionsBoundaryCommand } from '@aws-sdk/client-iam';

/** A resource of a synthesised template. */
interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** One setting that the template asks for, the emulator's CloudFormation drops, and its API accepts. */
export type FixUp =
  | { readonly kind: 'permissions-boundary'; readonly role: string; readonly policy: string }
  | { readonly kind: 'time-to-live'; readonly table: string; readonly attribute: string }
  | { readonly kind: 'point-in-time-recovery'; readonly table: string };

/** Reads from a template what has to be set again. Names are logical ids. */
export function fixUpsOf(resources: Readonly<Record<string, Resource>>): FixUp[] {
  return Object.entries(resources).flatMap(([id, { Type, Properties = {} }]): FixUp[] => {
    if (Type === 'AWS::IAM::Role') {
      const boundary = Properties['PermissionsBoundary'] as { Ref?: string } | undefined;
      return boundary?.Ref === undefined
        ? []
        : [{ kind: 'permissions-boundary', role: id, policy: boundary.Ref }];
    }
    if (Type !== 'AWS::DynamoDB::Table') return [];
    const ttl = Properties['TimeToLiveSpecification'] as
      | { AttributeName: string; Enabled: boolean }
      | undefined;
    const recovery = Properties['PointInTimeRecoverySpecification'] as
      | { PointInTimeRecoveryEnabled: boolean }
      | undefined;
    return [
      ...(ttl?.Enabled === true
        ? [{ kind: 'time-to-live' as const, table: id, attribute: ttl.AttributeName }]
        : []),
      ...(recovery?.PointInTimeRecoveryEnabled === true
        ? [{ kind: 'point-in-time-recovery' as const, table: id }]
        : []),
    ];
  });
}

/**
 * Sets by API what the deployment silently lost: most of all the permissions boundary of the action roles, which
 * IAM then enforces. `docs/local-mode.md` lists what stays lost.
 *
 * @param assembly Folder of the cloud assembly that was deployed.
 * @throws Error when a boundary is not in force afterwards.
 */
export async function applyFixUps(assembly: string): Promise<void> {
  for (const file of readdirSync(assembly).filter((name) => name.endsWith('.template.json'))) {
    const { Resources } = JSON.parse(readFileSync(join(assembly, file), 'utf8')) as {
      Resources: Record<string, Resource>;
    };
    const fixUps = fixUpsOf(Resources);
    if (fixUps.length === 0) continue;
    const physicalIds = await physicalIdsOf(file.replace('.template.json', ''));
    await Promise.all(fixUps.map((fixUp) => apply(fixUp, physicalIds)));
  }
}

async function apply(fixUp: FixUp, physicalIds: ReadonlyMap<string, string>): Promise<void> {
  const name = (logicalId: string): string => {
    const found = physicalIds.get(logicalId);
    if (found === undefined) throw new Error(`the deployed stack has no resource ${logicalId}`);
    return found;
  };
  switch (fixUp.kind) {
    case 'permissions-boundary':
      return setBoundary(name(fixUp.role), name(fixUp.policy));
    case 'time-to-live':
      await new DynamoDBClient({}).send(
        new UpdateTimeToLiveCommand({
          TableName: name(fixUp.table),
          TimeToLiveSpecification: { AttributeName: fixUp.attribute, Enabled: true },
        }),
      );
      return;
    case 'point-in-time-recovery':
      await new DynamoDBClient({}).send(
        new UpdateContinuousBackupsCommand({
          TableName: name(fixUp.table),
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      );
      return;
  }
}

async function setBoundary(RoleName: string, PermissionsBoundary: string): Promise<void> {
  const iam = new IAMClient({});
  await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  if (Role?.PermissionsBoundary?.PermissionsBoundaryArn !== PermissionsBoundary) {
    throw new Error(`role ${RoleName} has no permissions boundary although it was set`);
  }
}

async function physicalIdsOf(StackName: string): Promise<ReadonlyMap<string, string>> {
  const { StackResources = [] } = await new CloudFormationClient({}).send(
    new DescribeStackResourcesCommand({ StackName }),
  );
  return new Map(
    StackResources.map(({ LogicalResourceId = '', PhysicalResourceId = '' }) => [
      LogicalResourceId,
      PhysicalResourceId,
    ]),
  );
}
