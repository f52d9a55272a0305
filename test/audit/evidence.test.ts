import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EvidencePattern, evidenceOf } from '../../functions/audit/evidence.ts';
import type { EvidenceInput, RegisteredException } from '../../functions/audit/evidence-figure.ts';
import {
  emptyChain,
  type LedgerEntry,
  type LedgerEvent,
  sealEntries,
} from '../../functions/audit/ledger-entry.ts';

/** 2026-11-23T00:00:00Z. */
const start = 1_795_392_000_000;
const dayMs = 86_400_000;

type Told = readonly [type: string, seconds: number, detail?: LedgerEvent['detail']];

function chain(chainId: string, ...told: readonly Told[]): LedgerEntry[] {
  const events = told.map(([type, seconds, detail = {}]) => ({
    type,
    atEpochMs: start + seconds * 1_000,
    actor: { kind: 'system', id: 'test' } as const,
    detail,
  }));
  return sealEntries(chainId, emptyChain, 'v1', events);
}

function evidence(
  pattern: EvidencePattern,
  entries: readonly LedgerEntry[],
  changes: Partial<EvidenceInput> = {},
) {
  const period = { fromEpochMs: start, toEpochMs: start + dayMs };
  return evidenceOf(pattern, { entries, exceptions: [], period, nowEpochMs: start + dayMs, ...changes });
}

function figureOf(
  pattern: EvidencePattern,
  title: RegExp,
  ...given: [readonly LedgerEntry[], Partial<EvidenceInput>?]
) {
  const found = evidence(pattern, ...given).figures.find((figure) => title.test(figure.title));
  if (found === undefined) throw new Error(`no figure ${String(title)}`);
  return found;
}

const decided = (plan: string, tier: string, outcome: string, quorum = 0) =>
  ({ planDigest: plan, tier, outcome, quorum, clause: 'autonomy.matrix', policyDigest: 'policy-1' }) as const;

/** Approved, begun, validated. */
const a = chain(
  'incident#a',
  ['incident.opened', 0],
  ['decision.made', 1, decided('pa', 'medium', 'require-approval', 1)],
  ['approval.approved', 2, { approvalId: 'ap-a', planDigest: 'pa', approvers: 'ana' }],
  ['change.started', 3, { changeId: 'ca', planDigest: 'pa', approvalId: 'ap-a' }],
  ['change.started', 4, { changeId: 'ca', planDigest: 'pa', approvalId: 'ap-a' }],
  ['change.validated', 9, { changeId: 'ca', planDigest: 'pa' }],
  ['incident.closed', 10, { result: 'resolved' }],
);
/** Automatic, did not help, undone. */
const b = chain(
  'incident#b',
  ['incident.opened', 100],
  ['decision.made', 101, decided('pb', 'low', 'auto')],
  ['change.started', 102, { changeId: 'cb', planDigest: 'pb' }],
  ['change.validation-failed', 110, { changeId: 'cb' }],
  ['change.rollback-started', 110, { changeId: 'cb' }],
  ['change.rolled-back', 112, { changeId: 'cb' }],
  ['incident.closed', 113, { result: 'rolled-back' }],
);
/** Of high risk, begun without any approval; its rollback failed. */
const c = chain(
  'incident#c',
  ['incident.opened', 200],
  ['decision.made', 201, decided('pc', 'high', 'auto')],
  ['change.started', 202, { changeId: 'cc', planDigest: 'pc' }],
  ['change.rollback-started', 203, { changeId: 'cc' }],
  ['change.rollback-failed', 204, { changeId: 'cc' }],
);
/** Denied. */
const d = chain(
  'incident#d',
  ['incident.opened', 300],
  [
    'decision.made',
    301,
    { planDigest: 'pd', outcome: 'deny', clause: 'policy.forbid', policyDigest: 'policy-1' },
  ],
);
const published = chain('control#policy#2026-11-23', ['policy.published', 0, { policyDigest: 'policy-1' }]);
const all = [...d, ...c, ...b, ...a, ...published];

