import * as z from 'zod/mini';
import type { EpochMs } from '../../platform/clock.ts';
import type { Database, Write } from '../../platform/dynamodb.ts';
import { itemKeys } from '../../platform/item-keys.ts';
import type { Renewal, Session, Sessions } from './session.ts';

/** How long an ended or expired session stays readable for an investigation. Seconds. */
const keptSeconds = 86_400;

const itemSchema = z.object({
  identityId: z.string(),
  displayName: z.string(),
  groups: z.array(z.string()),
  aliases: z.array(z.string()),
  issuer: z.string(),
  subject: z.string(),
  authenticatedAtEpochMs: z.number(),
  confirmedAtEpochMs: z.number(),
  expiresAtEpochMs: z.number(),
  endedAtEpochMs: z.optional(z.number()),
  refreshToken: z.optional(z.string()),
});

/** {@link Sessions} in `Controls`, whose TTL deletes what is long over. */
export class SessionStore implements Sessions {
  readonly #database: Database;
  readonly #table: string;

  constructor(database: Database, controlsTable: string) {
    this.#database = database;
    this.#table = controlsTable;
  }

  async create(sessionId: string, session: Session): Promise<void> {
    // An id of 256 random bits exists already only where the SDK repeated this very write.
    await this.#database.putOnce(this.#table, {
      ...itemKeys.session(sessionId),
      ...session,
      ttlEpochSeconds: Math.ceil(session.expiresAtEpochMs / 1_000) + keptSeconds,
    });
  }

  async find(sessionId: string): Promise<Session | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.session(sessionId));
    const parsed = z.safeParse(itemSchema, item);
    return parsed.success ? (parsed.data as Session) : undefined;
  }

  async claimRenewal(sessionId: string, now: EpochMs, until: EpochMs): Promise<'claimed' | 'busy' | 'over'> {
    const refused = await this.#update(sessionId, {
      update: 'SET renewalUntilEpochMs = :until',
      condition: `attribute_exists(pk) AND attribute_not_exists(endedAtEpochMs)
        AND (attribute_not_exists(renewalUntilEpochMs) OR renewalUntilEpochMs <= :now)`,
      values: { ':until': until, ':now': now },
    });
    if (refused === undefined) return 'claimed';
    return refused.item === undefined || refused.item['endedAtEpochMs'] !== undefined ? 'over' : 'busy';
  }

  async renew(sessionId: string, claim: EpochMs, renewal: Renewal): Promise<'renewed' | 'lost'> {
    const token = renewal.refreshToken === undefined ? '' : ', refreshToken = :token';
    const refused = await this.#update(sessionId, {
      update: `SET displayName = :name, groups = :groups, aliases = :aliases, confirmedAtEpochMs = :at${token}
        REMOVE renewalUntilEpochMs`,
      condition: 'renewalUntilEpochMs = :claim AND attribute_not_exists(endedAtEpochMs)',
      values: {
        ':name': renewal.displayName,
        ':groups': renewal.groups,
        ':aliases': renewal.aliases,
        ':at': renewal.confirmedAtEpochMs,
        ':claim': claim,
        ...(renewal.refreshToken === undefined ? {} : { ':token': renewal.refreshToken }),
      },
    });
    return refused === undefined ? 'renewed' : 'lost';
  }

  async releaseRenewal(sessionId: string, claim: EpochMs): Promise<void> {
    await this.#update(sessionId, {
      update: 'REMOVE renewalUntilEpochMs',
      condition: 'renewalUntilEpochMs = :claim',
      values: { ':claim': claim },
    });
  }

  async end(sessionId: string, now: EpochMs): Promise<void> {
    await this.#update(sessionId, {
      update: 'SET endedAtEpochMs = :now REMOVE refreshToken, renewalUntilEpochMs',
      condition: 'attribute_exists(pk) AND attribute_not_exists(endedAtEpochMs)',
      values: { ':now': now },
    });
  }

  async useAttempt(stateDigest: string, now: EpochMs): Promise<'first' | 'used'> {
    const stored = await this.#database.putOnce(this.#table, {
      ...itemKeys.seen(stateDigest),
      seenAtEpochMs: now,
      ttlEpochSeconds: Math.ceil(now / 1_000) + keptSeconds,
    });
    return stored === 'stored' ? 'first' : 'used';
  }

  /** @returns What stood there when the condition did not hold. */
  async #update(
    sessionId: string,
    change: Pick<Extract<Write, { kind: 'update' }>, 'update' | 'condition' | 'values'>,
  ) {
    const key = itemKeys.session(sessionId);
    const result = await this.#database.transact([{ kind: 'update', table: this.#table, key, ...change }]);
    return result.outcome === 'committed' ? undefined : (result.refusals[0] ?? { item: undefined });
  }
}
