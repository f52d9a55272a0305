import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptyChain,
  type LedgerEntry,
  type LedgerEvent,
  sealEntries,
} from '../../functions/audit/ledger-entry.ts';
import { reportOn } from '../../functions/audit/ledger-report.ts';
import { factsOf } from '../../functions/audit/recorded-fact.ts';
import { controlChain, itemKeys } from '../../functions/platform/item-keys.ts';

type Item = Readonly<Record<string, unknown>>;

/** 2026-11-22T23:59:00Z: one minute before the chains of a new day. */
const start = 1_795_391_940_000;
const person = 'arn:aws:iam::1:user/ana';
const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const expiresAtEpochMs = start + 600_000;

/** What was written, in order: each write is the entries of one chain and the items they are about. */
interface Write {
  readonly chainId: string;
  readonly events: readonly LedgerEvent[];
  readonly items: readonly Item[];
}

const event = (type: string, atEpochMs: number, detail: LedgerEvent['detail']): LedgerEvent => ({
  type,
  atEpochMs,
  actor:
    type === 'policy.published' ? { kind: 'system', id: 'publish-policies' } : { kind: 'person', id: person },
  detail,
});

const made = (at: number) => ({ changedBy: person, changedAtEpochMs: at });

/** The writes of the stores, as they stand in the tables. */
const write = {
  switch: (engaged: boolean, at: number, scope = 'global'): Write => ({
    chainId: controlChain('kill-switch', at),
    events: [event(`kill-switch.${engaged ? 'engaged' : 'released'}`, at, { scope, reason: 'drill' })],
    items: [{ ...itemKeys.killSwitch(scope), engaged, reason: 'drill', ...made(at) }],
  }),
  stage: (stage: string, version: number, at: number, cause = 'raised'): Write => ({
    chainId: controlChain('autonomy', at),
    events: [
      event(`autonomy.${cause}`, at, { ...place, from: 'suggest', to: stage, version, reason: 'earned' }),
    ],
    items: [{ ...itemKeys.stage(place), ...place, stage, version, reason: 'earned', cause, ...made(at) }],
  }),
  breakGlass: (at: number, incidentId = 'a'): Write => {
    const opened = { incidentId, environment: 'prod', reason: 'fire', expiresAtEpochMs: at + 600_000 };
    return {
      chainId: `incident#${incidentId}`,
      events: [event('break-glass.opened', at, opened)],
      items: [{ ...itemKeys.breakGlass(incidentId), ...opened, openedBy: person, openedAtEpochMs: at }],
    };
  },
  exception: (status: string, at: number, exceptionId = 'exc-1'): Write => {
    const scope = {
      agentRole: 'responder',
      action: 'lambda.shift-alias',
      targetKey: 't',
      environment: 'prod',
    };
    const said = { exceptionId, owner: 'ana', ticket: 'T-1', reason: 'launch', ...scope, expiresAtEpochMs };
    const decided = status === 'requested' ? {} : { decidedBy: person, decidedAtEpochMs: at };
    return {
      chainId: controlChain('exception', at),
      events: [event(`exception.${status}`, at, said)],
      items: [
        {
          ...itemKeys.exception(exceptionId),
          ...said,
          status,
          requestedBy: person,
          requestedAtEpochMs: status === 'requested' ? at : start,
          ...decided,
        },
      ],
    };
  },
  policies: (policyDigest: string, at: number): Write => ({
    chainId: controlChain('policy', at),
    events: [event('policy.published', at, { policyDigest })],
    items: [
      { ...itemKeys.currentPolicySet(), policyDigest, publishedAtEpochMs: at },
      { ...itemKeys.publication(at, policyDigest), policyDigest, publishedAtEpochMs: at },
    ],
  }),
  decision: (planDigest: string, at: number, more: LedgerEvent['detail'] = {}): Write => ({
    chainId: 'incident#a',
    events: [event('decision.made', at, { planDigest, outcome: 'auto', ...more })],
    items: [
      {
        ...itemKeys.decision('a', planDigest),
        incidentId: 'a',
        planDigest,
        outcome: 'auto',
        stageKey: itemKeys.stage(place).sk,
      },
    ],
  }),
  start: (changeId: string, at: number, more: LedgerEvent['detail'] = {}): Write => ({
    chainId: 'incident#a',
    events: [event('change.started', at, { changeId, ...more })],
    items: [{ ...itemKeys.change(changeId), incidentId: 'a', changeId, startedAtEpochMs: at }],
  }),
};

