import { randomUUID } from 'node:crypto';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { now, pending, planOf } from '../../test/approvals/fixtures.ts';
import setUpEmulator from '../../test/emulator.setup.ts';
import { freshTables } from '../../test/platform/tables.ts';
import { type Benchmark, ratio } from '../benchmark.ts';

const rounds = 4;
const perRound = 150;
const writers = 8;

/** How fast people's decisions are taken, against writing nothing but a status. */
export const benchmark: Benchmark = {
  title: 'Decisions per second on one approval table',
  how: `${rounds} rounds of ${perRound} approvals each way, the ways taking turns, in one table on the emulator over plain HTTP. A decision is a vote that reads the approval, writes it with its ledger entries and the notice to people in one transaction, and the first wins. The alternative sets the status of the same item with one conditional write: no ledger, no notice, no vote. "Disputed": every writer votes on the same approval at once, and one of them decides.`,
  measure: async (progress) => {
    const stop = await setUpEmulator();
    try {
      const { operations, ledgerTable } = await freshTables();
      const database = new Database();
      const store = new ApprovalStore(
        database,
        new LedgerStore(database, ledgerTable, 'bench'),
        operations,
        () => now + 60_000,
      );
      const asked = async (): Promise<string> => {
        const approvalId = randomUUID();
        const plan = planOf(undefined, undefined, `inc-${approvalId}`);
        await store.create(pending({ approvalId }, plan), new Uint8Array());
        return approvalId;
      };
      const vote = async (approvalId: string, identityId = 'ana'): Promise<string> => {
        const { planDigest } = pending({}, planOf(undefined, undefined, `inc-${approvalId}`));
        const given = { identityId, displayName: identityId, verdict: 'approve', via: 'page' } as const;
        return (await store.vote(approvalId, planDigest, given, { may: 'decide' }, 900)).outcome;
      };
      const bare = async (approvalId: string): Promise<string> => {
        const { outcome } = await database.transact([
          {
            kind: 'update',
            table: operations,
            key: itemKeys.approval(approvalId),
            update: 'SET #status = :approved',
            condition: '#status = :pending',
            names: { '#status': 'status' },
            values: { ':approved': 'approved', ':pending': 'pending' },
          },
        ]);
        return outcome;
      };
      const people = Array.from({ length: writers }, (_, index) => `person-${index}`);
      const dispute = async (approvalId: string): Promise<string> => {
        const outcomes = await Promise.all(people.map((person) => vote(approvalId, person)));
        const recorded = outcomes.filter((outcome) => outcome === 'recorded').length;
        return recorded === 1 ? 'recorded' : `${recorded} decisions`;
      };
      const ways = [
        { what: 'decided, one writer', width: 1, act: vote, as: 'recorded' },
        { what: 'status alone, one writer', width: 1, act: bare, as: 'committed' },
        { what: `decided, ${writers} writers`, width: writers, act: vote, as: 'recorded' },
        { what: `status alone, ${writers} writers`, width: writers, act: bare, as: 'committed' },
        { what: `decided, each disputed by ${writers}`, width: 1, act: dispute, as: 'recorded' },
      ];
      const seconds = ways.map(() => 0);
      for (let round = 1; round <= rounds; round++) {
        progress(`round ${round} of ${rounds}`);
        for (const [index, { what, width, act, as }] of ways.entries()) {
          const ids = await Promise.all(Array.from({ length: perRound }, asked));
          const startedAt = performance.now();
          const outcomes = await inParallel(ids, width, act);
          seconds[index] = (seconds[index] ?? 0) + (performance.now() - startedAt) / 1_000;
          const wrong = outcomes.filter((outcome) => outcome !== as);
          if (wrong.length > 0) throw new Error(`${what}: ${wrong.length} ended with ${wrong[0]}`);
        }
      }
      const rate = (index: number): number => (rounds * perRound) / (seconds[index] ?? Number.NaN);
      return {
        head: ['way', 'decisions per second', 'ratio to status alone'],
        rows: ways.map(({ what, width }, index) => [
          what,
          rate(index).toFixed(0),
          ratio(rate(index), rate(width === 1 ? 1 : 3)),
        ]),
      };
    } finally {
      await stop();
    }
  },
};

/** Runs `act` on each, at most `width` at a time. */
async function inParallel(
  ids: readonly string[],
  width: number,
  act: (id: string) => Promise<string>,
): Promise<string[]> {
  const waiting = [...ids];
  const outcomes: string[] = [];
  const work = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) outcomes.push(await act(id));
  };
  await Promise.all(Array.from({ length: width }, work));
  return outcomes;
}
