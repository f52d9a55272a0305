import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  breakGlassCheck,
  breakGlassRefusal,
  isBreakGlassLive,
  newBreakGlass,
  sparesApproval,
} from '../../functions/autonomy/break-glass.ts';
import { mayBreakGlass, parseBreakGlassPolicy } from '../../functions/autonomy/break-glass-policy.ts';
import breakGlassJson from '../../policies/break-glass.json' with { type: 'json' };
import { holds } from '../model/expressions.ts';

const session = 'arn:aws:sts::111122223333:assumed-role/InterlockBreakGlass/ana';
const seededAna = { environment: 'local', role: 'arn:aws:iam::000000000000:user/ana' };
const file = {
  version: 1,
  roles: ['arn:aws:sts::*:assumed-role/InterlockBreakGlass/*', seededAna],
  maximumMinutes: 10,
};
const policy = parseBreakGlassPolicy(file, 'local');

describe('who may break the glass', () => {
  it('is read as shipped, and only local knows the seeded user', () => {
    const sessions = 'arn:aws:sts::*:assumed-role/InterlockBreakGlass/*';
    const here = (environment: string) => parseBreakGlassPolicy(breakGlassJson, environment);
    expect(here('local')).toStrictEqual({ roles: [sessions, seededAna.role], maximumMinutes: 15 });
    for (const environment of ['dev', 'prod', 'Local', 'local-2', ''])
      expect(here(environment)).toStrictEqual({ roles: [sessions], maximumMinutes: 15 });
  });

  it('holds an entry of one environment there alone', () => {
    const bob = 'arn:aws:iam::111122223333:user/bob';
    const roles = [{ environment: 'dev', role: bob }];
    expect(mayBreakGlass(parseBreakGlassPolicy({ ...file, roles }, 'dev'), bob)).toBe(true);
    expect(mayBreakGlass(parseBreakGlassPolicy({ ...file, roles }, 'prod'), bob)).toBe(false);
  });

  it.each([
    ['everywhere', 'arn:aws:iam::000000000000:user/ana'],
    ['everywhere, by a pattern', 'arn:aws:iam::0*:user/ana'],
    ['in another environment', { ...seededAna, environment: 'prod' }],
    ['in no environment', { ...seededAna, environment: '' }],
    ['in an environment like it', { ...seededAna, environment: 'Local' }],
  ])('refuses the local account %s, wherever it is read', (_what, role) => {
    for (const environment of ['local', 'prod'])
      expect(() => parseBreakGlassPolicy({ ...file, roles: [role] }, environment)).toThrow(/000000000000/);
  });

  it.each([
    session,
    'arn:aws:sts::999900009999:assumed-role/InterlockBreakGlass/x',
    'arn:aws:iam::000000000000:user/ana',
  ])('is %s', (arn) => {
    expect(mayBreakGlass(policy, arn)).toBe(true);
  });

  it.each([
    ['another role', 'arn:aws:sts::111122223333:assumed-role/Operator/ana'],
    ['a role that only begins like it', 'arn:aws:sts::111122223333:assumed-role/InterlockBreakGlassX/ana'],
    ['a session named like the role', 'arn:aws:sts::111122223333:assumed-role/Other/InterlockBreakGlass/ana'],
    ['a part more', 'arn:aws:sts::1:2:assumed-role/InterlockBreakGlass/ana'],
    ['a part less', 'arn:aws:sts:111122223333:assumed-role/InterlockBreakGlass/ana'],
    ['another service', 'arn:aws:iam::111122223333:assumed-role/InterlockBreakGlass/ana'],
    ['another case', 'arn:aws:sts::111122223333:assumed-role/interlockbreakglass/ana'],
    ['another partition', 'arn:aws-cn:sts::111122223333:assumed-role/InterlockBreakGlass/ana'],
    ['another account’s ana', 'arn:aws:iam::111122223333:user/ana'],
    ['ana in a path', 'arn:aws:iam::000000000000:user/team/ana'],
    ['ana with a new line', 'arn:aws:iam::000000000000:user/ana\n'],
    ['nobody', 'unknown'],
    ['nothing', ''],
  ])('is not %s', (_what, arn) => {
    expect(mayBreakGlass(policy, arn)).toBe(false);
  });

  it('takes characters that mean something elsewhere as themselves', () => {
    const roles = ['arn:aws:sts::1.3:assumed-role/a.b+(c)|d*e/*'];
    const odd = parseBreakGlassPolicy({ ...file, roles }, 'prod');
    expect(mayBreakGlass(odd, 'arn:aws:sts::1.3:assumed-role/a.b+(c)|dXXe/s')).toBe(true);
    expect(mayBreakGlass(odd, 'arn:aws:sts::123:assumed-role/aXb+(c)|de/s')).toBe(false);
  });

  it('never lets a star reach over a part', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '*', ':', '/') });
    fc.assert(
      fc.property(part, part, (account, name) => {
        const arn = `arn:aws:sts::${account}:assumed-role/InterlockBreakGlass/${name}`;
        expect(mayBreakGlass(policy, arn)).toBe(!/[:/]/.test(account + name));
      }),
    );
  });

  it('answers at once for a hostile pattern and name', () => {
    const roles = [`arn:aws:sts::1:assumed-role/r/${'a*'.repeat(200)}b`];
    const hostile = parseBreakGlassPolicy({ ...file, roles }, 'prod');
    expect(mayBreakGlass(hostile, `arn:aws:sts::1:assumed-role/r/${'a'.repeat(100_000)}`)).toBe(false);
  });

  it.each([
    ['any caller', '*'],
    ['any user', 'arn:aws:iam::000000000000:user/*'],
    ['any role', 'arn:aws:sts::*:assumed-role/*/ana'],
    ['any service', 'arn:aws:*::*:assumed-role/R/*'],
    ['any partition', 'arn:*:sts::*:assumed-role/R/*'],
    ['any kind of caller', 'arn:aws:sts::*:*/R/*'],
    ['a role instead of its sessions', 'arn:aws:iam::*:role/R'],
    ['a role without sessions', 'arn:aws:sts::*:assumed-role/R'],
    ['an account', 'arn:aws:iam::000000000000:root'],
    ['a part too many', 'arn:aws:sts::*:x:assumed-role/R/*'],
    ['nothing', ''],
  ])('cannot be %s', (_what, role) => {
    expect(() =>
      parseBreakGlassPolicy({ ...file, roles: [{ environment: 'local', role }] }, 'local'),
    ).toThrow(/policies\/break-glass\.json/);
  });

  it.each([
    ['nobody', { roles: [] }],
    ['16 minutes', { maximumMinutes: 16 }],
    ['no minute', { maximumMinutes: 0 }],
    ['an unknown member', { everybody: true }],
  ])('is refused with %s', (_what, change) => {
    expect(() => parseBreakGlassPolicy({ ...file, ...change }, 'local')).toThrow(
      /policies\/break-glass\.json/,
    );
  });
});

