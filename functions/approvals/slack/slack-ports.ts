import type { EpochMs } from '../../platform/clock.ts';
import type { PersonRecord } from '../sign-in/person-record.ts';

/** What deciding in Slack needs from the outside. */
export interface SlackPorts {
  /** Whether Slack sent this, lately, and for the first time. A genuine message is `replayed` from then on. */
  verify(
    rawBody: string,
    timestamp: string,
    signature: string,
    now: EpochMs,
  ): Promise<'genuine' | 'forged' | 'stale' | 'replayed'>;
  /** What the identity provider last said of a person, and when. */
  personOf(identityId: string): Promise<PersonRecord | undefined>;
  /** Tells one user something that nobody else in the channel sees. */
  answer(channelId: string, userId: string, text: string): Promise<void>;
}
