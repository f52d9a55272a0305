import { randomUUID } from 'node:crypto';
import { CreateRoleCommand, DeleteRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import type { SetReservedConcurrencyParameters } from '../../../functions/change/actions/lambda-set-reserved-concurrency/definition.ts';
import { storedZip } from '../../platform/stored-zip.ts';
import type { ActionFixture } from './action-fixture.ts';

const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

/** A tagged function; others set 33. */
async function create(
  fromConcurrency: number | 'none',
  toConcurrency: number | 'none',
  environment = 'local',
) {
  const [lambda, iam] = [new LambdaClient({}), new IAMClient({})];
  const functionName = `reserved-${randomUUID().slice(0, 8)}`;
  const put = (ReservedConcurrentExecutions: number) =>
    lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: functionName, ReservedConcurrentExecutions }),
    );
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: functionName, AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: functionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: Role?.Arn,
      Code: { ZipFile: storedZip('index.js', 'exports.handler = async () => 1;') },
      Tags: { 'interlock:environment': environment, 'interlock:workload': 'test' },
    }),
  );
  if (fromConcurrency !== 'none') await put(fromConcurrency);
  const parameters: SetReservedConcurrencyParameters = { functionName, fromConcurrency, toConcurrency };
  return {
    parameters,
    unknownParameters: { ...parameters, functionName: `${functionName}-gone` },
    look: async () =>
      (await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: functionName })))
        .ReservedConcurrentExecutions,
    foreignWrite: async () => void (await put(33)),
    destroy: async () => {
      await lambda.send(new DeleteFunctionCommand({ FunctionName: functionName }));
      await iam.send(new DeleteRoleCommand({ RoleName: functionName }));
    },
  };
}

export const fixture = {
  actionId: 'lambda.set-reserved-concurrency',
  create: (environment?: string) => create(20, 25, environment),
  variants: {
    'a reservation that is given up': () => create(20, 'none'),
    'a reservation where there was none': () => create('none', 20),
  },
} satisfies ActionFixture;
