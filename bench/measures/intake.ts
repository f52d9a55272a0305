import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { StepFunctionsIncidentExecutions } from '../../functions/intake/incident-executions.client.ts';
import { IntakeStore } from '../../functions/intake/intake.store.ts';
import type { Arrival } from '../../functions/intake/signal.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import setUpEmulator from '../../test/emulator.setup.ts';
import { alarmEvent, arrivalOf } from '../../test/intake/samples.ts';
import { freshWorkbench } from '../../test/intake/workbench.ts';
import { type Benchmark, median, ratio } from '../benchmark.ts';
import { type Cost, meter } from '../meter.ts';

const samples = 200;

/** DynamoDB work of one new incident and of one duplicate, against a duplicate path that writes the window too. */
export const benchmark: Benchmark = {
  title: 'DynamoDB work per signal',
  how: `Requests and items counted at the SDK client and converted to capacity units by the documented rules (1 per started kB written, twice that in a transaction; 1 per started 4 kB read consistently). Time is the median of ${samples} on the emulator over plain HTTP, the two duplicate paths taking turns. The alternative is the transaction that decision 0002 rejected: count on the window and store the event.`,
  measure: async (progress) => {
    const stop = await setUpEmulator();
    try {
      const { tables, stateMachineArn } = await freshWorkbench();
      const client = new DynamoDBClient({});
      const cost = meter(client);
      const database = new Database(client);
      const store = new IntakeStore({
        database,
        ledger: new LedgerStore(database, tables.ledgerTable, 'bench'),
        executions: new StepFunctionsIncidentExecutions(stateMachineArn),
        controlsTable: tables.controls,
        operationsTable: tables.operations,
        policyDigest: 'd'.repeat(64),
        clock: () => Date.now(),
      });
      const measured = async (run: () => Promise<unknown>): Promise<Cost & { ms: number }> => {
        Object.assign(cost, { requests: 0, writeUnits: 0, readUnits: 0 });
        const startedAt = performance.now();
        await run();
        return { ...cost, ms: performance.now() - startedAt };
      };
      const alarm = (name: string): Arrival => arrivalOf(alarmEvent('ALARM', { id: randomUUID() }, name));
      await store.accept(alarm('warm-up'));

      progress(`${samples} new incidents`);
      const opened = [];
      for (let index = 0; index < samples; index++)
        opened.push(await measured(() => store.accept(alarm(`alarm-${index}`))));

      progress(`${samples} duplicates each way`);
      const [ours, theirs] = [[], []] as [(Cost & { ms: number })[], (Cost & { ms: number })[]];
      for (let index = 0; index < samples; index++) {
        ours.push(await measured(() => store.accept(alarm('warm-up'))));
        theirs.push(await measured(() => countOnWindow(database, tables, alarm('warm-up'))));
      }
      const row = (what: string, costs: readonly (Cost & { ms: number })[]): string[] => {
        const middle = (pick: (sample: Cost & { ms: number }) => number) => median(costs.map(pick));
        const against = (pick: (sample: Cost & { ms: number }) => number) =>
          ratio(middle(pick), median(theirs.map(pick)));
        return [
          what,
          String(middle((c) => c.requests)),
          String(middle((c) => c.writeUnits)),
          String(middle((c) => c.readUnits)),
          against((c) => c.writeUnits),
          `${middle((c) => c.ms).toFixed(1)} ms`,
          against((c) => c.ms),
        ];
      };
      return {
        head: ['signal', 'requests', 'write units', 'read units', 'write units, ratio', 'p50', 'p50, ratio'],
        rows: [
          row('new incident', opened),
          row('duplicate', ours),
          row('duplicate, counted on the window', theirs),
        ],
      };
    } finally {
      await stop();
    }
  },
};

/** The rejected alternative: one transaction that counts on the window and stores the event. */
async function countOnWindow(
  database: Database,
  tables: { controls: string; operations: string },
  arrival: Arrival,
): Promise<void> {
  if (arrival.kind !== 'problem') throw new Error('the benchmark only sends problems');
  const { signal } = arrival;
  await database.transact([
    {
      kind: 'update',
      table: tables.controls,
      key: itemKeys.window(signal.fingerprint),
      update: 'ADD suppressed :one',
      condition: 'incidentOpen = :open',
      values: { ':one': 1, ':open': true },
    },
    {
      kind: 'put',
      table: tables.operations,
      item: {
        ...itemKeys.event(signal.eventId),
        eventId: signal.eventId,
        outcome: 'suppressed',
        fingerprint: signal.fingerprint,
      },
      condition: 'attribute_not_exists(pk)',
    },
  ]);
}