/** 2026-11-23T00:00:00Z. */
const now = 1_795_392_000_000;

describe('breaking the glass', () => {
  const request = { incidentId: 'inc-1', by: session, reason: 'nobody answers', minutes: 10 };
  const subject = {
    incidentStatus: 'open',
    stages: [{ stage: 'observe' }, { stage: 'guarded' }],
    existing: undefined,
  } as const;
  const broken = newBreakGlass(request, 'prod', now - 1_000);

  it('is for a person with the role, a reason and an open incident at stage guarded', () => {
    expect(breakGlassRefusal(policy, request, subject, now)).toBeUndefined();
  });

  it.each([
    ['not-allowed', { by: 'arn:aws:iam::111122223333:user/ben' }, {}],
    ['not-allowed', { by: 'unknown' }, {}],
    ['no-reason', { reason: '  ' }, {}],
    ['reason-too-long', { reason: 'x'.repeat(501) }, {}],
    ['too-long', { minutes: 11 }, {}],
    ['too-long', { minutes: 0 }, {}],
    ['too-long', { minutes: 1.5 }, {}],
    ['too-long', { minutes: Number.NaN }, {}],
    ['no-incident', {}, { incidentStatus: undefined }],
    ['incident-closed', {}, { incidentStatus: 'closed' }],
    ['not-guarded', {}, { stages: [{ stage: 'auto-low' }] }],
    ['not-guarded', {}, { stages: [] }],
    ['already-open', {}, { existing: broken }],
  ] as const)('is refused as %s', (refusal, asked, found) => {
    expect(breakGlassRefusal(policy, { ...request, ...asked }, { ...subject, ...found }, now)).toBe(refusal);
  });

  it('may happen again once the last one is over', () => {
    expect(
      breakGlassRefusal(policy, request, { ...subject, existing: broken }, now + 599_000),
    ).toBeUndefined();
  });
});

describe('a broken glass', () => {
  const broken = { incidentId: 'inc-1', openedAtEpochMs: now, expiresAtEpochMs: now + 600_000 };

  it.each([
    [now - 1, false],
    [now, true],
    [now + 599_999, true],
    [now + 600_000, false],
  ])('at %d is live: %s', (at, live) => {
    expect(isBreakGlassLive(broken, 'inc-1', at)).toBe(live);
  });

  it('is never live for another incident, or when there is none', () => {
    expect(isBreakGlassLive(broken, 'inc-2', now)).toBe(false);
    expect(isBreakGlassLive(undefined, 'inc-1', now)).toBe(false);
  });

  it('is over after fifteen minutes whatever its end says', () => {
    const forged = { ...broken, expiresAtEpochMs: now + 86_400_000 };
    expect(isBreakGlassLive(forged, 'inc-1', now + 899_999)).toBe(true);
    expect(isBreakGlassLive(forged, 'inc-1', now + 900_000)).toBe(false);
  });

  it('spares an approval exactly when the transaction that starts the change finds it so', () => {
    const incident = fc.constantFrom('inc-1', 'inc-2');
    const place = fc.constantFrom('prod', 'dev');
    const near = (at: number) => fc.integer({ min: -2, max: 2 }).map((by) => at + by);
    const glass = fc.record({
      incidentId: incident,
      environment: place,
      openedAtEpochMs: fc.oneof(near(now), near(now - 600_000), near(now - 900_000)),
      expiresAtEpochMs: fc.oneof(near(now), near(now + 300_000), near(now + 86_400_000)),
    });
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(fc.option(glass, { nil: undefined }), incident, place, (found, incidentId, environment) => {
        const subject = { incidentId, environment };
        const { condition, values = {} } = breakGlassCheck('Controls', subject, now);
        const isSpared = sparesApproval(found, subject, now);
        seen.add(isSpared);
        expect(isSpared).toBe(holds(condition, found, { values }));
      }),
      { numRuns: 500 },
    );
    expect(seen.size).toBe(2);
  });
});
