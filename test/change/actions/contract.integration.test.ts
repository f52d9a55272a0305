import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectThisProcess } from '../../../local/connection.ts';
import { type Emulator, startEmulator } from '../../../local/emulator.ts';
import { logFolder, rootCredentials } from '../../../local/places.ts';
import type { FixtureTarget } from './action-fixture.ts';
import {
  type ActionUnderContract,
  type ClientConnection,
  ConnectedClient,
  ContractChange,
  contractedIds,
  loadAction,
  ownEndpoints,
} from './contract.ts';
import { notOnTheEmulator } from './emulator-exceptions.ts';
import { type Gate, startGate } from './gate.ts';

type Credentials = Omit<ClientConnection, 'endpointUrl'>;

/** An emulator of its own: this one enforces IAM. */
let emulator: Emulator;
let withoutGrants: Credentials;

beforeAll(async () => {
  emulator = await startEmulator({
    iam: true,
    tls: false,
    logFile: join(logFolder, 'emulator-contract.log'),
  });
  connectThisProcess(emulator);
  withoutGrants = await newUser([]);
});
afterAll(() => emulator.stop());

const contracted = await Promise.all(
  contractedIds.map(async (actionId) => {
    try {
      return { actionId, action: await loadAction(actionId) };
    } catch (error) {
      return { actionId, fault: error as Error };
    }
  }),
);

it.each(contracted)('$actionId is under the contract', ({ fault }) => {
  expect(fault?.message).toBeUndefined();
});

describe.each(
  contracted.flatMap(({ actionId, action }) =>
    action === undefined
      ? []
      : [
          { name: actionId, action, create: action.fixture.create },
          ...Object.entries(action.fixture.variants ?? {}).map(([variant, create]) => ({
            name: `${actionId} (${variant})`,
            action,
            create,
          })),
        ],
  ),
)('$name', ({ action, create }) => {
  const test = (name: string, body: (bench: Bench) => Promise<void>) => {
    it(name, async () => {
      const bench = await setUp(action, create);
      try {
        await body(bench);
      } finally {
        await bench.dispose();
      }
    });
  };

  test('executed and rolled back stands exactly as it was read', async ({
    change,
    client,
    target,
    state,
  }) => {
    const before = await target.look?.();
    expect(await change.snapshot(client)).toMatchObject({ outcome: 'taken' });
    await executeAll(change, client);
    if (change.isIrreversible) {
      expect(await change.rollBack(client)).toMatchObject({
        outcome: 'failed',
        reason: expect.stringContaining('irreversible'),
      });
      expect(client.restores).toBe(0);
      return;
    }
    if (before !== undefined) expect(await target.look?.()).not.toStrictEqual(before);
    for (const _ of ['first delivery', 'second delivery']) {
      expect(await change.rollBack(client)).toMatchObject({ outcome: 'restored' });
      expect(client.restores).toBe(1);
    }
    expect(change.rules.isRestored(change.snapshotState, await state())).toBe(true);
    if (before !== undefined) expect(await target.look?.()).toStrictEqual(before);
  });

  test('is executed once, although the answer got lost and it is delivered again', async (bench) => {
    const { change, client, target, state } = bench;
    await change.snapshot(client);
    client.aroundApply = async (apply) => {
      await apply();
      throw new Error('the answer got lost');
    };
    await expect(change.execute(client)).rejects.toThrow('the answer got lost');
    client.aroundApply = (apply) => apply();
    await target.settle?.();
    const isThere = change.rules.isAfter(change.parameters, await state());
    for (const _ of ['second delivery', 'third delivery']) {
      expect(await change.execute(client)).toStrictEqual({ outcome: 'executed' });
    }
    expect(client.applies).toBe(1);
    expect(change.rules.isAfter(change.parameters, await state())).toBe(isThere);
    expect(target.effects?.() ?? 1).toBe(1);
  });

  test('is left alone when somebody else wrote after the snapshot', async (bench) => {
    const { change, client, target, state } = bench;
    await change.snapshot(client);
    await target.foreignWrite();
    const theirs = await state();
    if (!change.isIrreversible) {
      // Else it is refused for holding the value of the plan, whoever wrote it.
      const isSameAsOurs = change.rules.isAfter(change.parameters, theirs);
      expect(isSameAsOurs, 'foreignWrite must write another value than the change').toBe(false);
    }
    expect(await change.execute(client)).toMatchObject({ outcome: 'refused', refusal: 'target-changed' });
    expect(client.applies).toBe(0);
    expect(await state()).toStrictEqual(theirs);
  });

  test('is refused on a target that does not exist', async ({ client, target, change }) => {
    const unknown = new ContractChange(change.rules, { parameters: target.unknownParameters });
    expect(await unknown.snapshot(client)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/\w+ \w+/),
    });
  });

  test('fails for good and changes nothing when its role may do nothing', async (bench) => {
    const { change, client, state } = bench;
    const powerless = bench.clientOf(withoutGrants);
    expect(await failureOf(() => change.snapshot(powerless))).toMatch(denial);
    await change.snapshot(client);
    const before = await state();
    expect(await failureOf(() => change.execute(powerless))).toMatch(denial);
    expect(await state()).toStrictEqual(before);
  });

  test('fails for good and changes nothing when its role may only read', async (bench) => {
    const { change, client, state } = bench;
    await change.snapshot(client);
    const before = await state();
    const reader = await newReader(action);
    bench.gate.readers.add(reader.accessKeyId);
    expect(await failureOf(() => change.execute(bench.clientOf(reader)))).toMatch(denial);
    expect(await state()).toStrictEqual(before);
  });

  test('waits for a throttled service and changes nothing meanwhile', async (bench) => {
    const { change, client, state } = bench;
    bench.gate.isThrottling = true;
    await expect(change.snapshot(client)).rejects.toMatchObject({ retryable: true });
    bench.gate.isThrottling = false;
    await change.snapshot(client);
    const before = await state();
    client.aroundApply = async (apply) => {
      bench.gate.isThrottling = true;
      return apply().finally(() => {
        bench.gate.isThrottling = false;
      });
    };
    if (change.isIrreversible) {
      expect(await change.execute(client)).toMatchObject({
        outcome: 'failed',
        reason: expect.stringContaining('did nothing'),
      });
      expect(await state()).toStrictEqual(before);
      return;
    }
    await expect(change.execute(client)).rejects.toMatchObject({ retryable: true });
    expect(await state()).toStrictEqual(before);
    client.aroundApply = (apply) => apply();
    expect(await change.execute(client)).toStrictEqual({ outcome: 'executed' });
  });
});

