import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Database } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { World } from '../../test/change/world.ts';
import setUpEmulator from '../../test/emulator.setup.ts';
import { freshTables } from '../../test/platform/tables.ts';
import { type Benchmark, median, ratio } from '../benchmark.ts';
import { type Cost, meter } from '../meter.ts';

const samples = 100;

/** What the gate costs in front of every change, against starting one without asking anything. */
export const benchmark: Benchmark = {
  title: 'DynamoDB work of the authorise transaction',
  how: `Requests and items counted at the SDK client and converted to capacity units by the documented rules (twice per started kB in a transaction, condition checks included; 1 per started 4 kB read consistently). A check is counted by its request, a kB each: switches, stage and approval are smaller. Medians of ${samples} on the emulator over plain HTTP, the ways taking turns. The alternative marks the change as started with one conditional write and checks nothing else.`,
  measure: async (progress) => {
    const stop = await setUpEmulator();
    try {
      const tables = await freshTables();
      const client = new DynamoDBClient({});
      const cost = meter(client);
      const database = new Database(client);
      const measured = async (run: () => Promise<unknown>): Promise<Cost & { ms: number }> => {
        Object.assign(cost, { requests: 0, writeUnits: 0, readUnits: 0 });
        const startedAt = performance.now();
        await run();
        return { ...cost, ms: performance.now() - startedAt };
      };
      const atTheGate = async (outcome: 'auto' | 'require-approval') => {
        const world = await new World(tables, 900, client).prepare({ outcome });
        await world.killSwitch(false);
        return { world, token: await world.upToTheGate() };
      };
      const ways = { auto: [], approved: [], unguarded: [] } as Record<string, (Cost & { ms: number })[]>;
      progress(`${samples} starts each way`);
      for (let index = 0; index < samples; index++) {
        const auto = await atTheGate('auto');
        ways['auto']?.push(await measured(() => auto.world.gate.authorise(auto.world.changeId, auto.token)));
        const asked = await atTheGate('require-approval');
        ways['approved']?.push(
          await measured(() => asked.world.gate.authorise(asked.world.changeId, asked.token)),
        );
        const bare = await atTheGate('auto');
        ways['unguarded']?.push(
          await measured(() =>
            database.transact([
              {
                kind: 'update',
                table: tables.operations,
                key: itemKeys.change(bare.world.changeId),
                update: 'SET #status = :executing',
                condition: '#status = :snapshotted',
                names: { '#status': 'status' },
                values: { ':executing': 'executing', ':snapshotted': 'snapshotted' },
              },
            ]),
          ),
        );
      }
      const row = (what: string, way: string): string[] => {
        const costs = ways[way] ?? [];
        const middle = (pick: (sample: Cost & { ms: number }) => number) => median(costs.map(pick));
        const ms = middle((sample) => sample.ms);
        return [
          what,
          String(middle((sample) => sample.requests)),
          String(middle((sample) => sample.writeUnits)),
          String(middle((sample) => sample.readUnits)),
          `${ms.toFixed(1)} ms`,
          ratio(ms, median((ways['unguarded'] ?? []).map((sample) => sample.ms))),
        ];
      };
      return {
        head: ['start of a change', 'requests', 'write units', 'read units', 'p50', 'p50, ratio'],
        rows: [
          row('authorised, automatic', 'auto'),
          row('authorised, with approval', 'approved'),
          row('one conditional write, nothing checked', 'unguarded'),
        ],
      };
    } finally {
      await stop();
    }
  },
};
