import type { EpochMs } from '../../platform/clock.ts';
import type { Identity } from '../authority.ts';

/** What the identity provider last said of a person. */
export interface PersonRecord {
  readonly identity: Identity;
  /** 0 once the provider has stopped vouching for them: too old for anything. */
  readonly confirmedAtEpochMs: EpochMs;
}

/** What the provider last said of each person, for channels that cannot ask it. The latest word stands. */
export interface People {
  find(identityId: string): Promise<PersonRecord | undefined>;
  /** @param askedAtEpochMs When the provider was asked: an answer to an earlier question replaces nothing. */
  confirmed(identity: Identity, askedAtEpochMs: EpochMs): Promise<void>;
  /** The provider no longer vouches for this person's session: what it said before counts for nothing. */
  lapsed(identity: Identity, askedAtEpochMs: EpochMs): Promise<void>;
}
