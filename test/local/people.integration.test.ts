import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, it } from 'vitest';
import { createPeople } from '../../local/people.ts';

it('the seeded users are different people to AWS, and may use the command line', async () => {
  const people = await createPeople();
  const arns = await Promise.all(
    Object.values(people).map(async (credentials) => {
      await new DynamoDBClient({ credentials }).send(new ListTablesCommand({}));
      return (await new STSClient({ credentials }).send(new GetCallerIdentityCommand({}))).Arn;
    }),
  );
  expect(arns.toSorted()).toStrictEqual([
    'arn:aws:iam::000000000000:user/ana',
    'arn:aws:iam::000000000000:user/ben',
    'arn:aws:iam::000000000000:user/kim',
    'arn:aws:iam::000000000000:user/mia',
  ]);
});
