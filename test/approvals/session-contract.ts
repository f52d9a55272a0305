import { describe, expect, it } from 'vitest';
import type { People } from '../../functions/approvals/sign-in/person-record.ts';
import type { Session, Sessions } from '../../functions/approvals/sign-in/session.ts';
import { now } from './fixtures.ts';

/** A session that began at `now`. */
export function sessionOf(overrides: Partial<Session> = {}): Session {
  return {
    identityId: 'ana',
    displayName: 'Ana Duarte',
    groups: ['approvers'],
    aliases: ['ana@corp.example'],
    issuer: 'https://login.example',
    subject: 'ana-at-the-provider',
    authenticatedAtEpochMs: now,
    confirmedAtEpochMs: now,
    expiresAtEpochMs: now + 3_600_000,
    ...overrides,
  };
}

/** A renewal that says as little as one can. */
const nothing = { displayName: 'A', groups: [], aliases: [] };

let ids = 0;
const newId = () => `session-${++ids}`;

/** What every place that keeps sessions and people does. */
export function sessionContract(where: string, open: () => { sessions: Sessions; people: People }): void {
  describe(`sessions ${where}`, () => {
    it('are found as they were stored', async () => {
      const { sessions } = open();
      const id = newId();
      expect(await sessions.find(id)).toBeUndefined();
      for (const session of [sessionOf(), sessionOf({ refreshToken: 'sealed', groups: [] })]) {
        const each = newId();
        await sessions.create(each, session);
        expect(await sessions.find(each)).toStrictEqual(session);
      }
    });

    it('are not replaced', async () => {
      const { sessions } = open();
      const id = newId();
      await sessions.create(id, sessionOf());
      await sessions.create(id, sessionOf({ identityId: 'eve' }));
      expect((await sessions.find(id))?.identityId).toBe('ana');
    });

    it('are renewed by whoever holds the claim', async () => {
      const { sessions } = open();
      const id = newId();
      await sessions.create(id, sessionOf({ refreshToken: 'one' }));
      expect(await sessions.claimRenewal(id, now, now + 20)).toBe('claimed');
      expect(await sessions.claimRenewal(id, now + 19, now + 40)).toBe('busy');
      const renewal = {
        displayName: 'Ana D',
        groups: ['leads'],
        aliases: ['ana.d@corp.example'],
        confirmedAtEpochMs: now + 5,
      };
      expect(await sessions.renew(id, now + 20, { ...renewal, refreshToken: 'two' })).toBe('renewed');
      expect(await sessions.find(id)).toStrictEqual(sessionOf({ ...renewal, refreshToken: 'two' }));
      expect(await sessions.claimRenewal(id, now + 19, now + 40)).toBe('claimed');
    });

    it('keep their refresh token where a renewal brings none', async () => {
      const { sessions } = open();
      const id = newId();
      await sessions.create(id, sessionOf({ refreshToken: 'one' }));
      await sessions.claimRenewal(id, now, now + 20);
      await sessions.renew(id, now + 20, { ...nothing, confirmedAtEpochMs: now + 5 });
      expect((await sessions.find(id))?.refreshToken).toBe('one');
    });

    it.each([
      [now + 19, 'busy'],
      [now + 20, 'claimed'],
      [now + 21, 'claimed'],
    ] as const)('are free again once a claim has run out: at %s %s', async (at, expected) => {
      const { sessions } = open();
      const id = newId();
      await sessions.create(id, sessionOf());
      await sessions.claimRenewal(id, now, now + 20);
      expect(await sessions.claimRenewal(id, at, now + 60)).toBe(expected);
    });

    it('are not renewed by whoever lost the claim', async () => {
      const { sessions } = open();
      const id = newId();
      await sessions.create(id, sessionOf());
      await sessions.claimRenewal(id, now, now + 20);
      await sessions.claimRenewal(id, now + 20, now + 40);
      const late = { ...nothing, groups: ['leads'], confirmedAtEpochMs: now + 5 };
      expect(await sessions.renew(id, now + 20, late)).toBe('lost');
      await sessions.releaseRenewal(id, now + 20);
      expect(await sessions.claimRenewal(id, now + 21, now + 60)).toBe('busy');
      expect(await sessions.find(id)).toStrictEqual(sessionOf());
    });

    it('give one claim to many that ask at once', async () => {
      const { sessions } = open();
      const id = newId();
      await sessions.create(id, sessionOf());
      const all = await Promise.all(
        Array.from({ length: 8 }, (_none, index) => sessions.claimRenewal(id, now, now + 20 + index)),
      );
      expect(all.filter((each) => each === 'claimed')).toHaveLength(1);
      expect(all.filter((each) => each === 'busy')).toHaveLength(7);
    });

    it('are given back unchanged', async () => {
      const { sessions } = open();
      const id = newId();
      await sessions.create(id, sessionOf());
      await sessions.claimRenewal(id, now, now + 20);
      await sessions.releaseRenewal(id, now + 20);
      expect(await sessions.find(id)).toStrictEqual(sessionOf());
      expect(await sessions.claimRenewal(id, now + 1, now + 40)).toBe('claimed');
    });

    it('end once and for good, and forget their refresh token', async () => {
      const { sessions } = open();
      const id = newId();
      await sessions.create(id, sessionOf({ refreshToken: 'one' }));
      await sessions.claimRenewal(id, now, now + 20);
      await sessions.end(id, now + 7);
      await sessions.end(id, now + 9);
      const ended = sessionOf({ endedAtEpochMs: now + 7 });
      expect(await sessions.find(id)).toStrictEqual(ended);
      const renewal = { ...nothing, confirmedAtEpochMs: now + 8, refreshToken: 'two' };
      expect(await sessions.renew(id, now + 20, renewal)).toBe('lost');
      expect(await sessions.claimRenewal(id, now + 30, now + 50)).toBe('over');
      expect(await sessions.find(id)).toStrictEqual(ended);
    });

    it('that do not exist are neither claimed nor made by ending them', async () => {
      const { sessions } = open();
      const id = newId();
      expect(await sessions.claimRenewal(id, now, now + 20)).toBe('over');
      expect(await sessions.renew(id, now, { ...nothing, confirmedAtEpochMs: now })).toBe('lost');
      await sessions.releaseRenewal(id, now);
      await sessions.end(id, now);
      expect(await sessions.find(id)).toBeUndefined();
    });

    it('take the answer to an attempt once, however many bring it at once', async () => {
      const { sessions } = open();
      const digest = newId();
      const all = await Promise.all(Array.from({ length: 8 }, () => sessions.useAttempt(digest, now)));
      expect(all.filter((each) => each === 'first')).toHaveLength(1);
      expect(await sessions.useAttempt(digest, now + 1)).toBe('used');
      expect(await sessions.useAttempt(newId(), now)).toBe('first');
    });
  });

  describe(`people ${where}`, () => {
    const ana = (groups: readonly string[]) => ({
      id: newId(),
      displayName: 'Ana',
      groups,
      aliases: ['ana@corp.example'],
    });

    it('are what the provider said last, whichever answer arrives last', async () => {
      const { people } = open();
      const before = ana(['approvers']);
      const after = { ...before, groups: [] };
      expect(await people.find(before.id)).toBeUndefined();
      await people.confirmed(after, now + 10);
      await people.confirmed(before, now + 9);
      expect(await people.find(before.id)).toStrictEqual({ identity: after, confirmedAtEpochMs: now + 10 });
      await people.confirmed(before, now + 11);
      expect(await people.find(before.id)).toStrictEqual({ identity: before, confirmedAtEpochMs: now + 11 });
    });

    it('count for nothing once the provider vouches for them no more', async () => {
      const { people } = open();
      const identity = ana(['approvers']);
      await people.confirmed(identity, now);
      await people.lapsed(identity, now + 1);
      await people.confirmed(identity, now);
      const nobody = { identity: { ...identity, groups: [] }, confirmedAtEpochMs: 0 };
      expect(await people.find(identity.id)).toStrictEqual(nobody);
      await people.confirmed(identity, now + 2);
      expect(await people.find(identity.id)).toStrictEqual({ identity, confirmedAtEpochMs: now + 2 });
    });
  });
}
