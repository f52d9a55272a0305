import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { reversalOf, rollbackPlanOf, stepsOf } from '../../../functions/change/action-definition.ts';
import { ActionRunner } from '../../../functions/change/actions/action-runner.ts';
import type { ActionFacts } from '../../../functions/change/actions/action-task.ts';
import type { TargetClient, TargetReading, TargetRules } from '../../../functions/change/actions/target.ts';
import { catalogue } from '../../../functions/change/catalogue.ts';
import type { ChangeStatus } from '../../../functions/change/change-status.ts';
import { type Plan, planDigestOf } from '../../../functions/change/plan.ts';
import type { ActionFixture, FixtureTarget } from './action-fixture.ts';

type Rules = TargetRules<object, object>;
type Client = TargetClient<object, object>;

/** One action as the suite runs it: everything but the fixture is what its Lambda is made of. */
export interface ActionUnderContract {
  readonly rules: Rules;
  readonly newClient: () => Client;
  readonly fixture: ActionFixture;
}

const actionsFolder = join(import.meta.dirname, '../../../functions/change/actions');

/**
 * The rules, the client and the fixture of an action, found by its id.
 *
 * @throws Error that says what to add when one of them is missing.
 */
export async function loadAction(actionId: string): Promise<ActionUnderContract> {
  const folder = actionId.replace('.', '-');
  const fixtureFile = join(import.meta.dirname, `${folder}.fixture.ts`);
  if (!existsSync(fixtureFile)) {
    throw new Error(
      `${actionId} has no fixture: add test/change/actions/${folder}.fixture.ts that exports \`fixture\`, an ActionFixture (see action-fixture.ts and docs/adding-an-action.md)`,
    );
  }
  const { fixture } = (await import(fixtureFile)) as { readonly fixture?: ActionFixture };
  if (fixture?.actionId !== actionId) {
    throw new Error(`${folder}.fixture.ts does not export \`fixture\` with actionId '${actionId}'`);
  }
  return { ...(await partsOf(actionId)), fixture };
}

/** What an action's handler puts together: its rules, and its client as production makes it. */
export async function partsOf(actionId: string): Promise<Omit<ActionUnderContract, 'fixture'>> {
  const folder = actionId.replace('.', '-');
  const rules = await exportOf(folder, '-target.ts', isRules);
  const Client = await exportOf(folder, '.client.ts', isClientClass);
  return { rules, newClient: () => new Client() };
}

/** Ids of the catalogue: every one of them is under the contract. */
export const contractedIds: readonly string[] = catalogue.map(({ id }) => id);

async function exportOf<T>(folder: string, suffix: string, is: (value: unknown) => value is T): Promise<T> {
  const files = readdirSync(join(actionsFolder, folder)).filter((name) => name.endsWith(suffix));
  for (const file of files) {
    const module = (await import(join(actionsFolder, folder, file))) as Record<string, unknown>;
    const found = Object.values(module).find((value) => is(value));
    if (found !== undefined) return found as T;
  }
  throw new Error(`${folder} has no *${suffix} that exports what the runner needs; see lambda-shift-alias`);
}

function isRules(value: unknown): value is Rules {
  return typeof value === 'object' && value !== null && 'definition' in value && 'isAfter' in value;
}

function isClientClass(value: unknown): value is new () => Client {
  return (
    typeof value === 'function' && typeof (value as { prototype?: Client }).prototype?.apply === 'function'
  );
}

