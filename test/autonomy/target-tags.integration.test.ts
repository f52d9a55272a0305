import { randomUUID } from 'node:crypto';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DecisionStore } from '../../functions/autonomy/decision.store.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { replayDecision } from '../../functions/autonomy/replay.ts';
import { TargetTagsClient } from '../../functions/autonomy/target-tags.client.ts';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { putParameter } from '../../functions/change/actions/ssm-put-parameter/definition.ts';
import { catalogue, resolveAction } from '../../functions/change/catalogue.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import { storedZip } from '../platform/stored-zip.ts';
import { freshTables } from '../platform/tables.ts';
import { createResources } from '../triage/tagged-resources.ts';

const shop = `shop-${randomUUID().slice(0, 8)}`;
const tags = { 'interlock:environment': 'local', 'interlock:workload': shop, 'interlock:protected': 'true' };
const asList = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const place = { partition: 'aws', region: 'us-east-1', account: '000000000000' };
const reader = new TargetTagsClient(place);
/** One that exists, for each action. */
const targets = new Map<string, object>();

afterEach(() => vi.unstubAllEnvs());

beforeAll(async () => {
  const { instances, appConfigEnvironments } = await createResources(shop, tags);
  const ssm = new SSMClient({});
  await ssm.send(
    new PutParameterCommand({ Name: `/${shop}/flag`, Type: 'String', Value: 'on', Tags: asList }),
  );
  await new LambdaClient({}).send(
    new CreateFunctionCommand({
      FunctionName: shop,
      Runtime: 'nodejs22.x',
      Role: 'arn:aws:iam::000000000000:role/none',
      Handler: 'index.handler',
      Code: { ZipFile: storedZip('index.js', 'exports.handler = async () => 1;') },
      Tags: tags,
    }),
  );
  const queues = { deadLetterQueueName: `${shop}-dead`, sourceQueueName: `${shop}-source` };
  const service = { cluster: `${shop}-cluster`, service: shop };
  const { applicationId, environmentId } = appConfigEnvironments[0] ?? {};
  const execution = `arn:aws:states:us-east-1:000000000000:execution:${shop}:one`;
  for (const [action, over] of Object.entries({
    'lambda.shift-alias': { functionName: shop },
    'ssm.put-parameter': { name: `/${shop}/flag` },
    'lambda.set-reserved-concurrency': { functionName: shop },
    'ecs.set-desired-count': service,
    'ecs.set-task-definition': service,
    'autoscaling.set-desired-capacity': { groupName: shop },
    'appconfig.start-deployment': { applicationId, environmentId },
    'dynamodb.set-capacity': { tableName: `${shop}-provisioned` },
    'events.set-rule-state': { ruleName: `${shop}-placed`, eventBusName: `${shop}-bus` },
    'sqs.redrive-dead-letters': queues,
    'ec2.reboot-instance': { instanceId: instances[0]?.instanceId },
    'states.redrive-execution': { executionArn: execution },
  }))
    targets.set(action, over);
});

function proposalOf(action: string, over: object) {
  const example = catalogue.find(({ id }) => id === action)?.examples[0];
  const proposal = resolveAction(action, { ...example, ...over });
  if (proposal.outcome !== 'resolved') throw new Error(`${action}: ${JSON.stringify(proposal)}`);
  return proposal;
}

