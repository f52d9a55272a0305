import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { readLocalUsers } from './identity-provider/users.ts';

/** What a person signs their calls with. */
export interface PersonKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Makes the seeded users of `policies/local-users.json` real people for the command line: an IAM user each, so
 * that "a second person" is a second identity here as it is in AWS. They may do anything in the emulator's
 * account; who may approve what is Interlock's own matter.
 *
 * @returns Their keys by user id.
 */
export async function createPeople(client = new IAMClient({})): Promise<Record<string, PersonKey>> {
  const users = readLocalUsers();
  return Object.fromEntries(await Promise.all(users.map(async ({ id }) => [id, await create(client, id)])));
}

async function create(client: IAMClient, id: string): Promise<PersonKey> {
  await client.send(new CreateUserCommand({ UserName: id }));
  await client.send(
    new PutUserPolicyCommand({
      UserName: id,
      PolicyName: 'local',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
      }),
    }),
  );
  const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName: id }));
  if (AccessKey?.AccessKeyId === undefined || AccessKey.SecretAccessKey === undefined) {
    throw new Error(`the emulator gave user ${id} no access key`);
  }
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
}
