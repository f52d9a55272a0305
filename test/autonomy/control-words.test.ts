import { describe, expect, it } from 'vitest';
import { parseAutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import {
  breakGlassCheck,
  breakGlassEntry,
  breakGlassFinding,
  breakGlassRefusal,
  breakGlassWords,
  newBreakGlass,
} from '../../functions/autonomy/break-glass.ts';
import { mayBreakGlass, parseBreakGlassPolicy } from '../../functions/autonomy/break-glass-policy.ts';
import { loweringFinding, loweringWords } from '../../functions/autonomy/lowering.ts';
import type { StageItem } from '../../functions/autonomy/stage.ts';
import autonomyJson from '../../policies/autonomy.json' with { type: 'json' };

/** 22 November 2026, 10:00:00 UTC. */
const now = 1_795_341_600_000;
const ana = 'arn:aws:sts::111122223333:assumed-role/InterlockBreakGlass/ana';
const incidentId = 'inc-0123456789abcdef0123';

describe('what is written down of a broken glass', () => {
  const broken = newBreakGlass(
    { incidentId, by: ana, reason: 'payments are down', minutes: 10 },
    'prod',
    now,
  );

  it('is a record that ends after its minutes', () => {
    expect(broken).toStrictEqual({
      incidentId,
      environment: 'prod',
      openedBy: ana,
      reason: 'payments are down',
      openedAtEpochMs: 1_795_341_600_000,
      expiresAtEpochMs: 1_795_342_200_000,
    });
  });

  it('is an entry under the name of the person', () => {
    expect(breakGlassEntry(broken)).toStrictEqual({
      type: 'break-glass.opened',
      atEpochMs: 1_795_341_600_000,
      actor: { kind: 'person', id: ana },
      detail: {
        incidentId,
        environment: 'prod',
        reason: 'payments are down',
        expiresAtEpochMs: 1_795_342_200_000,
      },
    });
  });

  it('is a finding that somebody else reviews', () => {
    expect(breakGlassFinding(broken)).toStrictEqual({
      findingId: `break-glass-${incidentId}-1795341600000`,
      kind: 'break-glass-review',
      summary: `${ana} broke the glass for incident ${incidentId}: payments are down`,
      openedAtEpochMs: 1_795_341_600_000,
      detail: {
        incidentId,
        environment: 'prod',
        openedBy: ana,
        reason: 'payments are down',
        expiresAtEpochMs: 1_795_342_200_000,
      },
    });
  });

  it('is told to everybody with its end, its reason and how to stop it', () => {
    const { title, lines } = breakGlassWords(broken);
    expect(title).toBe(`Glass broken for incident ${incidentId}`);
    expect(lines).toStrictEqual([
      `${ana} broke the glass for incident ${incidentId} in prod.`,
      'Until 2026-11-22T10:10:00.000Z its changes need no approval; policies, limits and kill switches still hold.',
      'Reason: payments are down',
      'To stop it: `interlock kill-switch on`. The review is a finding: `interlock findings`.',
    ]);
  });

  it('is looked up by the start of a change: for this incident, here, and opened at most fifteen minutes ago', () => {
    const check = breakGlassCheck('Controls', { incidentId, environment: 'prod' }, now);
    expect({ ...check, condition: undefined }).toStrictEqual({
      kind: 'check',
      table: 'Controls',
      key: { pk: `BREAKGLASS#${incidentId}`, sk: 'BREAKGLASS' },
      condition: undefined,
      values: {
        ':incident': incidentId,
        ':environment': 'prod',
        ':now': 1_795_341_600_000,
        ':longest': 1_795_340_700_000,
      },
    });
  });
});

describe('a request to break the glass', () => {
  const policy = parseBreakGlassPolicy(
    { version: 1, roles: ['arn:aws:sts::*:assumed-role/InterlockBreakGlass/*'], maximumMinutes: 10 },
    'prod',
  );
  const subject = { incidentStatus: 'open', stages: [{ stage: 'guarded' }], existing: undefined } as const;
  const refusal = (reason: string, minutes: number) =>
    breakGlassRefusal(policy, { incidentId, by: ana, reason, minutes }, subject, now);

  it.each([
    [0, 'too-long'],
    [1, undefined],
    [10, undefined],
    [11, 'too-long'],
  ])('of %i minutes is answered %s', (minutes, answer) => {
    expect(refusal('payments are down', minutes)).toBe(answer);
  });

  it.each([
    [499, undefined],
    [500, undefined],
    [501, 'reason-too-long'],
  ])('with a reason of %i characters is answered %s', (characters, answer) => {
    expect(refusal('x'.repeat(characters), 5)).toBe(answer);
  });
});

describe('a pattern with more than one star', () => {
  const role = (pattern: string) =>
    parseBreakGlassPolicy(
      { version: 1, roles: [`arn:aws:sts::*:assumed-role/${pattern}/*`], maximumMinutes: 10 },
      'prod',
    );
  const may = (pattern: string, name: string) =>
    mayBreakGlass(role(pattern), `arn:aws:sts::111122223333:assumed-role/${name}/ana`);

  it.each([
    ['a*b*c', 'abc', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'ac', false],
    ['a*b*c', 'acb', false],
    ['a*b*c', 'aXc', false],
    ['a*bb*b', 'abb', false],
    ['a*bb*b', 'abbb', true],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
    ['a*b*b', 'ab', false],
    ['b*c', 'abc', false],
    ['a*b', 'abc', false],
  ])('%s names %s: %s', (pattern, name, named) => {
    expect(may(pattern, name)).toBe(named);
  });
});

describe('a policy file that cannot be read', () => {
  it('names the members of break-glass.json and says what a role is', () => {
    const faulty = { version: 2, roles: [], maximumMinutes: 'ten' };
    expect(() => parseBreakGlassPolicy(faulty, 'prod')).toThrow(
      /^policies\/break-glass\.json has missing, unknown or malformed members: version, roles, maximumMinutes; a role is/,
    );
    expect(() => parseBreakGlassPolicy('text', 'prod')).toThrow(/members: invalid_type; a role is/);
  });

  it('names the members of autonomy.json, the place set twice, and what is not monotone', () => {
    expect(() => parseAutonomyPolicy({ ...autonomyJson, version: 2, stages: 'none' })).toThrow(
      'policies/autonomy.json has missing, unknown or malformed members: version, stages',
    );
    expect(() => parseAutonomyPolicy([])).toThrow(/malformed members: invalid_type$/);
    const place = { environment: 'dev', agentRole: 'responder', actionClass: 'traffic', stage: 'suggest' };
    expect(() => parseAutonomyPolicy({ ...autonomyJson, stages: [place, place] })).toThrow(
      'policies/autonomy.json sets a stage twice for dev × responder × traffic',
    );
  });
});

describe('what is written down of a lowered stage', () => {
  const before = {
    environment: 'prod',
    agentRole: 'responder',
    actionClass: 'traffic',
    stage: 'guarded',
    version: 3,
    from: 'set-at-run-time',
  } as const;
  const lowered = (version: number): StageItem => ({
    environment: 'prod',
    agentRole: 'responder',
    actionClass: 'traffic',
    stage: 'auto-low',
    version,
    changedBy: 'review-autonomy',
    changedAtEpochMs: now,
    reason: '3 of 6 changes failed',
    cause: 'lowered-automatically',
  });
  const lowering = {
    outcome: 'lower',
    to: 'auto-low',
    because: 'rollback-failed',
    reason: '3 of 6 changes failed',
  } as const;

  it('is one finding for each version of the place', () => {
    const finding = loweringFinding(before, lowered(4), lowering);
    expect(finding).toStrictEqual({
      findingId: expect.stringMatching(/^autonomy-lowered-[0-9a-f]{20}$/),
      kind: 'autonomy-lowered',
      summary: 'prod × responder × traffic was lowered from guarded to auto-low: 3 of 6 changes failed',
      openedAtEpochMs: 1_795_341_600_000,
      detail: {
        environment: 'prod',
        agentRole: 'responder',
        actionClass: 'traffic',
        from: 'guarded',
        to: 'auto-low',
        version: 4,
        because: 'rollback-failed',
        reason: '3 of 6 changes failed',
      },
    });
    const again = loweringFinding(before, lowered(5), lowering);
    expect(again.findingId).not.toBe(finding.findingId);
  });

  it('is told with the reason and what to do next', () => {
    const { title, lines } = loweringWords(before, lowering);
    expect(title).toBe('Less autonomy for prod/responder/traffic');
    expect(lines).toStrictEqual([
      'prod × responder × traffic was lowered from guarded to auto-low by itself.',
      'Reason: 3 of 6 changes failed.',
      'Look at the finding (`interlock findings`) before you ask for the stage to be raised again with `interlock autonomy set`.',
    ]);
  });
});