describe('every line of evidence that the patterns ask for', () => {
  it.each([
    [1, '% actions by risk tier'],
    [1, 'Approval records for tiered actions'],
    [1, 'Incident rate before/after each stage'],
    [3, 'Policy versions and change history'],
    [3, 'Blocked-action logs'],
    [3, 'Exception register with expiry and owners'],
    [10, 'successful rollback test rate'],
    [10, 'change failure rate'],
    [10, 'time to restore service baseline'],
  ] as const)('pattern %i shows %j', (pattern, line) => {
    const figures = evidence(pattern, all).figures.filter((figure) => figure.evidence === line);
    expect(figures.length).toBeGreaterThan(0);
    for (const { query, population } of figures) {
      expect(query).toMatch(/\w/);
      expect(population.what).toMatch(/\w/);
    }
  });

  it.each([1, 3, 10] as const)(
    'pattern %i says no data, never a rate of nothing, for an empty ledger',
    (pattern) => {
      for (const { value, population, samples } of evidence(pattern, []).figures)
        expect([value, population.count, samples]).toStrictEqual(['no data', 0, []]);
    },
  );
});

describe('tiered autonomy', () => {
  it('counts each change once, however many steps it had', () => {
    expect(figureOf(1, /begun, by risk tier/, all)).toMatchObject({
      population: { count: 3 },
      value: 'high 33.3 %, low 33.3 %, medium 33.3 %',
    });
  });

  it('shows what was proposed where nothing was begun', () => {
    expect(figureOf(1, /decided, by risk tier/, d)).toMatchObject({ value: 'no tier: deny 100.0 %' });
  });

  it('finds the approval of each change that needed one, and flags the one that is missing', () => {
    const found = figureOf(1, /with their approval/, all);
    expect(found.population.count).toBe(2);
    expect(found.value).toBe('1 of 2 (50.0 %) have their record; MISSING for cc');
    expect(found.samples).toStrictEqual(['incident#a/3']);
  });

  it.each([
    ['of another plan', { approvalId: 'ap', planDigest: 'other', approvers: 'ana, ben' }],
    ['of another approval', { approvalId: 'other', planDigest: 'p', approvers: 'ana, ben' }],
    ['of one person where two are asked for', { approvalId: 'ap', planDigest: 'p', approvers: 'ana' }],
    ['of one person twice', { approvalId: 'ap', planDigest: 'p', approvers: 'ana, ana' }],
    ['of nobody', { approvalId: 'ap', planDigest: 'p', approvers: '' }],
  ])('does not take an approval %s', (_what, detail) => {
    const entries = chain(
      'incident#q',
      ['decision.made', 1, decided('p', 'high', 'require-approval', 2)],
      ['approval.approved', 2, detail],
      ['change.started', 3, { changeId: 'cq', planDigest: 'p', approvalId: 'ap' }],
    );
    expect(figureOf(1, /with their approval/, entries).value).toContain('MISSING for cq');
  });

  it('does not take an approval given after the start, or in another incident', () => {
    const approved: Told = ['approval.approved', 4, { approvalId: 'ap', planDigest: 'p', approvers: 'ana' }];
    const late = chain(
      'incident#q',
      ['decision.made', 1, decided('p', 'medium', 'require-approval', 1)],
      ['change.started', 3, { changeId: 'cq', planDigest: 'p', approvalId: 'ap' }],
      approved,
    );
    const elsewhere = chain('incident#r', approved);
    expect(figureOf(1, /with their approval/, [...late, ...elsewhere]).value).toContain('MISSING for cq');
  });

  it('flags a change that no decision stands behind', () => {
    const entries = chain('incident#q', ['change.started', 3, { changeId: 'cq', planDigest: 'p' }]);
    expect(figureOf(1, /with their approval/, entries).value).toContain('MISSING for cq');
  });

  const broken = (at: number, incidentId: string): Told => [
    'break-glass.opened',
    at,
    { incidentId, expiresAtEpochMs: start + 10_000 },
  ];
  it.each([
    ['live at the start', broken(2, 'q'), 3, 'break-glass by test'],
    ['in the last millisecond before its end', broken(2, 'q'), 9.999, 'break-glass by test'],
    ['over at the start', broken(2, 'q'), 10, 'MISSING: nobody broke the glass'],
    ['opened after the start', broken(4, 'q'), 3, 'MISSING: nobody broke the glass'],
    ['of another incident', broken(2, 'r'), 3, 'MISSING: nobody broke the glass'],
  ] as const)('takes break-glass in place of an approval only %s: %#', (_when, opening, at, state) => {
    const entries = chain(
      'incident#q',
      ['decision.made', 1, decided('p', 'high', 'auto')],
      ['change.started', at, { changeId: 'cq', planDigest: 'p', breakGlass: true }],
    );
    const found = figureOf(1, /with their approval/, [
      ...entries,
      ...chain('control#break-glass#x', opening),
    ]);
    expect(found.table?.rows[0]?.at(-1)).toBe(state);
  });

  it('compares the incident rate on both sides of a change of stage', () => {
    const day = 86_400;
    const place = { environment: 'local', agentRole: 'responder', actionClass: 'traffic' };
    const stages = chain('control#autonomy#x', [
      'autonomy.raised',
      2 * day,
      { ...place, from: 'observe', to: 'suggest' },
    ]);
    const incidents = [0, 0.5, 1, 1.5, 2.5].flatMap((days, index) =>
      chain(`incident#${index}`, ['incident.opened', days * day]),
    );
    const period = { fromEpochMs: start, toEpochMs: start + 4 * dayMs };
    const found = figureOf(1, /a day, before and after/, [...stages, ...incidents], {
      period,
      nowEpochMs: start + 4 * dayMs,
    });
    expect(found.table?.rows).toStrictEqual([
      [
        '2026-11-25T00:00Z',
        'local#responder#traffic',
        'observe → suggest',
        '2.00 a day (4 in 2.0 d)',
        '0.50 a day (1 in 2.0 d)',
      ],
    ]);
  });

  it('counts a stage that a published policy file declared', () => {
    const declared = chain('control#policy#x', [
      'autonomy.declared',
      0,
      {
        environment: 'local',
        agentRole: 'responder',
        actionClass: 'traffic',
        previous: 'observe',
        stage: 'guarded',
      },
    ]);
    expect(figureOf(1, /a day, before and after/, declared).table?.rows[0]?.slice(1, 3)).toStrictEqual([
      'local#responder#traffic',
      'observe → guarded',
    ]);
  });

  it('does not show a declaration as a change where a stage was set at run time before', () => {
    const place = { environment: 'local', agentRole: 'responder', actionClass: 'traffic' };
    const elsewhere = { ...place, actionClass: 'repair' };
    const raised = chain('control#autonomy#x', [
      'autonomy.raised',
      0,
      { ...place, from: 'suggest', to: 'auto-low' },
    ]);
    const declared = chain(
      'control#policy#x',
      ['autonomy.declared', 7_200, { ...place, previous: 'suggest', stage: 'guarded' }],
      ['autonomy.declared', 7_200, { ...elsewhere, previous: 'observe', stage: 'suggest' }],
      // A lower declaration that lowered what people had raised is one change, and not two.
      ['autonomy.lowered', 14_400, { ...place, from: 'auto-low', to: 'observe' }],
      ['autonomy.declared', 14_400, { ...place, previous: 'guarded', stage: 'observe' }],
    );
    const { table, population } = figureOf(1, /a day, before and after/, [...raised, ...declared]);
    expect(table?.rows.map((row) => row.slice(1, 3))).toStrictEqual([
      ['local#responder#traffic', 'suggest → auto-low'],
      ['local#responder#repair', 'observe → suggest'],
      ['local#responder#traffic', 'auto-low → observe'],
    ]);
    expect(population.count).toBe(3);
  });

  it('gives no rate over less than an hour', () => {
    const stages = chain('control#autonomy#x', ['autonomy.lowered', 0, { from: 'suggest', to: 'observe' }]);
    const row = figureOf(1, /a day, before and after/, stages, { nowEpochMs: start + 3_599_999 }).table
      ?.rows[0];
    expect(row?.slice(3)).toStrictEqual(['no data', 'no data']);
  });
});

