import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { KillSwitchStore } from '../../functions/autonomy/kill-switch.store.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { controlChain, itemKeys } from '../../functions/platform/item-keys.ts';
import type { SwitchScope } from '../../functions/platform/kill-switch-scope.ts';
import { shiftPlan } from '../change/world.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T08:00:00Z. */
const now = 1_795_420_800_000;
const person = { kind: 'person', id: 'arn:aws:iam::000000000000:user/ana' } as const;
let tables: TestTables;
let store: KillSwitchStore;
beforeAll(async () => {
  tables = await freshTables();
  store = new KillSwitchStore(tables.database, tables.ledger, tables.controls, tables.operations);
});
const put = (table: string, item: Item) => tables.database.transact([{ kind: 'put', table, item }]);

describe('scopes of the kill switch', () => {
  it('are switched apart, listed together, and named in the ledger', async () => {
    await store.set('released', person, 'start of shift', now);
    await store.set('engaged', person, 'odd proposals', now + 1, 'agent#responder');
    await store.set('engaged', person, 'freeze', now + 2, 'environment#prod');
    await store.set('released', person, 'thawed', now + 3, 'environment#prod');
    expect((await store.all()).map(({ scope, state }) => [scope, state])).toStrictEqual([
      ['global', 'released'],
      ['agent#responder', 'engaged'],
      ['environment#prod', 'released'],
    ]);
    expect(await store.status('agent#responder')).toMatchObject({
      reason: 'odd proposals',
      changedBy: person.id,
    });
    expect(await store.status('action#lambda.shift-alias')).toMatchObject({ state: 'released' });
    const entries = await tables.ledger.read(controlChain('kill-switch', now));
    expect(entries.map(({ type, detail }) => [type, detail['scope']])).toStrictEqual([
      ['kill-switch.released', 'global'],
      ['kill-switch.engaged', 'agent#responder'],
      ['kill-switch.engaged', 'environment#prod'],
      ['kill-switch.released', 'environment#prod'],
    ]);
  });

  it('lists the global switch as engaged before anybody wrote one', async () => {
    const fresh = await freshTables();
    const unused = new KillSwitchStore(fresh.database, fresh.ledger, fresh.controls, fresh.operations);
    expect((await unused.all()).map(({ scope, state }) => [scope, state])).toStrictEqual([
      ['global', 'engaged'],
    ]);
  });
});

describe('what is in flight under a narrower switch', () => {
  type Known = 'all' | 'no-plan' | 'no-change' | 'altered-plan';

  /** A change under way: responder shifts an alias in `local`. */
  async function underWay(phase: string, known: Known = 'all'): Promise<string> {
    const incidentId = `inc-${randomUUID().slice(0, 8)}`;
    const plan = shiftPlan(incidentId, 'checkout');
    const planDigest = planDigestOf(plan);
    const changeId = `chg-${incidentId}`;
    await put(tables.controls, {
      ...itemKeys.lock(`target/${incidentId}`),
      phase,
      changeId,
      incidentId,
      fencingToken: 1,
    });
    if (known !== 'no-change') {
      await put(tables.operations, { ...itemKeys.change(changeId), changeId, incidentId, planDigest });
    }
    if (known !== 'no-plan') {
      const stored = known === 'altered-plan' ? { ...plan, agentRole: 'somebody-else' } : plan;
      await put(tables.operations, { ...itemKeys.plan(incidentId, planDigest), plan: stored, planDigest });
    }
    return changeId;
  }
  const sees = async (scope: SwitchScope, changeId: string) =>
    (await store.inFlight(scope)).some((change) => change.changeId === changeId);

  it.each<[SwitchScope, boolean]>([
    ['global', true],
    ['environment#local', true],
    ['agent#responder', true],
    ['action#lambda.shift-alias', true],
    ['environment#prod', false],
    ['agent#janitor', false],
    ['action#ssm.put-parameter', false],
  ])('%s covers a known change: %s', async (scope, covered) => {
    expect(await sees(scope, await underWay('mutating'))).toBe(covered);
    expect(await sees(scope, await underWay('rolling-back'))).toBe(covered);
  });

  it.each<Known>(['no-plan', 'no-change', 'altered-plan'])(
    'every switch covers a change of which too little is known: %s',
    async (known) => {
      const changeId = await underWay('mutating', known);
      for (const scope of ['environment#prod', 'agent#janitor', 'action#ssm.put-parameter'] as const) {
        expect([scope, await sees(scope, changeId)]).toStrictEqual([scope, true]);
      }
    },
  );

  it.each(['held', 'free'])(
    'a lock that is %s is not in flight: its next step has to pass the switch',
    async (phase) => {
      expect(await sees('global', await underWay(phase))).toBe(false);
    },
  );

  it('a store that cannot see plans waits for everything', async () => {
    const blind = new KillSwitchStore(tables.database, tables.ledger, tables.controls);
    const changeId = await underWay('mutating');
    const seen = await blind.inFlight('agent#janitor');
    expect(seen.map((change) => change.changeId)).toContain(changeId);
  });
});
