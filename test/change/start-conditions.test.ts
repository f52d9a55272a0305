import { describe, expect, it } from 'vitest';
import { shiftAlias } from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import type { LockedChange } from '../../functions/change/change-writes.ts';
import type { Plan } from '../../functions/change/plan.ts';
import { failedOf, hasQuorum, startConditions } from '../../functions/change/start-conditions.ts';
import type { Item, ItemKey } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { holds, updated } from '../model/expressions.ts';

const now = Date.UTC(2026, 2, 2, 12);
const incidentId = 'inc-1';
const [planDigest, policyDigest] = ['d'.repeat(64), 'p'.repeat(64)];
const target = 'lambda-alias/checkout:live';
const settings = {
  controls: 'Controls',
  operations: 'Operations',
  environment: 'local',
  policyDigest,
  lockLeaseSeconds: 900,
  dailyLimits: {
    maximumChangesPerDay: 9,
    maximumChangesPerDayOfAction: 9,
    maximumChangesPerDayOnTarget: 9,
  },
};
const change = {
  changeId: 'chg-1',
  incidentId,
  planDigest,
  status: 'snapshotted',
  action: shiftAlias.id,
  fencingToken: 4,
  targetKey: target,
} as unknown as LockedChange;
const plan = { agentRole: 'responder', action: shiftAlias.id } as unknown as Plan;
const stagePlace = { environment: 'local', agentRole: 'responder', actionClass: 'traffic' };

const automatic: Item = { outcome: 'auto', policyDigest, planDigest, stageVersion: 2 };
const byPeople: Item = { ...automatic, outcome: 'require-approval', approvalId: 'apr-1', quorum: 2 };
const vote = (identityId: string): Item => ({
  identityId,
  displayName: identityId,
  verdict: 'approve',
  atEpochMs: now,
});
const approved: Item = {
  status: 'approved',
  planDigest,
  incidentId,
  version: 3,
  votes: [vote('ana'), vote('ben')],
  usableUntilEpochMs: now + 1,
};

type Alter = (items: Map<string, Item>) => void;
const placeOf = ({ pk, sk }: ItemKey): string => `${pk} ${sk}`;
const put =
  (key: ItemKey, item: Item): Alter =>
  (items) =>
    void items.set(placeOf(key), { ...key, ...item });
const drop =
  (key: ItemKey): Alter =>
  (items) =>
    void items.delete(placeOf(key));
const merge =
  (key: ItemKey, part: Item): Alter =>
  (items) =>
    void items.set(placeOf(key), { ...items.get(placeOf(key)), ...part });

const changeKey = itemKeys.change('chg-1');
const decisionKey = itemKeys.decision(incidentId, planDigest);
const approvalKey = itemKeys.approval('apr-1');
const lockKey = itemKeys.lock(target);
const planKey = itemKeys.plan(incidentId, planDigest);
const stageKey = itemKeys.stage(stagePlace);
const glassKey = itemKeys.breakGlass(incidentId);

interface Given {
  readonly decision?: Item;
  readonly approval?: Item | undefined;
  readonly status?: 'snapshotted' | 'progressing';
}

/** What the table holds when everything is as it was read. */
function tableOf({ decision = automatic, approval, status = 'snapshotted' }: Given): Map<string, Item> {
  const items = new Map<string, Item>();
  put(changeKey, { ...change, status })(items);
  put(itemKeys.killSwitch('global'), { engaged: false })(items);
  put(decisionKey, decision)(items);
  put(planKey, { planDigest, plan })(items);
  put(lockKey, {
    changeId: 'chg-1',
    incidentId,
    fencingToken: 4,
    phase: 'held',
    leaseExpiresAtEpochMs: now + 1,
  })(items);
  put(stageKey, { stage: 'guarded', version: 2 })(items);
  if (approval !== undefined) put(approvalKey, approval)(items);
  return items;
}

/** The parts of the gate that do not hold, once each, with the conditions and the table as altered. */
function refusedBy(given: Given, ...alter: Alter[]) {
  const { decision = automatic, approval, status = 'snapshotted' } = given;
  const items = tableOf(given);
  for (const one of alter) one(items);
  const conditions = startConditions(
    settings,
    { ...change, status },
    { plan, definition: shiftAlias, decision, approval } as unknown as Parameters<typeof startConditions>[2],
    now,
  );
  const refusals = conditions.map(({ write }) => {
    if (write.kind === 'put' || write.kind === 'delete') throw new Error('the gate puts and deletes nothing');
    const item = items.get(placeOf(write.key));
    return holds(write.condition ?? '', item, write) ? undefined : { item };
  });
  return { conditions, failed: failedOf(conditions, refusals), items };
}
const partsOf = (given: Given, ...alter: Alter[]): string[] => Object.keys(refusedBy(given, ...alter).failed);

