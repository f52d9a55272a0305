import type { Announcement } from '../../audit/announcement.ts';
import type { Clock, EpochMs } from '../../platform/clock.ts';
import { InterlockError } from '../../platform/errors.ts';
import { type Approval, isWaiting } from '../approval.ts';
import type { Dossier } from '../dossier.ts';
import type { Channel, ChannelDelivery, Notice, NoticeKind, Outgoing, OutgoingKey } from '../notice.ts';
import type { News } from './notice-words.ts';

/** One way to tell people. */
export interface NoticeChannel {
  readonly name: Channel;
  /**
   * Tells people of an approval, or throws.
   *
   * @returns What names the message, where it can be changed later.
   */
  deliver(news: News): Promise<{ readonly messageId?: string }>;
  /** Called once the message is on record: changes it where the approval has moved on since `shown`. */
  catchUp?(shown: News): Promise<void>;
  /** Tells people of a finding, or throws. */
  announce(announcement: Announcement): Promise<void>;
}

/** What delivering needs from the outside. */
export interface NoticePorts {
  readonly clock: Clock;
  readonly notices: {
    /** Takes what is due for itself until then; nothing where it is not due, or somebody else has it. */
    claim(key: OutgoingKey, now: EpochMs, untilEpochMs: EpochMs): Promise<Outgoing | undefined>;
    /** Notes what became of it on one channel. A message that was delivered stays so. */
    mark(key: OutgoingKey, channel: Channel, delivery: ChannelDelivery): Promise<void>;
    /** Ends a claim that still holds: for good, or until the next try. */
    settle(claimed: Outgoing, now: EpochMs, next: 'done' | EpochMs): Promise<void>;
  };
  /** As it stands now, with its notices. */
  readonly dossier: (approvalId: string) => Promise<Dossier | undefined>;
  /** Those that this stage has. */
  readonly channels: readonly NoticeChannel[];
  readonly news: (kind: NoticeKind, dossier: Dossier) => News;
  /** Leaves evidence that people could not be told: once for each notice and channel. */
  readonly recordFailure: (approval: Approval, channel: Channel, kind: NoticeKind) => Promise<void>;
  /** The same for an announcement. */
  readonly recordUnannounced: (announcement: Announcement, channel: Channel) => Promise<void>;
  readonly onFailure: (key: OutgoingKey, channel: Channel, error: unknown) => void;
}

/** What is told, and how. */
interface Message {
  readonly goesTo: (channel: Channel) => boolean;
  readonly send: (channel: NoticeChannel) => Promise<{ readonly messageId?: string }>;
  /** Called once a message that can be changed is on record. */
  readonly catchUp?: (channel: NoticeChannel) => Promise<void> | undefined;
  readonly recordFailure: (channel: Channel) => Promise<void>;
}

/**
 * How long a claim holds: longer than all channels take to fail. Whoever crashes with a claim delays the notice
 * by this much.
 */
const claimMs = 90_000;

/** After this long nobody is told any more. */
const givenUpAfterMs = 24 * 3_600_000;

/** Whether a kind of notice goes to a channel. Only Slack shows how far it is: mail for each vote would be noise. */
export function goesTo(kind: NoticeKind, channel: Channel): boolean {
  return kind !== 'progress' || channel === 'slack';
}

/** Whether telling people would be wrong by now: there is nothing to decide any more, which another notice says. */
function isMoot(kind: NoticeKind, approval: Approval, now: EpochMs): boolean {
  return kind !== 'outcome' && !isWaiting(approval, now);
}

/** Pause before the next try, in milliseconds: a minute, doubled each time, at most a quarter of an hour. */
export function retryDelayMs(attempts: number): number {
  return Math.min(60_000 * 2 ** (attempts - 1), 900_000);
}