function entriesOf(writes: readonly Write[]): LedgerEntry[] {
  return [...Map.groupBy(writes, ({ chainId }) => chainId)].flatMap(([chainId, ofChain]) =>
    sealEntries(
      chainId,
      emptyChain,
      'v1',
      ofChain.flatMap(({ events }) => events),
    ),
  );
}

const nameOf = (item: Item) => `${String(item['pk'])} ${String(item['sk'])}`;

function itemsOf(writes: readonly Write[]): Item[] {
  const items = writes.flatMap((one) => one.items);
  return [...new Map(items.map((item) => [nameOf(item), item])).values()];
}

const factsIn = (items: readonly Item[]) => items.flatMap(factsOf);
const faultsIn = (writes: readonly Write[], items: readonly Item[]) =>
  reportOn(entriesOf(writes), factsIn(items)).faults;

const history = [
  write.policies('p1', start),
  write.switch(true, start + 1),
  write.switch(false, start + 2),
  write.switch(true, start + 3, 'environment#prod'),
  write.stage('guarded', 1, start + 4),
  write.exception('requested', start + 5),
  write.exception('approved', start + 6),
  write.breakGlass(start + 7),
  write.decision('d1', start + 8, {
    stage: 'guarded',
    stageVersion: 1,
    breakGlass: true,
    exceptionIds: 'exception-exc-1',
  }),
  write.start('c1', start + 9, { breakGlass: true }),
  write.exception('revoked', start + 10),
  write.stage('suggest', 2, start + 11, 'lowered'),
  write.switch(true, start + 120_000),
  write.policies('p2', start + 120_001),
];
const items = itemsOf(history);
const itemAt = ({ pk, sk }: { pk: string; sk: string }) =>
  items.find((item) => item['pk'] === pk && item['sk'] === sk) as Item;
const altered = (key: { pk: string; sk: string }, members: Item) =>
  items.map((item) => (item === itemAt(key) ? { ...item, ...members } : item));

