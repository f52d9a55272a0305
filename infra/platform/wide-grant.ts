import { Stack, Validations } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { IConstruct } from 'constructs';

export interface WideGrantProps {
  readonly actions: readonly string[];
  /** At least one of them ends in a wildcard. */
  readonly resources: readonly string[];
  /** What narrows it all the same. @default none */
  readonly conditions?: Record<string, Record<string, unknown>>;
  /** Why no narrower resource can be named; cdk-nag shows it to whoever reviews. */
  readonly reason: string;
}

/**
 * Grants calls whose resources cannot be named at deployment. The reason is acknowledged for exactly these
 * resources: another wildcard on the same role is still a finding.
 */
export function grantWide(grantee: IConstruct & IGrantable, props: WideGrantProps): Grant {
  for (const resource of props.resources.filter((arn) => arn.includes('*'))) {
    const named = flattenCfnReference(Stack.of(grantee).resolve(resource));
    Validations.of(grantee).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${named}]`,
      reason: props.reason,
    });
  }
  return Grant.addToPrincipal({
    grantee,
    actions: [...props.actions],
    resourceArns: [...props.resources],
    ...(props.conditions === undefined ? {} : { conditions: props.conditions }),
  });
}