/**
 * Tells people one thing, on each channel apart: one that fails holds up no other, blocks nothing and grants
 * nothing. It is tried again for a day, or until there is nothing left to say.
 *
 * Two deliverers hardly ever tell the same thing: each takes it for itself first. Only a crash between sending and
 * noting it makes a second message.
 *
 * @returns `claimed-elsewhere` too where it is not due yet, or done.
 * @throws InterlockError `approval.dossier-missing`; whatever the tables throw. It is due again once the claim ends.
 */
export async function deliverNotice(
  ports: NoticePorts,
  key: OutgoingKey,
): Promise<'claimed-elsewhere' | 'given-up' | 'moot' | 'delivered' | 'tried'> {
  const now = ports.clock();
  const claimed = await ports.notices.claim(key, now, now + claimMs);
  if (claimed === undefined) return 'claimed-elsewhere';
  if (now >= claimed.createdAtEpochMs + givenUpAfterMs) {
    await ports.notices.settle(claimed, now, 'done');
    return 'given-up';
  }
  const message =
    'announcementId' in claimed ? ofAnnouncement(ports, claimed) : await ofNotice(ports, claimed, now);
  if (message === 'moot') {
    await ports.notices.settle(claimed, now, 'done');
    return 'moot';
  }
  const told = await Promise.allSettled(
    ports.channels
      .filter(({ name }) => message.goesTo(name) && claimed.deliveries[name]?.status !== 'delivered')
      .map((channel) => tell(ports, claimed, message, channel)),
  );
  const attempts: number[] = [];
  for (const result of told) {
    if (result.status === 'rejected') throw result.reason;
    if (result.value !== 'delivered') attempts.push(result.value);
  }
  const after = ports.clock();
  const next = attempts.length === 0 ? 'done' : after + retryDelayMs(Math.min(...attempts));
  await ports.notices.settle(claimed, after, next);
  return next === 'done' ? 'delivered' : 'tried';
}

/** It stays true, whatever happens meanwhile. */
function ofAnnouncement(ports: NoticePorts, announcement: Announcement): Message {
  return {
    goesTo: () => true,
    send: async (channel) => {
      await channel.announce(announcement);
      return {};
    },
    recordFailure: (channel) => ports.recordUnannounced(announcement, channel),
  };
}

async function ofNotice(
  ports: NoticePorts,
  { approvalId, kind }: Notice,
  now: EpochMs,
): Promise<Message | 'moot'> {
  const dossier = await ports.dossier(approvalId);
  if (dossier === undefined) {
    throw new InterlockError('approval.dossier-missing', `approval ${approvalId} cannot be read whole`);
  }
  if (isMoot(kind, dossier.approval, now)) return 'moot';
  const news = ports.news(kind, dossier);
  return {
    goesTo: (channel) => goesTo(kind, channel),
    send: (channel) => channel.deliver(news),
    catchUp: (channel) => channel.catchUp?.(news),
    recordFailure: (channel) => ports.recordFailure(dossier.approval, channel, kind),
  };
}

/** @returns How often the channel has failed with it, where it failed now. */
async function tell(
  ports: NoticePorts,
  claimed: Outgoing,
  message: Message,
  channel: NoticeChannel,
): Promise<'delivered' | number> {
  const { name } = channel;
  const before = claimed.deliveries[name];
  const attempts = (before?.attempts ?? 0) + 1;
  let sent: { readonly messageId?: string };
  try {
    sent = await message.send(channel);
  } catch (error) {
    ports.onFailure(claimed, name, error);
    // Evidence first: a crash in between leaves a second entry, never none.
    if (before === undefined) await message.recordFailure(name);
    await ports.notices.mark(claimed, name, { status: 'failed', attempts });
    return attempts;
  }
  await ports.notices.mark(claimed, name, { status: 'delivered', attempts, ...sent });
  if (sent.messageId !== undefined) {
    await message.catchUp?.(channel)?.catch((error: unknown) => ports.onFailure(claimed, name, error));
  }
  return 'delivered';
}