describe('the tags of a target', () => {
  // The emulator has no SSM documents; they are asked for as the others are, by their ARN.
  const kept = catalogue.map(({ id }) => id).filter((id) => id !== 'ssm.run-automation');

  it.each(kept)('of %s are read as they are', async (action) => {
    const reading = await reader.tagsOf(proposalOf(action, targets.get(action) ?? {}));
    expect(reading).toStrictEqual({ reading: 'read', tags });
  });

  it.each([
    'ssm.put-parameter',
    'ecs.set-desired-count',
    'autoscaling.set-desired-capacity',
    'dynamodb.set-capacity',
  ])('of %s are not known for what does not exist', async (action) => {
    expect(await reader.tagsOf(proposalOf(action, {}))).toStrictEqual({
      reading: 'unreadable',
      reason: 'nothing with tags has its ARN',
    });
  });

  it('are those of the very name, not of one that begins with it', async () => {
    for (const groupName of [shop.slice(0, -1), `${shop}x`])
      expect(
        await reader.tagsOf(proposalOf('autoscaling.set-desired-capacity', { groupName })),
      ).toMatchObject({
        reading: 'unreadable',
      });
    const elsewhere = new TargetTagsClient({ ...place, account: '111122223333' });
    const group = proposalOf('autoscaling.set-desired-capacity', { groupName: shop });
    expect((await elsewhere.tagsOf(group)).reading).toBe('unreadable');
  });

  it.each([
    [{}, undefined],
    [{ 'interlock:protected': 'false' }, 'false'],
    [{ 'interlock:protected': 'yes' }, 'yes'],
    [{ 'interlock:protected': 'yes', only: 'on the source' }, 'yes'],
  ])('protect when anything else that is named is protected: %j', async (source, protection) => {
    const sqs = new SQSClient({});
    const name = `q-${randomUUID().slice(0, 8)}`;
    const own = { 'interlock:workload': shop };
    await sqs.send(new CreateQueueCommand({ QueueName: `${name}-dead`, tags: own }));
    await sqs.send(new CreateQueueCommand({ QueueName: name, tags: { ...own, ...source } }));
    const named = { deadLetterQueueName: `${name}-dead`, sourceQueueName: name };
    const reading = await reader.tagsOf(proposalOf('sqs.redrive-dead-letters', named));
    const protecting =
      protection === undefined || protection === 'false' ? {} : { 'interlock:protected': protection };
    expect(reading).toStrictEqual({ reading: 'read', tags: { ...own, ...protecting } });
    // The target's own word for itself does not speak for the other.
    const swapped = { deadLetterQueueName: name, sourceQueueName: `${name}-dead` };
    expect(await reader.tagsOf(proposalOf('sqs.redrive-dead-letters', swapped))).toStrictEqual({
      reading: 'read',
      tags: { ...own, ...source },
    });
  });

  it('protect although the target itself says that it is not protected', async () => {
    const sqs = new SQSClient({});
    const name = `q-${randomUUID().slice(0, 8)}`;
    for (const [QueueName, value] of [
      [`${name}-dead`, 'false'],
      [name, 'true'],
    ])
      await sqs.send(new CreateQueueCommand({ QueueName, tags: { 'interlock:protected': value ?? '' } }));
    const named = { deadLetterQueueName: `${name}-dead`, sourceQueueName: name };
    expect(await reader.tagsOf(proposalOf('sqs.redrive-dead-letters', named))).toStrictEqual({
      reading: 'read',
      tags: { 'interlock:protected': 'true' },
    });
  });

  it('are not known when those of anything else that is named are not', async () => {
    const nowhere = { deadLetterQueueName: `${shop}-dead`, sourceQueueName: `${shop}-nowhere` };
    expect((await reader.tagsOf(proposalOf('sqs.redrive-dead-letters', nowhere))).reading).toBe('unreadable');
  });

  it('are not known when the API does not answer', async () => {
    // Nothing listens there.
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
    for (const action of ['ssm.put-parameter', 'autoscaling.set-desired-capacity'])
      expect(
        await new TargetTagsClient(place).tagsOf(proposalOf(action, targets.get(action) ?? {})),
      ).toStrictEqual({ reading: 'unreadable', reason: expect.stringMatching(/./) });
  });

  it('are not known when one of them could not be stored with the decision', async () => {
    const Name = `/${shop}/odd`;
    await new SSMClient({}).send(
      new PutParameterCommand({
        Name,
        Type: 'String',
        Value: 'on',
        Tags: [...asList, { Key: '__proto__', Value: 'true' }],
      }),
    );
    expect(await reader.tagsOf(proposalOf('ssm.put-parameter', { name: Name }))).toStrictEqual({
      reading: 'unreadable',
      reason: 'one of them cannot be stored',
    });
  });
});

describe('a decision by tags', () => {
  const files = readPolicyFiles();
  const rules = decisionRules(files, readCedarWasm());
  const incidentId = 'inc-tags';

  async function decideOn(name: string) {
    const { controls, operations, database, ledger } = await freshTables();
    const parameters = { name, fromValue: 'on', toValue: 'off' };
    const plan: Plan = {
      schemaVersion: 1,
      incidentId,
      environment: 'local',
      agentRole: 'responder',
      action: 'ssm.put-parameter',
      parameters,
      target: putParameter.target(parameters),
      effect: putParameter.effect(parameters),
      rollbackPlan: rollbackPlanOf(putParameter, parameters),
      successCriteria: putParameter.successCriteria(parameters),
      evidence: [],
      citations: [],
    };
    const planDigest = planDigestOf(plan);
    const triage = { confidence: 0.9, model: { lowConfidence: false }, planDigests: [planDigest] };
    for (const [table, item] of [
      [controls, { ...itemKeys.killSwitch('global'), engaged: false }],
      [operations, { ...itemKeys.plan(incidentId, planDigest), plan, planDigest }],
      [operations, { ...itemKeys.incident(incidentId), incidentId, signal: {} }],
      [operations, { ...itemKeys.triage(incidentId), ...triage }],
    ] as const)
      await database.transact([{ kind: 'put', table, item }]);
    const settings = { controls, operations, environment: 'local', policyDigest: policyDigestOf(files) };
    const decisions = new DecisionStore(database, ledger, settings, (proposal) => reader.tagsOf(proposal));
    await decisions.decide(incidentId, planDigest, rules, () => 1_795_392_000_000);
    return decisions.decide(incidentId, planDigest, rules, () => 1_795_392_000_000);
  }

  it('denies what its owner protects, and is made again from the tags that were stored', async () => {
    const stored = await decideOn(`/${shop}/flag`);
    expect(stored).toMatchObject({
      outcome: 'deny',
      clause: 'policy.forbid',
      determiningPolicies: ['forbid-protected-targets'],
      inputs: { targetTags: { reading: 'read', tags } },
    });
    expect(replayDecision(stored, rules)).toMatchObject({ outcome: 'identical' });
  });

  it('denies what nobody could read the tags of, without blaming the agent', async () => {
    const stored = await decideOn(`/${shop}/nowhere`);
    expect(stored).toMatchObject({
      outcome: 'deny',
      clause: 'policy.error',
      reason: expect.stringContaining('could not be read (nothing with tags has its ARN)'),
    });
    expect(replayDecision(stored, rules)).toMatchObject({ outcome: 'identical' });
  });
});