describe('action boundaries', () => {
  it('names the clause of each denial, with samples', () => {
    const found = figureOf(3, /Plans denied/, all);
    expect(found.value).toContain('1 of 4 denied (25.0 %)');
    expect(found.table?.rows).toStrictEqual([['policy.forbid', '1', 'incident#d/2']]);
  });

  it('flags decisions under a policy version that nobody published', () => {
    expect(figureOf(3, /policy version they were made under/, all).value).toBe(
      'all under published versions (1)',
    );
    expect(figureOf(3, /policy version they were made under/, a).value).toBe('UNPUBLISHED: policy-1');
  });

  const exception: RegisteredException = {
    exceptionId: 'exc-1',
    owner: 'payments',
    ticket: 'OPS-1',
    state: 'in-force',
    requestedAtEpochMs: start,
    expiresAtEpochMs: start + dayMs,
  };
  it('counts the exceptions by their state, and shows each with its own', () => {
    const exceptions: RegisteredException[] = [
      exception,
      { ...exception, exceptionId: 'exc-2', state: 'lapsed', expiresAtEpochMs: start + 2 * dayMs },
    ];
    const found = figureOf(3, /overrides/, [], { exceptions });
    expect(found.value).toBe('1 in-force, 0 expired, 0 waiting, 1 lapsed, 0 rejected, 0 revoked');
    expect(found.table?.rows).toStrictEqual([
      ['exc-1', 'payments', 'OPS-1', 'in-force', '2026-11-24T00:00Z', '1 d'],
      ['exc-2', 'payments', 'OPS-1', 'lapsed', '2026-11-25T00:00Z', '1 d'],
    ]);
  });

  it('flags one without an owner', () => {
    const found = figureOf(3, /overrides/, [], { exceptions: [{ ...exception, owner: '' }] });
    expect(found.table?.rows[0]?.[1]).toBe('NO OWNER');
  });
});

