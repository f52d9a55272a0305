import { inspect } from 'node:util';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { ApprovalTokenClient } from '../../functions/approvals/approval-token.client.ts';
import { sessionSecret } from '../../functions/approvals/sign-in/session-secret.client.ts';
import { TaskCallbackClient } from '../../functions/approvals/task-callback.client.ts';
import { now } from './fixtures.ts';

const token = 'AQCEAAAAKgAAAAMAAAAA-the-task-token';

/** A client whose service answers with this error, quoting the token as services do. */
function failing<Client extends { middlewareStack: { add: (...given: never[]) => void } }>(
  client: Client,
  name: string,
): Client {
  const fail = () => async () => {
    throw Object.assign(new Error(`${name}: invalid value '${token}'`), { name, token });
  };
  client.middlewareStack.add(fail as never, { step: 'initialize' } as never);
  return client;
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const nowhere = { region: 'us-east-1', endpoint: 'http://127.0.0.1:9', credentials };
const shown = (error: unknown) => inspect(error, { depth: null, showHidden: true });

describe('answering an execution', () => {
  it.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])(
    'takes %s as waiting no longer',
    async (name) => {
      const client = new TaskCallbackClient(failing(new SFNClient(nowhere), name));
      expect(await client.succeed(token, { outcome: 'approved', approvalId: 'a' })).toBe('no-longer-waiting');
    },
  );

  it.each(['ThrottlingException', 'TimeoutError', 'AccessDeniedException', 'InvalidOutput'])(
    'fails with %s, which may be tried again, without quoting the token',
    async (name) => {
      const client = new TaskCallbackClient(failing(new SFNClient(nowhere), name));
      const error = await client
        .succeed(token, { outcome: 'approved', approvalId: 'a' })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'approval.callback-failed', retryable: true });
      expect(shown(error)).not.toContain(token);
    },
  );
});

describe('sealing a token', () => {
  it('fails without quoting the token', async () => {
    const client = new ApprovalTokenClient('key', failing(new KMSClient(nowhere), 'ValidationException'));
    const error = await client.encrypt('a', token).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'approval.token-not-encrypted', retryable: true });
    expect(shown(error)).not.toContain(token);
  });

  it.each([
    ['InvalidCiphertextException', 'unreadable'],
    ['IncorrectKeyException', 'unreadable'],
  ])('reads %s as %s', async (name, answer) => {
    const client = new ApprovalTokenClient('key', failing(new KMSClient(nowhere), name));
    expect(await client.decrypt('a', new Uint8Array([1]))).toBe(answer);
  });

  it.each(['AccessDeniedException', 'KMSInternalException', 'ThrottlingException'])(
    'leaves %s to be tried again',
    async (name) => {
      const client = new ApprovalTokenClient('key', failing(new KMSClient(nowhere), name));
      await expect(client.decrypt('a', new Uint8Array([1]))).rejects.toMatchObject({
        code: 'approval.token-not-decrypted',
        retryable: true,
      });
    },
  );
});

describe('the session secret', () => {
  /** A client that holds what `secret.value` holds at the time. */
  function holding(secret: { value: string; reads: number }): SecretsManagerClient {
    const client = new SecretsManagerClient(nowhere);
    const answer = () => async () => {
      secret.reads += 1;
      return { output: { SecretString: secret.value }, response: {} };
    };
    client.middlewareStack.add(answer as never, { step: 'initialize' });
    return client;
  }

  it('is read once in five minutes, so that a replaced one takes effect', async () => {
    const secret = { value: 'a'.repeat(32), reads: 0 };
    let at = now;
    const keys = sessionSecret('arn', () => at, holding(secret));
    const first = await keys();
    secret.value = 'b'.repeat(32);
    at = now + 299_999;
    expect(await keys()).toBe(first);
    expect(secret.reads).toBe(1);
    at = now + 300_000;
    const second = await keys();
    expect(second.session).not.toStrictEqual(first.session);
  });

  it('is refused with 31 characters', async () => {
    const keys = sessionSecret('arn', () => now, holding({ value: 'a'.repeat(31), reads: 0 }));
    await expect(keys()).rejects.toMatchObject({ code: 'approvals.weak-session-secret' });
  });
});
