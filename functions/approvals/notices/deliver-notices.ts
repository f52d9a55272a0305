import type { Clock, EpochMs } from '../../platform/clock.ts';
import { InterlockError } from '../../platform/errors.ts';
import { type Approval, isWaiting } from '../approval.ts';
import type { Dossier } from '../dossier.ts';
import type { Channel, ChannelDelivery, Notice, NoticeKind } from '../notice.ts';
import type { News } from './notice-words.ts';

/** Which notice: an approval has at most one of a kind in one version. */
export type NoticeKey = Pick<Notice, 'approvalId' | 'kind' | 'approvalVersion'>;

/** One way to tell people. */
export interface NoticeChannel {
  readonly name: Channel;
  /**
   * Tells people, or throws.
   *
   * @returns What names the message, where it can be changed later.
   */
  deliver(news: News): Promise<{ readonly messageId?: string }>;
  /** Called once the message is on record: changes it where the approval has moved on since `shown`. */
  catchUp?(shown: News): Promise<void>;
}

/** What delivering needs from the outside. */
export interface NoticePorts {
  readonly clock: Clock;
  readonly notices: {
    /** Takes a due notice for itself until then; nothing where it is not due, or somebody else has it. */
    claim(key: NoticeKey, now: EpochMs, untilEpochMs: EpochMs): Promise<Notice | undefined>;
    /** Notes what became of it on one channel. A message that was delivered stays so. */
    mark(key: NoticeKey, channel: Channel, delivery: ChannelDelivery): Promise<void>;
    /** Ends a claim that still holds: for good, or until the next try. */
    settle(claimed: Notice, now: EpochMs, next: 'done' | EpochMs): Promise<void>;
  };
  /** As it stands now, with its notices. */
  readonly dossier: (approvalId: string) => Promise<Dossier | undefined>;
  /** Those that this stage has. */
  readonly channels: readonly NoticeChannel[];
  readonly news: (kind: NoticeKind, dossier: Dossier) => News;
  /** Leaves evidence that people could not be told: once for each notice and channel. */
  readonly recordFailure: (approval: Approval, channel: Channel, kind: NoticeKind) => Promise<void>;
  readonly onFailure: (key: NoticeKey, channel: Channel, error: unknown) => void;
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
 * Two deliverers hardly ever tell the same thing: each takes the notice for itself first. Only a crash between
 * sending and noting it makes a second message.
 *
 * @returns `claimed-elsewhere` too where it is not due yet, or done.
 * @throws InterlockError `approval.dossier-missing`; whatever the tables throw. It is due again once the claim ends.
 */
export async function deliverNotice(
  ports: NoticePorts,
  key: NoticeKey,
): Promise<'claimed-elsewhere' | 'given-up' | 'moot' | 'delivered' | 'tried'> {
  const now = ports.clock();
  const notice = await ports.notices.claim(key, now, now + claimMs);
  if (notice === undefined) return 'claimed-elsewhere';
  if (now >= notice.createdAtEpochMs + givenUpAfterMs) {
    await ports.notices.settle(notice, now, 'done');
    return 'given-up';
  }
  const dossier = await ports.dossier(notice.approvalId);
  if (dossier === undefined) {
    throw new InterlockError(
      'approval.dossier-missing',
      `approval ${notice.approvalId} cannot be read whole`,
    );
  }
  if (isMoot(notice.kind, dossier.approval, now)) {
    await ports.notices.settle(notice, now, 'done');
    return 'moot';
  }
  const told = await Promise.allSettled(
    ports.channels
      .filter(({ name }) => goesTo(notice.kind, name) && notice.deliveries[name]?.status !== 'delivered')
      .map((channel) => tell(ports, notice, dossier, channel)),
  );
  const attempts: number[] = [];
  for (const result of told) {
    if (result.status === 'rejected') throw result.reason;
    if (result.value !== 'delivered') attempts.push(result.value);
  }
  const after = ports.clock();
  const next = attempts.length === 0 ? 'done' : after + retryDelayMs(Math.min(...attempts));
  await ports.notices.settle(notice, after, next);
  return next === 'done' ? 'delivered' : 'tried';
}

/** @returns How often the channel has failed with this notice, where it failed now. */
async function tell(
  ports: NoticePorts,
  notice: Notice,
  dossier: Dossier,
  channel: NoticeChannel,
): Promise<'delivered' | number> {
  const { name } = channel;
  const before = notice.deliveries[name];
  const attempts = (before?.attempts ?? 0) + 1;
  const news = ports.news(notice.kind, dossier);
  let sent: { readonly messageId?: string };
  try {
    sent = await channel.deliver(news);
  } catch (error) {
    ports.onFailure(notice, name, error);
    // Evidence first: a crash in between leaves a second entry, never none.
    if (before === undefined) await ports.recordFailure(dossier.approval, name, notice.kind);
    await ports.notices.mark(notice, name, { status: 'failed', attempts });
    return attempts;
  }
  await ports.notices.mark(notice, name, { status: 'delivered', attempts, ...sent });
  if (sent.messageId !== undefined) {
    await channel.catchUp?.(news).catch((error: unknown) => ports.onFailure(notice, name, error));
  }
  return 'delivered';
}