describe('a start', () => {
  it.each<[string, Given]>([
    ['by itself', {}],
    ['that people approved', { decision: byPeople, approval: approved }],
    ['of a further step', { status: 'progressing' }],
  ])('%s is held to nothing that is not there', (_what, given) => {
    expect(partsOf(given)).toStrictEqual([]);
  });

  it('is one change more, executing, with a lease of its own', () => {
    const { conditions, items } = refusedBy({});
    const after = (part: string): Item => {
      const write = conditions.find((one) => one.part === part)?.write;
      if (write?.kind !== 'update') throw new Error(`${part} is no update`);
      return updated(write.update, items.get(placeOf(write.key)), { ...write.key }, write);
    };
    expect(after('change')).toMatchObject({ status: 'executing', startedAtEpochMs: now });
    expect(after('lock')).toMatchObject({ phase: 'mutating', leaseExpiresAtEpochMs: now + 900_000 });
    expect(after('usage')).toMatchObject({ all: 1 });
    expect(
      conditions.filter(({ write }) => write.kind !== 'update').map(({ write }) => write.kind),
    ).toStrictEqual(Array.from({ length: 7 }, () => 'check'));
  });

  it('of a further step is not counted again', () => {
    const { conditions } = refusedBy({ status: 'progressing' });
    expect(conditions.map(({ part }) => part)).toStrictEqual([
      'change',
      ...Array.from({ length: 4 }, () => 'killSwitch'),
      'decision',
      'plan',
      'lock',
      'stage',
    ]);
  });
});

