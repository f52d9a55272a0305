import { randomUUID } from 'node:crypto';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { bundleZip } from '../lambda-zip.ts';
import type { ActionFixture, FixtureTarget } from './action-fixture.ts';

export const fixture: ActionFixture = {
  actionId: 'lambda.shift-alias',
  // Weights that somebody set stand there and must come back.
  create: (environment) => aliasTarget({}, { '1': 0.25 }, environment),
  variants: { progressive: () => aliasTarget({ progressive: true }, {}) },
};

async function aliasTarget(
  given: { readonly progressive?: boolean },
  AdditionalVersionWeights: Record<string, number>,
  environment = 'local',
): Promise<FixtureTarget> {
  const lambda = new LambdaClient({});
  const FunctionName = `contract-${randomUUID().slice(0, 8)}`;
  const code = (answer: string) => bundleZip(`export const handler = async () => '${answer}';`);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: await newRole(FunctionName),
      Code: { ZipFile: await code('one') },
      Tags: { 'interlock:environment': environment, 'interlock:workload': 'test' },
    }),
  );
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: await code('two') }));
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(
    new CreateAliasCommand({
      FunctionName,
      Name: 'live',
      FunctionVersion: '2',
      RoutingConfig: { AdditionalVersionWeights },
    }),
  );
  const parameters = {
    ...given,
    functionName: FunctionName,
    aliasName: 'live',
    fromVersion: '2',
    toVersion: '1',
  };
  return {
    parameters,
    unknownParameters: { ...parameters, aliasName: 'nowhere' },
    foreignWrite: async () => {
      // The same version again: only the revision tells.
      await lambda.send(new UpdateAliasCommand({ FunctionName, Name: 'live', Description: randomUUID() }));
    },
    look: async () => {
      const alias = await lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
      return { version: alias.FunctionVersion, weights: alias.RoutingConfig?.AdditionalVersionWeights };
    },
    destroy: async () => {
      await lambda.send(new DeleteFunctionCommand({ FunctionName }));
    },
  };
}

async function newRole(RoleName: string): Promise<string> {
  const { Role } = await new IAMClient({}).send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
    }),
  );
  return Role?.Arn ?? '';
}
