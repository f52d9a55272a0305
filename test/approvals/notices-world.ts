import { randomUUID } from 'node:crypto';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import type { Vote } from '../../functions/approvals/approval.ts';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import type { Channel, Notice, NoticeKind, OutgoingKey } from '../../functions/approvals/notice.ts';
import {
  deliverNotice,
  type NoticeChannel,
  type NoticePorts,
} from '../../functions/approvals/notices/deliver-notices.ts';
import { emailChannel } from '../../functions/approvals/notices/email.client.ts';
import { NoticeStore } from '../../functions/approvals/notices/notice.store.ts';
import { announcementCard, noticeCard } from '../../functions/approvals/notices/notice-card.ts';
import { channelUrl, postJson } from '../../functions/approvals/notices/notice-http.client.ts';
import { newsOf } from '../../functions/approvals/notices/notice-news.ts';
import { SlackApi } from '../../functions/approvals/slack/slack.client.ts';
import { slackChannel } from '../../functions/approvals/slack/slack-channel.ts';
import {
  type AnnouncementWords,
  openAndAnnounce,
  undeliveredEntry,
} from '../../functions/audit/announcement.ts';
import type { Finding } from '../../functions/audit/finding.ts';
import type { LedgerStore } from '../../functions/audit/ledger.store.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import type { Database } from '../../functions/platform/dynamodb.ts';
import { controlChain, incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { dossierOf, now, pending, planOf } from './fixtures.ts';
import { type SlackStandIn, slackChannelId, slackSecret } from './slack-stand-in.ts';

/** Tables, and the approvals on them. */
export interface Ground {
  readonly database: Database;
  readonly ledger: LedgerStore;
  readonly operations: string;
  readonly approvals: ApprovalStore;
}

const approvers = parseApproverPolicy({
  version: 1,
  grants: [
    { group: 'approvers', actionClasses: ['*'], environments: ['*'] },
    { group: 'leads', actionClasses: ['traffic'], environments: ['local'], joins: 'escalation' },
    { group: 'approvers', actionClasses: ['*'], environments: ['*'], joins: 'escalation' },
    { group: 'others', actionClasses: ['traffic'], environments: ['prod'], joins: 'escalation' },
  ],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});

interface Mail {
  readonly subject: string | undefined;
  readonly text: string | undefined;
  /** As a subscription's filter sees them. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/** Approvals whose notices are delivered: real stores, real HTTP to Slack and the webhook, mail that is kept. */
export class NoticeWorld {
  readonly #ground: Ground;
  readonly clock: { now: number };
  readonly notices: NoticeStore;
  readonly standIn: SlackStandIn;
  readonly mails: Mail[] = [];
  readonly failures: { readonly key: OutgoingKey; readonly channel: Channel; readonly error: unknown }[] = [];
  readonly ports: NoticePorts;
  isMailAway = false;

  /** @param clock The one that `ground` has too. */
  constructor(ground: Ground, standIn: SlackStandIn, clock: { now: number }) {
    this.#ground = ground;
    this.clock = clock;
    this.standIn = standIn;
    const { database, ledger, operations, approvals } = ground;
    this.notices = new NoticeStore(database, operations);
    const dossiers = new DossierStore(database, ledger, operations);
    const source = {
      dossier: dossiers.dossier,
      news: ((kind, dossier) =>
        newsOf(
          { approvers, publicBaseUrl: 'https://interlock.example/' },
          kind,
          dossier,
        )) satisfies NoticePorts['news'],
    };
    const secret = async () => slackSecret;
    const api = new SlackApi('arn:secret', standIn.apiUrl, secret);
    this.ports = {
      ...source,
      clock: () => this.clock.now,
      notices: this.notices,
      channels: [
        emailChannel('arn:topic', this.#topic()),
        slackChannel({ ...source, api, channelId: slackChannelId }),
        this.#webhook(),
      ],
      recordFailure: (approval, channel, kind) =>
        approvals.recordNotificationFailure(approval, channel, kind),
      recordUnannounced: async (announcement, channel) => {
        const entry = undeliveredEntry(announcement, channel, this.clock.now);
        await ledger.commit(controlChain('announcements', now), [entry], []);
      },
      onFailure: (key, channel, error) => this.failures.push({ key, channel, error }),
    };
  }

  /** A plan that people are asked about, ten minutes from now on. */
  async ask({ quorum = 1, tier = 'medium' } = {}): Promise<{ approvalId: string; incidentId: string }> {
    const approvalId = randomUUID();
    const incidentId = `inc-${approvalId}`;
    const plan = planOf(undefined, undefined, incidentId);
    const planDigest = planDigestOf(plan);
    const approval = pending({ approvalId, quorum }, plan);
    const { decision, incident } = dossierOf(approval, plan);
    const table = this.#ground.operations;
    const items = [
      { ...itemKeys.plan(incidentId, planDigest), plan, planDigest },
      { ...itemKeys.decision(incidentId, planDigest), ...decision, tier },
      { ...itemKeys.incident(incidentId), ...incident },
    ];
    await this.#ground.database.transact(items.map((item) => ({ kind: 'put', table, item })));
    await this.#ground.approvals.create(approval, new Uint8Array([1]));
    return { approvalId, incidentId };
  }

  async vote(approvalId: string, identityId: string, verdict: Vote['verdict'] = 'approve'): Promise<void> {
    const approval = await this.#ground.approvals.get(approvalId);
    const said = { identityId, displayName: identityId.toUpperCase(), verdict, via: 'page' } as const;
    const reason = verdict === 'reject' ? { reason: 'wrong-timing' as const } : {};
    const result = await this.#ground.approvals.vote(
      approvalId,
      approval?.planDigest ?? '',
      { ...said, ...reason },
      { may: 'decide' },
      900,
    );
    if (result.outcome !== 'recorded') throw new Error(`the vote was ${result.outcome}`);
  }

  get approvals(): ApprovalStore {
    return this.#ground.approvals;
  }

  /** Oldest first. */
  async noticesOf(approvalId: string): Promise<Notice[]> {
    const { pk } = itemKeys.notice(approvalId, '', 0);
    const items = await this.#ground.database.query(this.#ground.operations, pk);
    return (items as unknown as Notice[]).toSorted((a, b) => a.approvalVersion - b.approvalVersion);
  }

  async noticeOf(approvalId: string, kind: NoticeKind): Promise<Notice> {
    const notice = (await this.noticesOf(approvalId)).find((each) => each.kind === kind);
    if (notice === undefined) throw new Error(`no notice ${kind}`);
    return notice;
  }

  /** What the stream or the sweep does with one notice. */
  async deliver(approvalId: string, kind: NoticeKind, ports: Partial<NoticePorts> = {}) {
    return deliverNotice({ ...this.ports, ...ports }, await this.noticeOf(approvalId, kind));
  }

  /** A finding that everybody is told of. */
  async announce(words: Partial<AnnouncementWords> = {}, about: Finding['kind'] = 'break-glass-review') {
    const announcementId = `${about}-${randomUUID()}`;
    const finding = { findingId: announcementId, kind: about, summary: '', openedAtEpochMs: now, detail: {} };
    const said = { title: 'Glass broken for incident inc-1', lines: ['Ana breaks it.'], ...words };
    await this.#ground.database.transact(openAndAnnounce(this.#ground.operations, finding, said));
    return { announcementId };
  }

  /** As it stands in the outbox. */
  outgoing({ announcementId }: { announcementId: string }) {
    return this.#ground.database.get(this.#ground.operations, itemKeys.announcement(announcementId));
  }

  /** What the ledger says about announcements. */
  announcementEntries(): Promise<LedgerEntry[]> {
    return this.#ground.ledger.read(controlChain('announcements', now));
  }

  entries(incidentId: string): Promise<LedgerEntry[]> {
    return this.#ground.ledger.read(incidentChain(incidentId));
  }

  after(milliseconds: number): void {
    this.clock.now = now + milliseconds;
  }

  #topic(): SNSClient {
    const client = new SNSClient({ region: 'us-east-1' });
    client.send = (async (command: PublishCommand) => {
      if (this.isMailAway) throw new Error('the topic is away');
      const { Subject: subject, Message: text, MessageAttributes = {} } = command.input;
      const attributes = Object.fromEntries(
        Object.entries(MessageAttributes).map(([name, { DataType, StringValue }]) => [
          name,
          DataType === 'String' ? StringValue : undefined,
        ]),
      );
      this.mails.push({ subject, text, attributes });
      return {};
    }) as unknown as SNSClient['send'];
    return client;
  }

  #webhook(): NoticeChannel {
    const url = channelUrl(this.standIn.webhookUrl);
    const post = async (card: object): Promise<void> => {
      await postJson(url, card, { timeoutMs: 5_000 });
    };
    return {
      name: 'webhook',
      deliver: async (news) => {
        await post(noticeCard(news));
        return {};
      },
      announce: (announcement) => post(announcementCard(announcement)),
    };
  }
}