describe('what changed since it was read', () => {
  const people: Given = { decision: byPeople, approval: approved };
  const noVotes = { ...approved, votes: [], breakGlassBy: 'ops' };
  const glass = {
    incidentId,
    environment: 'local',
    openedAtEpochMs: now - 1,
    expiresAtEpochMs: now + 1,
  };
  const excepted: Given = { decision: { ...automatic, exceptionIds: ['exception-exc-1'] } };
  const exceptionKey = itemKeys.exception('exc-1');
  const inForce = put(exceptionKey, { status: 'approved', expiresAtEpochMs: now + 1 });

  it.each<[string, string[], Given, ...Alter[]]>([
    ['another holder', ['change'], {}, merge(changeKey, { fencingToken: 5 })],
    ['a change that was stopped', ['change'], {}, merge(changeKey, { status: 'stopped' })],
    ['no global switch', ['killSwitch'], {}, drop(itemKeys.killSwitch('global'))],
    [
      'a switch for its environment',
      ['killSwitch'],
      {},
      put(itemKeys.killSwitch('environment#local'), { engaged: true }),
    ],
    [
      'a switch for its agent',
      ['killSwitch'],
      {},
      put(itemKeys.killSwitch('agent#responder'), { engaged: true }),
    ],
    [
      'a switch for its action',
      ['killSwitch'],
      {},
      put(itemKeys.killSwitch('action#lambda.shift-alias'), { engaged: true }),
    ],
    ['another outcome', ['decision'], {}, merge(decisionKey, { outcome: 'deny' })],
    ['other policies', ['decision'], {}, merge(decisionKey, { policyDigest: 'x' })],
    ['another plan decided', ['decision'], {}, merge(decisionKey, { planDigest: 'x' })],
    ['another stage decided under', ['decision'], {}, merge(decisionKey, { stageVersion: 1 })],
    ['another approval asked for', ['decision'], people, merge(decisionKey, { approvalId: 'x' })],
    ['another quorum', ['decision'], people, merge(decisionKey, { quorum: 1 })],
    [
      'an exception that it did not rest on',
      ['decision'],
      {},
      merge(decisionKey, { exceptionIds: ['exception-exc-1'] }),
    ],
    [
      'another exception',
      ['decision'],
      excepted,
      inForce,
      merge(decisionKey, { exceptionIds: ['exception-exc-2'] }),
    ],
    ['a freeze that has begun', ['decision'], {}, merge(decisionKey, { notAfterEpochMs: now - 1 })],
    ['the last instant before a freeze', [], {}, merge(decisionKey, { notAfterEpochMs: now })],
    [
      'a freeze that began between two steps',
      [],
      { status: 'progressing' },
      merge(decisionKey, { notAfterEpochMs: now - 1 }),
    ],
    ['another document under the digest', ['plan'], {}, merge(planKey, { plan: { ...plan, action: 'x' } })],
    ['another digest', ['plan'], {}, merge(planKey, { planDigest: 'x' })],
    ['a lock of somebody else', ['lock'], {}, merge(lockKey, { changeId: 'chg-2' })],
    ['a lease that has run out', ['lock'], {}, merge(lockKey, { leaseExpiresAtEpochMs: now })],
    ['a stage that was set', ['stage'], {}, merge(stageKey, { version: 3 })],
    ['a stage where none was', ['stage'], { decision: { ...automatic, stageVersion: 0 } }],
    ['a day that is full', ['usage'], {}, put(itemKeys.usage('local', '2026-03-02'), { all: 9 })],
    ['an approval taken back', ['approval'], people, merge(approvalKey, { status: 'rejected' })],
    ['an approval of another plan', ['approval'], people, merge(approvalKey, { planDigest: 'x' })],
    ['an approval of another incident', ['approval'], people, merge(approvalKey, { incidentId: 'x' })],
    ['an approval that moved on', ['approval'], people, merge(approvalKey, { version: 4 })],
    ['an approval used too late', ['approval'], people, merge(approvalKey, { usableUntilEpochMs: now })],
    ['an approval with one vote of two', ['approval'], people, merge(approvalKey, { votes: [vote('ana')] })],
    ['no approval', ['approval'], { decision: byPeople }],
    [
      'an approval, late for a further step',
      [],
      { ...people, status: 'progressing' },
      merge(approvalKey, { usableUntilEpochMs: now }),
    ],
    ['a broken glass', [], { decision: byPeople, approval: noVotes }, put(glassKey, glass)],
    [
      'a broken glass that has run out',
      ['breakGlass'],
      { decision: byPeople, approval: noVotes },
      put(glassKey, { ...glass, expiresAtEpochMs: now }),
    ],
    ['no broken glass any more', ['breakGlass'], { decision: { ...automatic, breakGlass: true } }],
    ['an exception in force', [], excepted, inForce],
    [
      'an exception that was taken back',
      ['exception'],
      excepted,
      put(exceptionKey, { status: 'revoked', expiresAtEpochMs: now + 1 }),
    ],
    [
      'an exception that ran out',
      ['exception'],
      excepted,
      put(exceptionKey, { status: 'approved', expiresAtEpochMs: now }),
    ],
    [
      'an exception that ran out between two steps',
      [],
      { ...excepted, status: 'progressing' },
      put(exceptionKey, { status: 'approved', expiresAtEpochMs: now }),
    ],
    [
      'an exception that was taken back between two steps',
      ['exception'],
      { ...excepted, status: 'progressing' },
      put(exceptionKey, { status: 'revoked', expiresAtEpochMs: now }),
    ],
    [
      'several things',
      ['killSwitch', 'lock', 'stage'],
      {},
      drop(lockKey),
      merge(stageKey, { version: 3 }),
      drop(itemKeys.killSwitch('global')),
    ],
  ])('%s refuses by %j', (_what, parts, given, ...alter) => {
    expect(partsOf(given, ...alter)).toStrictEqual(parts);
  });

  it('is shown as it was found: the first switch with its scope, the lock as a lock', () => {
    const engaged = ['environment#local', 'agent#responder'].map((scope) =>
      put(itemKeys.killSwitch(scope), { engaged: true }),
    );
    const { failed } = refusedBy(
      {},
      ...engaged,
      merge(lockKey, { fencingToken: 5 }),
      merge(decisionKey, { outcome: 'deny' }),
    );
    expect(failed).toMatchObject({
      killSwitch: { found: { engaged: true }, scope: itemKeys.killSwitch('environment#local').sk },
      decision: { found: { outcome: 'deny' } },
      lock: { found: { targetKey: target, fencingToken: 5 } },
    });
    expect(failed.decision).not.toHaveProperty('scope');
    expect(refusedBy({}, drop(lockKey)).failed.lock).toStrictEqual({ found: undefined });
  });
});

it.each<[string, boolean, Item, Item | undefined]>([
  ['two people of two', true, byPeople, approved],
  ['one person twice', false, byPeople, { ...approved, votes: [vote('ana'), vote('ana')] }],
  ['nobody', false, byPeople, undefined],
  [
    'one person where no quorum is readable',
    true,
    { ...byPeople, quorum: 'none' },
    { ...approved, votes: [vote('ana')] },
  ],
  ['nobody where the quorum is 0', false, { ...byPeople, quorum: 0 }, { ...approved, votes: [] }],
  ['one person where one is asked', true, { ...byPeople, quorum: 1 }, { ...approved, votes: [vote('ana')] }],
  ['a broken glass', true, byPeople, { ...approved, votes: [], breakGlassBy: 'ops' }],
  [
    'a broken glass where people alone may',
    false,
    { ...byPeople, peopleOnly: true },
    { ...approved, votes: [], breakGlassBy: 'ops' },
  ],
])('%s: quorum %s', (_what, has, decision, approval) => {
  expect(hasQuorum(decision, approval)).toBe(has);
});
