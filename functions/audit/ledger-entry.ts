import { canonicalJson } from '../platform/canonical-json.ts';
import { sha256Hex } from '../platform/digest.ts';

/** Who did it. An agent's name never stands where a person's is expected. */
export interface Actor {
  readonly kind: 'system' | 'agent' | 'person';
  readonly id: string;
}

/** What happened, before it has a place in a chain. `detail` holds ids, digests and closed words, never payloads. */
export interface LedgerEvent {
  /** Dotted, past tense: `incident.opened`, `change.started`. */
  readonly type: string;
  readonly atEpochMs: number;
  readonly actor: Actor;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** A {@link LedgerEvent} with its place: who, what, when, on which artefact, after which entry. */
export interface LedgerEntry extends LedgerEvent {
  readonly chainId: string;
  /** 1 for the first entry of a chain, then without gaps. */
  readonly sequence: number;
  /** Digest of the code, policies and prompts that wrote the entry. */
  readonly artefactVersion: string;
  /** `hash` of the entry before, or {@link genesisHash}. */
  readonly previousHash: string;
  /** SHA-256(previousHash ‖ canonicalJson(entry without `previousHash` and `hash`)), hex. */
  readonly hash: string;
}

/** What a chain's first entry names as its predecessor. */
export const genesisHash = '0'.repeat(64);

/** Where the next entry of a chain goes. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

export const emptyChain: ChainHead = { sequence: 0, hash: genesisHash };

/** Gives events their places behind a chain's head, in order. */
export function sealEntries(
  chainId: string,
  head: ChainHead,
  artefactVersion: string,
  events: readonly LedgerEvent[],
): LedgerEntry[] {
  let { sequence, hash: previousHash } = head;
  return events.map((event) => {
    sequence += 1;
    const body = { chainId, sequence, artefactVersion, ...event };
    const hash = entryHash(previousHash, body);
    const entry = { ...body, previousHash, hash };
    previousHash = hash;
    return entry;
  });
}

/** The hash that binds an entry to everything before it. */
function entryHash(previousHash: string, body: Omit<LedgerEntry, 'previousHash' | 'hash'>): string {
  return sha256Hex(previousHash + canonicalJson(body));
}

/** What is wrong with a chain, at which sequence number. */
export interface ChainFault {
  readonly chainId: string;
  readonly sequence: number;
  readonly fault: 'gap' | 'wrong-predecessor' | 'altered' | 'wrong-chain';
}

/**
 * Checks one chain from its first entry: no gap, no fork, no altered entry. It cannot notice a removed tail:
 * that takes a head published elsewhere.
 *
 * @param entries All entries of the chain in sequence order.
 */
export function verifyChain(chainId: string, entries: readonly LedgerEntry[]): ChainFault[] {
  const faults: ChainFault[] = [];
  let head = emptyChain;
  for (const entry of entries) {
    const { previousHash, hash, ...body } = entry;
    const at = { chainId, sequence: entry.sequence };
    if (entry.chainId !== chainId) faults.push({ ...at, fault: 'wrong-chain' });
    if (entry.sequence !== head.sequence + 1) faults.push({ ...at, fault: 'gap' });
    else if (previousHash !== head.hash) faults.push({ ...at, fault: 'wrong-predecessor' });
    if (entryHash(previousHash, body) !== hash) faults.push({ ...at, fault: 'altered' });
    head = { sequence: entry.sequence, hash };
  }
  return faults;
}