it('stands in for the emulator only where that is listed with its reason', () => {
  expect(Object.keys(notOnTheEmulator).filter((id) => !contractedIds.includes(id))).toStrictEqual([]);
});

/** How AWS says that a role may not, or what an action makes of it. */
const denial = /AccessDenied|UnauthorizedOperation|AuthorizationError|not authori[sz]ed|may not/i;

interface Bench {
  readonly target: FixtureTarget;
  readonly change: ContractChange;
  readonly client: ConnectedClient;
  readonly gate: Gate;
  readonly clientOf: (credentials: Credentials) => ConnectedClient;
  /** What stands at the target, read by a client of its own. */
  readonly state: () => Promise<object>;
  readonly dispose: () => Promise<void>;
}

async function setUp(
  { rules, newClient }: ActionUnderContract,
  create: () => Promise<FixtureTarget>,
): Promise<Bench> {
  const target = await create();
  const { id } = rules.definition;
  const standInUrl = target.endpointUrl ?? ownEndpoints()[0]?.[1];
  const isListed = Object.hasOwn(notOnTheEmulator, id);
  if ((standInUrl !== undefined) !== isListed) {
    throw new Error(`${id} uses a stand-in exactly if emulator-exceptions.ts says why`);
  }
  const gate = await startGate(standInUrl ?? emulator.endpointUrl, isListed);
  const clientOf = (credentials: Credentials) =>
    new ConnectedClient(newClient, { endpointUrl: gate.url, ...credentials });
  const observer = clientOf(rootCredentials);
  return {
    target,
    gate,
    clientOf,
    change: new ContractChange(rules, target),
    client: clientOf(rootCredentials),
    state: async () => {
      const reading = await observer.read(target.parameters);
      if (reading.outcome !== 'found') throw new Error(`the target cannot be read: ${reading.reason}`);
      return reading.state;
    },
    dispose: async () => {
      await target.settle?.();
      await gate.stop();
      await target.destroy?.();
    },
  };
}

async function executeAll(change: ContractChange, client: ConnectedClient): Promise<void> {
  for (let step = 0; step < change.steps; step++) {
    expect(await change.execute(client)).toStrictEqual({ outcome: 'executed' });
    if (step < change.steps - 1) change.stepIsDone();
  }
  expect(client.applies).toBe(change.steps);
}

/** What is said about a failure that no retry mends; anything else is not such a failure. */
async function failureOf(run: () => Promise<{ readonly outcome: string; readonly reason?: string }>) {
  try {
    const { outcome, reason } = await run();
    expect(['refused', 'failed']).toContain(outcome);
    return reason;
  } catch (error) {
    expect(error).not.toMatchObject({ retryable: true });
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** A user with those grants of the action's role that read. */
function newReader({ rules }: ActionUnderContract): Promise<Credentials> {
  const granted = rules.definition.permissions.flatMap(({ actions }) => actions);
  return newUser(granted.filter((name) => /:(Describe|Get|List)/.test(name)));
}

async function newUser(grantedActions: readonly string[]): Promise<Credentials> {
  const iam = new IAMClient({});
  const UserName = `contract-${randomUUID().slice(0, 8)}`;
  await iam.send(new CreateUserCommand({ UserName }));
  if (grantedActions.length > 0) {
    const Statement = [{ Effect: 'Allow', Action: grantedActions, Resource: '*' }];
    await iam.send(
      new PutUserPolicyCommand({
        UserName,
        PolicyName: 'reads',
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}
