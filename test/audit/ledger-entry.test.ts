import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptyChain,
  type LedgerEntry,
  type LedgerEvent,
  sealEntries,
  verifyChain,
} from '../../functions/audit/ledger-entry.ts';

const event = (type: string): LedgerEvent => ({
  type,
  atEpochMs: 1_795_392_000_000,
  actor: { kind: 'system', id: 'intake' },
  detail: { eventId: 'evt-1' },
});

const chain = (length: number): LedgerEntry[] =>
  sealEntries(
    'incident#a',
    emptyChain,
    'v1',
    Array.from({ length }, (_, index) => event(`step.${index}`)),
  );

describe('hash chain', () => {
  it('verifies as it was sealed, whatever the batches it was written in', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }), (batches) => {
        let head = emptyChain;
        const entries = batches.flatMap((size) => {
          const sealed = sealEntries(
            'incident#a',
            head,
            'v1',
            Array.from({ length: size }, () => event('step')),
          );
          head = sealed.at(-1) ?? head;
          return sealed;
        });
        expect(verifyChain('incident#a', entries)).toStrictEqual([]);
        expect(entries.map((entry) => entry.sequence)).toStrictEqual(entries.map((_, index) => index + 1));
      }),
    );
  });

  it('notices every single altered member', () => {
    const altered: ((entry: LedgerEntry) => LedgerEntry)[] = [
      (entry) => ({ ...entry, type: 'other' }),
      (entry) => ({ ...entry, atEpochMs: entry.atEpochMs + 1 }),
      (entry) => ({ ...entry, actor: { kind: 'person', id: 'intake' } }),
      (entry) => ({ ...entry, detail: { eventId: 'evt-2' } }),
      (entry) => ({ ...entry, artefactVersion: 'v2' }),
      (entry) => ({ ...entry, added: 1 }) as LedgerEntry,
    ];
    for (const alter of altered) {
      const entries = chain(3).map((entry, index) => (index === 1 ? alter(entry) : entry));
      expect(verifyChain('incident#a', entries)).toStrictEqual([
        { chainId: 'incident#a', sequence: 2, fault: 'altered' },
      ]);
    }
  });

  it('notices an entry re-hashed after an alteration by its successor', () => {
    const [first, second, third] = chain(3) as [LedgerEntry, LedgerEntry, LedgerEntry];
    const [forged] = sealEntries('incident#a', first, 'v1', [event('forged')]) as [LedgerEntry];
    expect(second.hash).not.toBe(forged.hash);
    expect(verifyChain('incident#a', [first, forged, third])).toStrictEqual([
      { chainId: 'incident#a', sequence: 3, fault: 'wrong-predecessor' },
    ]);
  });

  it('notices a gap, a removed first entry and an entry of another chain', () => {
    const [first, second, third] = chain(3) as [LedgerEntry, LedgerEntry, LedgerEntry];
    expect(verifyChain('incident#a', [first, third])[0]?.fault).toBe('gap');
    expect(verifyChain('incident#a', [second, third])[0]?.fault).toBe('gap');
    expect(verifyChain('incident#b', [first])[0]?.fault).toBe('wrong-chain');
  });

  it('pins the published formula: a chain written by an earlier version must stay verifiable', () => {
    expect(chain(1)[0]?.hash).toBe('2b45af7bbaf10e3b229765d1e90327f3886d4126beb2aba588b9cff4a082f07b');
  });
});
