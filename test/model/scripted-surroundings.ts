import { GetAliasCommand, type LambdaClient, PreconditionFailedException } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { type CommitResult, LedgerStore } from '../../functions/audit/ledger.store.ts';
import type { LedgerEvent } from '../../functions/audit/ledger-entry.ts';
import {
  Database,
  type Item,
  type ItemKey,
  type TransactResult,
  type Write,
} from '../../functions/platform/dynamodb.ts';
import type { Script } from './calls.ts';
import type { Operation, Seams } from './operation.ts';

/** The tables as the scripted code sees them: every request is a call of the script. */
export class ScriptedDatabase extends Database {
  readonly #script: Script;
  readonly #operation: Operation;
  readonly #seams: Seams;

  constructor(script: Script, operation: Operation, seams: Seams) {
    super(noClient);
    this.#script = script;
    this.#operation = operation;
    this.#seams = seams;
  }

  override async get(table: string, key: ItemKey): Promise<Item | undefined> {
    const item = await this.#script.call<Item | undefined>({ kind: 'get', table, key });
    return this.#seen(item);
  }

  override async query(table: string, pk: string, options: object = {}): Promise<Item[]> {
    if (Object.keys(options).length > 0) throw new Error('teach the model about query options');
    const items = await this.#script.call<Item[]>({ kind: 'query', table, pk });
    return items.flatMap((item) => this.#seen(item) ?? []);
  }

  override async byStatus(): Promise<Item[]> {
    throw new Error('teach the model about the index byStatus');
  }

  override transact(writes: readonly Write[]): Promise<TransactResult> {
    return this.commit(writes, []);
  }

  /** @param ledger Types of the entries that stand in the same transaction. */
  commit(writes: readonly Write[], ledger: readonly string[]): Promise<TransactResult> {
    const sent = this.#seams.writes?.(this.#operation, writes) ?? writes;
    const kept = this.#seams.ledger?.(ledger) ?? ledger;
    return this.#script.call({ kind: 'transact', writes: plain(sent), ledger: kept });
  }

  #seen(item: Item | undefined): Item | undefined {
    return item === undefined ? undefined : (this.#seams.read?.(this.#operation, item) ?? item);
  }
}

/**
 * A ledger whose entries go with the writes, without a place in a chain: hashes would make every order of
 * events a state of its own. That a commit reads the chain's end first and may be repeated changes nothing:
 * the same writes come a little later.
 */
export class UnchainedLedger extends LedgerStore {
  readonly #database: ScriptedDatabase;

  constructor(database: ScriptedDatabase) {
    super(database, 'ledger', 'model');
    this.#database = database;
  }

  override async commit(
    _chainId: string,
    events: readonly LedgerEvent[],
    writes: readonly Write[],
  ): Promise<CommitResult> {
    const result = await this.#database.commit(
      writes,
      events.map(({ type }) => type),
    );
    return result.outcome === 'committed' ? { outcome: 'committed', entries: [] } : result;
  }
}

/** Lambda, as far as one alias goes. */
export function scriptedLambda(script: Script): LambdaClient {
  const send = async (command: { readonly input: object }) => {
    if (command instanceof GetAliasCommand) {
      const state = await script.call<AliasState>({ kind: 'target-read' });
      const { functionVersion, weights, revisionId } = state;
      return {
        FunctionVersion: functionVersion,
        RevisionId: revisionId,
        RoutingConfig: { AdditionalVersionWeights: weights },
      };
    }
    const input = command.input as {
      readonly FunctionVersion: string;
      readonly RevisionId: string;
      readonly RoutingConfig?: { readonly AdditionalVersionWeights?: Record<string, number> };
    };
    const answer = await script.call({
      kind: 'target-write',
      revisionId: input.RevisionId,
      version: input.FunctionVersion,
      weights: input.RoutingConfig?.AdditionalVersionWeights ?? {},
    });
    if (answer === 'written') return {};
    throw new PreconditionFailedException({ message: 'the alias has another revision', $metadata: {} });
  };
  return { send } as unknown as LambdaClient;
}

interface AliasState {
  readonly functionVersion: string;
  readonly weights: Record<string, number>;
  readonly revisionId: string;
}

/** Step Functions, as far as executions of the change machine go. */
export function scriptedStepFunctions(script: Script): SFNClient {
  const send = async (command: { readonly input: object }) => {
    if (command instanceof DescribeExecutionCommand) {
      const name = command.input.executionArn?.split(':').at(-1) ?? '';
      const state = await script.call<string>({ kind: 'execution-state', name });
      if (state !== 'gone') return { status: state };
      throw new ExecutionDoesNotExist({ message: name, $metadata: {} });
    }
    const { name, input } = command.input as { readonly name: string; readonly input: string };
    if ((await script.call({ kind: 'start-execution', name, input })) === 'started') return {};
    throw new ExecutionAlreadyExists({ message: name, $metadata: {} });
  };
  return { send } as unknown as SFNClient;
}

/** Without absent members, as they would be stored. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const noClient = {} as never;
