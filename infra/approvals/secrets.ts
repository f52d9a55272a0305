import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';

/** Reading exactly these secrets; those that are not configured are left out. */
export function readSecrets(grantee: IGrantable, arns: readonly (string | undefined)[]): void {
  const resourceArns = arns.filter((arn) => arn !== undefined);
  if (resourceArns.length === 0) return;
  Grant.addToPrincipal({ grantee, actions: ['secretsmanager:GetSecretValue'], resourceArns });
}