describe('controls held against the ledger', () => {
  it('are in order where every one of them was set by what the ledger tells of', () => {
    expect(faultsIn(history, items)).toStrictEqual([]);
  });

  it.each([
    ['a switch that was released', itemKeys.killSwitch('global'), { engaged: false }],
    ['a switch under another reason', itemKeys.killSwitch('global'), { reason: 'mine' }],
    ['a switch under another name', itemKeys.killSwitch('global'), { changedBy: 'somebody' }],
    ['a switch without a time', itemKeys.killSwitch('global'), { changedAtEpochMs: 'now' }],
    ['a switch of no day there is', itemKeys.killSwitch('global'), { changedAtEpochMs: 9e15 }],
    ['a stage raised', itemKeys.stage(place), { stage: 'autonomous' }],
    ['a stage of a further version', itemKeys.stage(place), { version: 3 }],
    ['a stage with a cause of its own', itemKeys.stage(place), { cause: 'raised' }],
    ['a glass that stays broken', itemKeys.breakGlass('a'), { expiresAtEpochMs: start + 999_999_999 }],
    ['a glass broken again', itemKeys.breakGlass('a'), { openedAtEpochMs: start + 60_000 }],
    ['an exception approved again', itemKeys.exception('exc-1'), { status: 'approved' }],
    ['an exception for another target', itemKeys.exception('exc-1'), { targetKey: 'u' }],
    ['an exception that lasts', itemKeys.exception('exc-1'), { expiresAtEpochMs: start + 999_999_999 }],
    ['policies nobody published', itemKeys.currentPolicySet(), { policyDigest: 'p3' }],
  ])('notice %s by hand', (_case, key, members) => {
    expect(itemAt(key)).toBeDefined();
    const forged = altered(key, members);
    expect(reportOn(entriesOf(history), factsIn(forged), factsIn(items)).faults).toMatchObject([
      { fault: 'missing-entry' },
    ]);
  });

  describe('stages that a publication set', () => {
    const published = (type: string, from: string, to: string): Write => {
      const by = 'publish-policies';
      const detail = { ...place, from, to, version: 3, reason: 'declared so' };
      const [autonomy, cause = ''] = type.split('.');
      const entry = { ...event(type, start + 20, detail), actor: { kind: 'system', id: by } } as const;
      const item = { stage: to, version: 3, reason: 'declared so', cause, changedBy: by };
      return {
        chainId: controlChain(autonomy === 'autonomy' ? 'policy' : (autonomy ?? ''), start + 20),
        events: [entry],
        items: [{ ...itemKeys.stage(place), ...place, ...item, changedAtEpochMs: start + 20 }],
      };
    };
    const faultsOf = ({ chainId, events, items: set }: Write) =>
      reportOn(sealEntries(chainId, emptyChain, 'v1', events), factsIn(set)).faults;

    it('may be lower ones', () => {
      expect(faultsOf(published('autonomy.lowered', 'guarded', 'suggest'))).toStrictEqual([]);
    });

    it.each([
      ['raised', 'autonomy.raised', 'observe', 'guarded'],
      ['lowered upwards', 'autonomy.lowered', 'observe', 'guarded'],
      ['lowered to where it was', 'autonomy.lowered', 'guarded', 'guarded'],
      ['lowered from no stage there is', 'autonomy.lowered', 'everything', 'guarded'],
      ['lowered to no stage there is', 'autonomy.lowered', 'guarded', 'nothing'],
      ['lowered by itself', 'autonomy.lowered-automatically', 'guarded', 'suggest'],
    ])('are noticed where one is %s', (_how, type, from, to) => {
      expect(faultsOf(published(type, from, to))).toContainEqual({
        chainId: 'control#policy#2026-11-22',
        sequence: 1,
        fault: expect.stringMatching(/^(missing-entry|contradicts-record)$/),
      });
    });

    it('are noticed although people set another one since', () => {
      const later = write.stage('suggest', 4, start + 30, 'lowered');
      const raised = published('autonomy.lowered', 'observe', 'guarded');
      expect(faultsIn([raised, later], itemsOf([raised, later]))).toStrictEqual([
        { chainId: 'control#policy#2026-11-22', sequence: 1, fault: 'contradicts-record' },
      ]);
    });
  });

  it.each([
    ['a switch', write.switch(false, start + 20, 'agent#responder')],
    ['a stage', write.stage('autonomous', 1, start + 20)],
    ['a broken glass', write.breakGlass(start + 20, 'b')],
    ['an approved exception', write.exception('approved', start + 20, 'exc-2')],
    ['policies', write.policies('p1', start + 20)],
  ])('notice %s that no entry tells of', (_case, { chainId, items: forged }) => {
    expect(reportOn([], factsIn(forged)).faults).toStrictEqual([
      { chainId, sequence: 1, fault: 'missing-entry' },
    ]);
  });

  it.each([
    ['switch', itemKeys.killSwitch('global'), write.switch(false, start + 2)],
    ['stage', itemKeys.stage(place), write.stage('guarded', 1, start + 4)],
    ['exception', itemKeys.exception('exc-1'), write.exception('approved', start + 6)],
    ['policy set', itemKeys.currentPolicySet(), write.policies('p1', start)],
  ])('notice that an earlier %s was put back, although its entry stands', (_case, key, earlier) => {
    expect(faultsIn(history, altered(key, earlier.items[0] as Item))).toMatchObject([
      { fault: 'contradicts-record' },
    ]);
  });

  it.each(items.map((item) => [nameOf(item), item] as const))(
    'notice that %s was removed',
    (name, removed) => {
      const { faults } = reportOn(entriesOf(history), factsIn(items.filter((item) => item !== removed)));
      expect(faults).toHaveLength(name.includes('PUBLISHED') ? 0 : 1);
    },
  );

  it('let the later of two chains stand where clocks differ around midnight, for a minute and no longer', () => {
    // Engaged at 23:59:50 behind a crowd of starts; released meanwhile, on the new day.
    const late = (at: number) => [write.switch(false, at), write.switch(true, start + 50_000)];
    const stands = (at: number) => faultsIn(late(at), itemsOf(late(at)));
    expect(stands(start + 109_999)).toStrictEqual([]);
    expect(stands(start + 110_000)).toStrictEqual([]);
    expect(stands(start + 110_001)).toMatchObject([{ fault: 'contradicts-record' }]);
  });

  it('have no fault however much is written while they are read', () => {
    fc.assert(
      fc.property(
        fc.nat(history.length),
        fc.array(fc.nat(history.length), { minLength: 1, maxLength: 12 }),
        fc.nat(history.length),
        (a, reads, b) => {
          // Each chain is read at a time of its own, between the two readings of the items.
          const from = Math.min(a, b);
          const to = Math.max(a, b);
          const chainIds = [...new Set(history.map(({ chainId }) => chainId))];
          const read = chainIds.flatMap((chainId, index) => {
            const upTo = from + ((reads[index % reads.length] ?? 0) % (to - from + 1));
            return entriesOf(history.slice(0, upTo)).filter((entry) => entry.chainId === chainId);
          });
          const before = factsIn(itemsOf(history.slice(0, from)));
          const after = factsIn(itemsOf(history.slice(0, to)));
          expect(reportOn(read, before, after).faults).toStrictEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the ledger held against itself', () => {
  const glass = write.breakGlass(start);
  const approved = write.exception('approved', start);
  const stage = write.stage('guarded', 1, start);
  const missing = (sequence: number) => [{ chainId: 'incident#a', sequence, fault: 'missing-entry' }];
  const check = (writes: readonly Write[]) => faultsIn(writes, itemsOf(writes));

  it('misses the opening of a glass under which something was decided, approved or started', () => {
    for (const under of [
      write.decision('d1', start, { breakGlass: true }),
      write.start('c1', start, { breakGlass: true }),
    ]) {
      expect(check([under])).toStrictEqual(missing(1));
      expect(check([under, glass])).toStrictEqual(missing(1));
      expect(check([glass, under])).toStrictEqual([]);
      expect(check([write.breakGlass(start, 'b'), under])).toStrictEqual(missing(1));
    }
  });

  it('misses the approval of an exception that a decision counts on', () => {
    const under = write.decision('d1', start, { exceptionIds: 'exception-exc-1' });
    expect(check([under])).toStrictEqual(missing(1));
    expect(check([write.exception('requested', start), under])).toStrictEqual(missing(1));
    expect(check([approved, under])).toStrictEqual([]);
    expect(
      check([approved, write.decision('d1', start, { exceptionIds: 'exception-exc-1, exception-exc-2' })]),
    ).toStrictEqual(missing(1));
    const tooLate = write.exception('approved', start + 60_001);
    expect(check([under, tooLate])).toStrictEqual(missing(1));
  });

  it('misses the stage that a decision was made at', () => {
    const at = (stageVersion: number, word = 'guarded') =>
      write.decision('d1', start, { stage: word, stageVersion });
    expect(check([at(0)])).toStrictEqual([]);
    expect(check([at(1)])).toStrictEqual(missing(1));
    expect(check([stage, at(1)])).toStrictEqual([]);
    expect(check([stage, at(2)])).toStrictEqual(missing(1));
    expect(check([stage, at(1, 'autonomous')])).toStrictEqual(missing(1));
  });

  it('finds a stage that a publication lowered, in the chain of the policies', () => {
    const [item] = write.stage('suggest', 2, start, 'lowered').items;
    const [told] = write.stage('suggest', 2, start, 'lowered').events;
    const by = 'publish-policies';
    const lowered: Write = {
      chainId: controlChain('policy', start),
      events: [
        {
          ...(told as LedgerEvent),
          actor: { kind: 'system', id: by },
          detail: { ...told?.detail, from: 'guarded' },
        },
      ],
      items: [{ ...item, changedBy: by }],
    };
    const decided = write.decision('d1', start, { stage: 'suggest', stageVersion: 2 });
    expect(check([stage, lowered, decided])).toStrictEqual([]);
    expect(check([stage, { ...lowered, events: [] }])).toContainEqual({
      chainId: controlChain('policy', start),
      sequence: 1,
      fault: 'missing-entry',
    });
  });

  it('does not take an entry for it that stands in a chain where no control writes', () => {
    const forged = { ...stage, chainId: 'incident#a' };
    const decided = write.decision('d1', start, { stage: 'guarded', stageVersion: 1 });
    expect(check([forged, decided])).toContainEqual(missing(2)[0]);
  });
});
