type Payload = Record<string, unknown>;

/** What oidc-provider asks of the place where it keeps codes, grants, tokens and sessions. */
interface Storage {
  upsert(id: string, payload: Payload, expiresInSeconds?: number): Promise<void>;
  find(id: string): Promise<Payload | undefined>;
  findByUid(uid: string): Promise<Payload | undefined>;
  findByUserCode(userCode: string): Promise<Payload | undefined>;
  consume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  revokeByGrantId(grantId: string): Promise<void>;
}

/**
 * Storage in this process: gone when it ends, and nothing is dropped before it expires (the package's own keeps a
 * thousand entries, so that a long test run would end the oldest sign-ins).
 *
 * @returns the storage of one kind of thing, by the name of the kind
 */
export function memoryStorage(): (kind: string) => Storage {
  const kinds = new Map<string, Kept>();
  return (kind) => {
    const kept = kinds.get(kind) ?? new Kept();
    kinds.set(kind, kept);
    return kept;
  };
}

class Kept implements Storage {
  readonly #entries = new Map<string, { readonly payload: Payload; readonly expiresAtEpochMs: number }>();

  async upsert(id: string, payload: Payload, expiresInSeconds = Number.POSITIVE_INFINITY): Promise<void> {
    const now = Date.now();
    for (const [old, { expiresAtEpochMs }] of this.#entries) {
      if (expiresAtEpochMs <= now) this.#entries.delete(old);
    }
    this.#entries.set(id, { payload, expiresAtEpochMs: now + expiresInSeconds * 1_000 });
  }

  async find(id: string): Promise<Payload | undefined> {
    const entry = this.#entries.get(id);
    return entry === undefined || entry.expiresAtEpochMs <= Date.now() ? undefined : entry.payload;
  }

  findByUid(uid: string): Promise<Payload | undefined> {
    return this.#findBy('uid', uid);
  }

  findByUserCode(userCode: string): Promise<Payload | undefined> {
    return this.#findBy('userCode', userCode);
  }

  async consume(id: string): Promise<void> {
    const payload = await this.find(id);
    if (payload !== undefined) payload['consumed'] = Math.floor(Date.now() / 1_000);
  }

  async destroy(id: string): Promise<void> {
    this.#entries.delete(id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, { payload }] of this.#entries)
      if (payload['grantId'] === grantId) this.#entries.delete(id);
  }

  async #findBy(name: string, value: string): Promise<Payload | undefined> {
    const found = [...this.#entries].find(([, { payload }]) => payload[name] === value);
    return found === undefined ? undefined : this.find(found[0]);
  }
}
