import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { PolicyArchive } from '../../functions/policy/policy-archive.store.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

let tables: TestTables;
let server: Server;
let handler: (event: unknown, context: Context) => Promise<void>;
let answers: Record<string, unknown>[] = [];
/** Answers with an error before it listens. */
let refusals = 0;
const digest = policyDigestOf(readPolicyFiles());

beforeAll(async () => {
  tables = await freshTables();
  server = createServer(async (request, response) => {
    const body = (await json(request)) as Record<string, unknown>;
    refusals -= 1;
    if (refusals < 0)
      answers.push({ ...body, method: request.method, type: request.headers['content-type'] });
    response.writeHead(refusals < 0 ? 200 : 503).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  vi.stubEnv('ARTEFACT_VERSION', 'test-artefact');
  vi.stubEnv('CONTROLS_TABLE', tables.controls);
  vi.stubEnv('OPERATIONS_TABLE', tables.operations);
  vi.stubEnv('LEDGER_TABLE', tables.ledgerTable);
  ({ handler } = await import('../../functions/policy/publish-policies.handler.ts'));
});
afterAll(() => server.close());
beforeEach(() => {
  answers = [];
  refusals = 0;
});

const deliver = (RequestType: string, PolicyDigest = digest) =>
  handler(
    {
      RequestType,
      ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`,
      StackId: 'stack',
      RequestId: 'request-1',
      LogicalResourceId: 'Publication',
      ResourceType: 'Custom::InterlockPolicies',
      ResourceProperties: { ServiceToken: 'arn', PolicyDigest },
    },
    { functionName: 'publish-policies', awsRequestId: 'r' } as Context,
  );
const history = () => new PolicyArchive(tables.database, tables.ledger, tables).history();

describe('publishing with a deployment', () => {
  it('publishes once, answers each delivery, and says the same resource every time', async () => {
    await deliver('Create');
    await deliver('Create');
    await deliver('Update');
    expect((await history()).map(({ policyDigest }) => policyDigest)).toStrictEqual([digest]);
    expect(answers).toHaveLength(3);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        Status: 'SUCCESS',
        PhysicalResourceId: 'interlock-policies',
        StackId: 'stack',
        RequestId: 'request-1',
        LogicalResourceId: 'Publication',
        method: 'PUT',
      });
      // The address is signed for no content type at all.
      expect(answer['type'] ?? '').toBe('');
    }
  });

  it('keeps everything when the stack is removed', async () => {
    await deliver('Delete', '0'.repeat(64));
    expect(answers).toMatchObject([{ Status: 'SUCCESS' }]);
    expect(await history()).toHaveLength(1);
  });

  it('answers again when CloudFormation did not take the answer', async () => {
    refusals = 2;
    await deliver('Update');
    expect(answers).toMatchObject([{ Status: 'SUCCESS' }]);
  });

  it('fails, and says why, for a set that is neither its own nor archived', async () => {
    await expect(deliver('Update', '0'.repeat(64))).rejects.toThrow(/never published/);
    expect(answers).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('never published') }]);
  });

  it('goes back to an archived set, as a stack does that rolls back', async () => {
    const archive = new PolicyArchive(tables.database, tables.ledger, tables);
    const other = { 'a.cedar': 'permit (principal, action, resource);', 'interlock.cedarschema': '' };
    await archive.publish(other, 'test-artefact', Date.now());
    await deliver('Update');
    await deliver('Update', policyDigestOf(other));
    const digests = (await history()).map(({ policyDigest }) => policyDigest);
    expect(digests[0]).toBe(policyDigestOf(other));
    expect(digests).toHaveLength(4);
  });
});