describe('safe change', () => {
  it('tells restored from failed rollbacks, and that rehearsals are not in it', () => {
    const found = figureOf(10, /put the target back/, all);
    expect(found.value).toBe('1 of 2 (50.0 %) restored; 1 failed, 0 under way, 0 asked for by a person');
    expect(found.note).toContain('Rehearsals');
  });

  it('counts as failed what had to be taken back, also by a person later', () => {
    expect(figureOf(10, /failed validation/, all).value).toBe('2 of 3 (66.7 %) failed');
    const undone = chain(
      'incident#u',
      ['change.started', 1, { changeId: 'cu', planDigest: 'pu' }],
      ['change.validated', 2, { changeId: 'cu' }],
      ['change.undo-started', 3, { changeId: 'cu' }],
      ['change.rolled-back', 4, { changeId: 'cu' }],
    );
    expect(figureOf(10, /failed validation/, undone).value).toBe('1 of 1 (100.0 %) failed');
    expect(figureOf(10, /put the target back/, undone).value).toContain('1 asked for by a person');
  });

  const later = { period: { fromEpochMs: start, toEpochMs: start + 30 * dayMs } };
  const moved = chain(
    'incident#m',
    ['change.started', 1, { changeId: 'cm', planDigest: 'pm' }],
    ['change.validated', 2, { changeId: 'cm' }],
    ['change.undo-started', 3, { changeId: 'cm' }],
    ['change.rollback-started', 4, { changeId: 'cm' }],
    ['change.undo-refused', 5, { changeId: 'cm' }],
    ['change.released', 6, { changeId: 'cm' }],
  );

  it('does not hold against a change that its undo was refused because somebody else had moved on', () => {
    expect(figureOf(10, /failed validation/, moved).value).toBe('0 of 1 (0.0 %) failed');
    expect(figureOf(10, /put the target back/, moved).population.count).toBe(0);
  });

  it('counts the undo that came after a refused one, from its own start', () => {
    const kept = 20 * 86_400;
    const again = chain(
      'incident#m',
      ...moved.map(({ type, detail }, at) => [type, at, detail] as const),
      ['change.undo-started', kept, { changeId: 'cm' }],
      ['change.rolled-back', kept + 30, { changeId: 'cm' }],
    );
    expect(figureOf(10, /failed validation/, again).value).toBe('1 of 1 (100.0 %) failed');
    expect(figureOf(10, /put the target back/, again, later).value).toContain('1 of 1 (100.0 %) restored');
    expect(figureOf(10, /until the target was back/, again, later).value).toBe(
      'median 30.0 s, longest 30.0 s',
    );
  });

  it('is not misled by a refusal of an undo that nobody began', () => {
    const odd = chain(
      'incident#m',
      ['change.started', 1, { changeId: 'cm', planDigest: 'pm' }],
      ['change.undo-refused', 2, { changeId: 'cm' }],
      ['change.validated', 3, { changeId: 'cm' }],
    );
    expect(figureOf(10, /failed validation/, odd).population.count).toBe(1);
  });

  it('counts neither what is still under way nor what was refused before it had an effect', () => {
    const open = chain('incident#o', ['change.started', 1, { changeId: 'co', planDigest: 'po' }]);
    const refused = chain(
      'incident#p',
      ['change.started', 1, { changeId: 'cp', planDigest: 'pp' }],
      ['change.refused', 2, { changeId: 'cp', reason: 'the target was changed' }],
    );
    expect(figureOf(10, /failed validation/, [...open, ...refused]).value).toBe('no data');
  });

  it('does not count how long a change was kept before a person undid it', () => {
    const day20 = 20 * 86_400;
    const undone = chain(
      'incident#u',
      ['change.started', 0, { changeId: 'cu', planDigest: 'pu' }],
      ['change.validated', 20, { changeId: 'cu' }],
      ['change.undo-started', day20, { changeId: 'cu' }],
      ['change.rollback-started', day20 + 10, { changeId: 'cu' }],
      ['change.rolled-back', day20 + 30, { changeId: 'cu' }],
    );
    expect(figureOf(10, /until the target was back/, undone, later).value).toBe(
      'median 30.0 s, longest 30.0 s',
    );
  });

  it('measures from the first start to the target being back, and from opened to resolved', () => {
    expect(figureOf(10, /until the target was back/, all)).toMatchObject({
      population: { count: 1 },
      value: 'median 10.0 s, longest 10.0 s',
      samples: ['incident#b/6'],
    });
    expect(figureOf(10, /until it was resolved/, all)).toMatchObject({
      population: { count: 1 },
      value: 'median 10.0 s, longest 10.0 s',
    });
  });

  it('takes the middle of an even number of durations', () => {
    const two = [2, 4].map((seconds) =>
      chain(
        `incident#${seconds}`,
        ['incident.opened', 0],
        ['incident.closed', seconds, { result: 'resolved' }],
      ),
    );
    expect(figureOf(10, /until it was resolved/, two.flat()).value).toBe('median 3.0 s, longest 4.0 s');
  });
});

describe('the period', () => {
  it.each([
    [start, start + 1, 1],
    [start - 1, start, 0],
    [start + 1, start + 2, 0],
  ])('from %i before %i holds %i of the entries at its limit', (fromEpochMs, toEpochMs, count) => {
    const found = figureOf(3, /sets published/, published, { period: { fromEpochMs, toEpochMs } });
    expect(found.population.count).toBe(count);
  });

  it('does not hide what an entry in it rests on', () => {
    const period = { fromEpochMs: start + 3_000, toEpochMs: start + 5_000 };
    expect(figureOf(1, /with their approval/, a, { period }).value).toBe(
      '1 of 1 (100.0 %) have their record',
    );
  });
});

it('gives the same in whatever order the table gives its entries', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
      for (const pattern of [1, 3, 10] as const) {
        const sorted = evidence(pattern, shuffled).figures.map(({ value, population }) => [
          value,
          population,
        ]);
        const reference = evidence(pattern, all).figures.map(({ value, population }) => [value, population]);
        expect(sorted).toStrictEqual(reference);
      }
    }),
  );
});
