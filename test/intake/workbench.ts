import { randomUUID } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateStateMachineCommand, paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { CloseIncidentStore, type People } from '../../functions/intake/close-incident.store.ts';
import type { ExecutionStates, IncidentExecutions } from '../../functions/intake/incident-execution.ts';
import { StepFunctionsIncidentExecutions } from '../../functions/intake/incident-executions.client.ts';
import { IncidentSweepStore } from '../../functions/intake/incident-sweep.store.ts';
import { type SweepOutcome, sweepIncidents } from '../../functions/intake/incident-sweep.ts';
import { IntakeStore } from '../../functions/intake/intake.store.ts';
import { WindowStore } from '../../functions/intake/window.store.ts';
import { Database, type Item, type TransactResult, type Write } from '../../functions/platform/dynamodb.ts';
import { incidentChain } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** What a process that was killed looks like from inside a test. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Lets a number of writes through, then kills whatever asks for another one. Counts transactions, starts and messages. */
export class Fuse {
  #left: number;
  #burnt = 0;

  #beforeFirst: (() => Promise<unknown>) | undefined;

  /** @param beforeFirst Runs after everything was read and before the first write: whatever it does got in between. */
  constructor(writes = Number.POSITIVE_INFINITY, beforeFirst?: () => Promise<unknown>) {
    this.#left = writes;
    this.#beforeFirst = beforeFirst;
  }

  async overtake(): Promise<void> {
    const overtaking = this.#beforeFirst;
    this.#beforeFirst = undefined;
    await overtaking?.();
  }

  get burnt(): number {
    return this.#burnt;
  }

  burn(): void {
    if (this.#left <= 0) throw new Crash('killed before this write');
    this.#left -= 1;
    this.#burnt += 1;
  }
}

class FusedDatabase extends Database {
  readonly #fuse: Fuse;

  constructor(fuse: Fuse) {
    super();
    this.#fuse = fuse;
  }

  override async transact(writes: readonly Write[]): Promise<TransactResult> {
    await this.#fuse.overtake();
    this.#fuse.burn();
    return super.transact(writes);
  }

  override async putOnce(table: string, item: Item): Promise<'stored' | 'exists'> {
    await this.#fuse.overtake();
    this.#fuse.burn();
    return super.putOnce(table, item);
  }
}

/** Stores of intake on tables and a state machine of their own. */
export interface IntakeWorkbench {
  readonly tables: TestTables;
  readonly stateMachineArn: string;
  intake(options?: { nowEpochMs?: number; fuse?: Fuse; executions?: IncidentExecutions }): IntakeStore;
  closing(options?: { nowEpochMs?: number; fuse?: Fuse; people?: People }): CloseIncidentStore;
  /** One sweep; what it did about which incident. */
  sweep(options: {
    nowEpochMs: number;
    states?: ExecutionStates;
    fuse?: Fuse;
    people?: People;
  }): Promise<{ incidentId: string; outcome: SweepOutcome }[]>;
  /** Names of all executions that were really started. */
  executionNames(): Promise<string[]>;
  /** Every item of the three tables, in a fixed order. */
  everything(): Promise<{ controls: Item[]; operations: Item[]; ledger: Item[] }>;
  event(eventId: string): Promise<Item | undefined>;
  /** Types of an incident's ledger entries, after its chain was verified. */
  ledgerTypes(incidentId: string): Promise<string[]>;
}

/** 2025-03-01T03:00:00Z. */
export const threeAm = 1_740_798_000_000;
export const policyDigest = 'd'.repeat(64);

export async function freshWorkbench(): Promise<IntakeWorkbench> {
  const tables = await freshTables();
  const stepFunctions = new SFNClient({});
  const { stateMachineArn = '' } = await stepFunctions.send(
    new CreateStateMachineCommand({
      name: `incident-${randomUUID().slice(0, 8)}`,
      roleArn: 'arn:aws:iam::000000000000:role/incident',
      definition: JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Pass', End: true } } }),
    }),
  );
  const scan = async (table: string): Promise<Item[]> => {
    const items: Item[] = [];
    let ExclusiveStartKey: Record<string, never> | undefined;
    do {
      const page = await new DynamoDBClient({}).send(
        new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey }),
      );
      items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
      ExclusiveStartKey = page.LastEvaluatedKey as Record<string, never> | undefined;
    } while (ExclusiveStartKey !== undefined);
    return items.sort((a, b) => (`${a['pk']} ${a['sk']}` < `${b['pk']} ${b['sk']}` ? -1 : 1));
  };
  const stores = (fuse: Fuse, nowEpochMs: number) => {
    const database = new FusedDatabase(fuse);
    return {
      database,
      ledger: new LedgerStore(database, tables.ledgerTable, 'test-artefact'),
      controlsTable: tables.controls,
      operationsTable: tables.operations,
      clock: () => nowEpochMs,
    };
  };
  return {
    tables,
    stateMachineArn,
    intake: ({ nowEpochMs = threeAm, fuse = new Fuse(), executions } = {}) => {
      const real = executions ?? new StepFunctionsIncidentExecutions(stateMachineArn, stepFunctions);
      return new IntakeStore({
        ...stores(fuse, nowEpochMs),
        policyDigest,
        executions: {
          start: (incidentId) => {
            fuse.burn();
            return real.start(incidentId);
          },
        },
      });
    },
    closing: ({ nowEpochMs = threeAm, fuse = new Fuse(), people } = {}) =>
      new CloseIncidentStore({
        ...stores(fuse, nowEpochMs),
        people: {
          tell: async (subject, message) => {
            fuse.burn();
            await people?.tell(subject, message);
          },
        },
      }),
    sweep: async ({ nowEpochMs, states, fuse = new Fuse(), people }) => {
      const common = {
        ...stores(fuse, nowEpochMs),
        people: {
          tell: async (subject: string, message: string) => {
            fuse.burn();
            await people?.tell(subject, message);
          },
        },
      };
      const executions = new StepFunctionsIncidentExecutions(stateMachineArn, stepFunctions);
      const closing = new CloseIncidentStore(common);
      const outcomes: { incidentId: string; outcome: SweepOutcome }[] = [];
      await sweepIncidents({
        incidents: new IncidentSweepStore({
          ...common,
          windows: new WindowStore(common.database, tables.controls, executions),
          longestCooldownSeconds: 14_400,
        }),
        executions: states ?? executions,
        close: (close) => closing.close(close),
        report: (incidentId, outcome, error) => {
          if (error instanceof Crash) throw error;
          outcomes.push({ incidentId, outcome });
        },
        clock: () => nowEpochMs,
      });
      return outcomes;
    },
    executionNames: async () => {
      const names: string[] = [];
      for await (const page of paginateListExecutions({ client: stepFunctions }, { stateMachineArn }))
        names.push(...(page.executions ?? []).map(({ name = '' }) => name));
      return names.sort();
    },
    everything: async () => ({
      controls: await scan(tables.controls),
      operations: await scan(tables.operations),
      ledger: await scan(tables.ledgerTable),
    }),
    event: (eventId) => tables.database.get(tables.operations, { pk: `EVENT#${eventId}`, sk: 'EVENT' }),
    ledgerTypes: async (incidentId) => {
      const chain = incidentChain(incidentId);
      const entries = await tables.ledger.read(chain);
      const faults = verifyChain(chain, entries);
      if (faults.length > 0) throw new Error(`ledger chain is broken: ${JSON.stringify(faults)}`);
      return entries.map(({ type }) => type);
    },
  };
}