/** Whom an action's client is, and where it sends its requests. */
export interface ClientConnection {
  readonly endpointUrl: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * An action's client as production makes it, with counted writes; only its environment differs between tests.
 */
export class ConnectedClient implements Client {
  applies = 0;
  restores = 0;
  /** Runs around each `apply`: where a test makes the service busy, or loses the answer. */
  aroundApply: <T>(apply: () => Promise<T>) => Promise<T> = (apply) => apply();
  readonly #client: Client;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(newClient: () => Client, { endpointUrl, accessKeyId, secretAccessKey }: ClientConnection) {
    this.#environment = {
      AWS_ENDPOINT_URL: endpointUrl,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_MAX_ATTEMPTS: '1',
    };
    this.#client = newClient();
  }

  read(parameters: object): Promise<TargetReading<object>> {
    return this.#connected(() => this.#client.read(parameters));
  }

  apply(...given: Parameters<Client['apply']>): ReturnType<Client['apply']> {
    this.applies += 1;
    return this.#connected(() => this.aroundApply(() => this.#client.apply(...given)));
  }

  restore(...given: Parameters<Client['restore']>): ReturnType<Client['restore']> {
    this.restores += 1;
    return this.#connected(() => this.#client.restore(...given));
  }

  /** The SDK reads the environment at a client's first call, so it must be in place during every call. */
  async #connected<T>(call: () => Promise<T>): Promise<T> {
    const names = [...Object.keys(this.#environment), ...ownEndpoints().map(([name]) => name)];
    const earlier = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) delete process.env[name];
    Object.assign(process.env, this.#environment);
    try {
      return await call();
    } finally {
      for (const [name, value] of earlier) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  }
}

/**
 * Endpoints of single services that a fixture has put into the environment: they go before the general one.
 */
export function ownEndpoints(): (readonly [name: string, url: string])[] {
  return Object.entries(process.env).flatMap(([name, url]) =>
    name.startsWith('AWS_ENDPOINT_URL_') && url !== undefined ? [[name, url] as const] : [],
  );
}

const ids = { changeId: 'chg-contract', incidentId: 'inc-contract', fencingToken: 1 } as const;

/**
 * One change of one target, carried out by the real runner; what the state machine would record is kept here.
 */
export class ContractChange {
  readonly rules: Rules;
  readonly parameters: object;
  readonly plan: Plan;
  #snapshotDigest: string | undefined;
  #stepsDone = 0;
  readonly #snapshots = new Map<string, string>();

  constructor(rules: Rules, { parameters }: Pick<FixtureTarget, 'parameters'>) {
    this.rules = rules;
    this.parameters = parameters;
    const { definition } = rules;
    this.plan = {
      schemaVersion: 1,
      incidentId: ids.incidentId,
      environment: 'local',
      agentRole: 'responder',
      action: definition.id,
      parameters: parameters as Plan['parameters'],
      target: definition.target(parameters),
      effect: definition.effect(parameters),
      rollbackPlan: rollbackPlanOf(definition, parameters),
      successCriteria: definition.successCriteria(parameters),
      evidence: [],
      citations: [],
    };
  }

  get isIrreversible(): boolean {
    return reversalOf(this.rules.definition, this.parameters).kind === 'irreversible';
  }

  get steps(): number {
    return Math.max(stepsOf(this.rules.definition, this.parameters).length, 1);
  }

  /** What the snapshot holds, as stored. */
  get snapshotState(): object {
    const [text = '{}'] = [...this.#snapshots]
      .filter(([key]) => !key.includes('.intent.'))
      .map(([, value]) => value);
    return (JSON.parse(text) as { state: object }).state;
  }

  async snapshot(client: Client) {
    const answer = await this.#run('snapshot', 'locked', client);
    if (answer.outcome === 'taken') this.#snapshotDigest = answer.snapshotDigest;
    return answer;
  }

  /** The step in hand. */
  execute(client: Client) {
    return this.#run('execute', 'executing', client);
  }

  stepIsDone(): void {
    this.#stepsDone += 1;
  }

  rollBack(client: Client) {
    return this.#run('roll-back', 'rolling-back', client);
  }

  #run(operation: 'snapshot' | 'execute' | 'roll-back', status: ChangeStatus, client: Client) {
    const planDigest = planDigestOf(this.plan);
    const { key: targetKey } = this.rules.definition.target(this.parameters);
    const now = Date.now();
    const facts: ActionFacts = {
      change: {
        ...ids,
        planDigest,
        action: this.rules.definition.id,
        targetKey,
        status,
        snapshotDigest: this.#snapshotDigest,
        updatedAtEpochMs: now,
        startedAtEpochMs: now,
        ...(this.steps > 1 ? { steps: this.steps, stepsDone: this.#stepsDone } : {}),
      },
      lock: { ...ids, targetKey, phase: 'mutating', leaseExpiresAtEpochMs: now + 60_000 },
      storedPlan: this.plan,
    };
    const runner = new ActionRunner(this.rules, client, {
      environment: 'local',
      place: { partition: 'aws', region: 'us-east-1', account: '000000000000' },
      validationSeconds: 60,
      clock: Date.now,
      pause: async () => undefined,
      runtime: {
        facts: async () => facts,
        plan: async () => this.plan,
        killSwitch: async () => ({ reading: 'released', scope: 'global' }),
      },
      snapshots: {
        find: async (key) => this.#snapshots.get(key),
        keepFirst: async (key, text) => {
          if (!this.#snapshots.has(key)) this.#snapshots.set(key, text);
          return this.#snapshots.get(key) ?? text;
        },
      },
      owners: { ownerOf: async () => ({ outcome: 'not-owned' }) },
      alarms: { look: async () => ({ result: 'pass', reason: 'alarm' }) },
      metrics: { look: async () => ({ result: 'pass', reason: 'metric' }) },
      probe: { look: async () => ({ result: 'pass', reason: 'probe' }) },
    });
    return runner.run({ operation, ...ids, planDigest });
  }
}
