import type { Identity } from '../../functions/approvals/authority.ts';
import type { People, PersonRecord } from '../../functions/approvals/sign-in/person-record.ts';
import type { Renewal, Session, Sessions } from '../../functions/approvals/sign-in/session.ts';

/** {@link Sessions} in memory; passes the same contract as the one in DynamoDB. */
export class MemorySessions implements Sessions {
  readonly all = new Map<string, Session & { renewalUntilEpochMs?: number | undefined }>();
  readonly #attempts = new Set<string>();

  async create(sessionId: string, session: Session): Promise<void> {
    if (!this.all.has(sessionId)) this.all.set(sessionId, session);
  }

  async find(sessionId: string): Promise<Session | undefined> {
    const found = this.all.get(sessionId);
    if (found === undefined) return undefined;
    const { renewalUntilEpochMs: _claim, ...session } = found;
    return session;
  }

  async claimRenewal(sessionId: string, now: number, until: number): Promise<'claimed' | 'busy' | 'over'> {
    const session = this.all.get(sessionId);
    if (session === undefined || session.endedAtEpochMs !== undefined) return 'over';
    if ((session.renewalUntilEpochMs ?? 0) > now) return 'busy';
    this.all.set(sessionId, { ...session, renewalUntilEpochMs: until });
    return 'claimed';
  }

  async renew(sessionId: string, claim: number, renewal: Renewal): Promise<'renewed' | 'lost'> {
    const session = this.all.get(sessionId);
    if (session?.renewalUntilEpochMs !== claim || session.endedAtEpochMs !== undefined) return 'lost';
    const { displayName, groups, aliases, confirmedAtEpochMs, refreshToken = session.refreshToken } = renewal;
    const token = refreshToken === undefined ? {} : { refreshToken };
    const renewed = { ...session, displayName, groups, aliases, confirmedAtEpochMs, ...token };
    this.all.set(sessionId, { ...renewed, renewalUntilEpochMs: undefined });
    return 'renewed';
  }

  async releaseRenewal(sessionId: string, claim: number): Promise<void> {
    const session = this.all.get(sessionId);
    if (session?.renewalUntilEpochMs !== claim) return;
    this.all.set(sessionId, { ...session, renewalUntilEpochMs: undefined });
  }

  async end(sessionId: string, now: number): Promise<void> {
    const session = this.all.get(sessionId);
    if (session === undefined || session.endedAtEpochMs !== undefined) return;
    const { refreshToken: _token, renewalUntilEpochMs: _claim, ...rest } = session;
    this.all.set(sessionId, { ...rest, endedAtEpochMs: now });
  }

  async useAttempt(stateDigest: string): Promise<'first' | 'used'> {
    if (this.#attempts.has(stateDigest)) return 'used';
    this.#attempts.add(stateDigest);
    return 'first';
  }
}

/** {@link People} in memory. */
export class MemoryPeople implements People {
  readonly #records = new Map<string, PersonRecord & { readonly askedAtEpochMs: number }>();

  async find(identityId: string): Promise<PersonRecord | undefined> {
    const found = this.#records.get(identityId);
    return found && { identity: found.identity, confirmedAtEpochMs: found.confirmedAtEpochMs };
  }

  async confirmed(identity: Identity, askedAtEpochMs: number): Promise<void> {
    this.#keep({ identity, confirmedAtEpochMs: askedAtEpochMs, askedAtEpochMs });
  }

  async lapsed(identity: Identity, askedAtEpochMs: number): Promise<void> {
    this.#keep({ identity: { ...identity, groups: [] }, confirmedAtEpochMs: 0, askedAtEpochMs });
  }

  #keep(record: PersonRecord & { readonly askedAtEpochMs: number }): void {
    const before = this.#records.get(record.identity.id);
    if (before === undefined || before.askedAtEpochMs <= record.askedAtEpochMs) {
      this.#records.set(record.identity.id, record);
    }
  }
}
