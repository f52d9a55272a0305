import { digestOf } from '../platform/digest.ts';
import type { Finding } from './finding.ts';

/** A change to an entry that already stood in the ledger, as its stream reports it. */
export interface TamperedEntry {
  readonly chainId: string;
  readonly sequence: string;
  readonly how: 'MODIFY' | 'REMOVE';
  /** `hash` before, and after when the entry was overwritten. */
  readonly hashBefore: string;
  readonly hashAfter?: string;
  /** Stream sequence number: the same record delivered twice is one finding. */
  readonly streamSequence: string;
}

/** Nothing may change or remove an entry, so each time it happens is a finding of its own. */
export function tamperingFinding(entry: TamperedEntry, nowEpochMs: number): Finding {
  const what = entry.how === 'MODIFY' ? 'overwritten' : 'removed';
  return {
    findingId: `ledger-${digestOf([entry.chainId, entry.sequence, entry.streamSequence]).slice(0, 20)}`,
    kind: 'ledger-altered',
    summary: `ledger entry ${Number(entry.sequence)} of chain ${entry.chainId} was ${what}`,
    openedAtEpochMs: nowEpochMs,
    detail: {
      chainId: entry.chainId,
      sequence: Number(entry.sequence),
      how: entry.how,
      hashBefore: entry.hashBefore,
      ...(entry.hashAfter === undefined ? {} : { hashAfter: entry.hashAfter }),
    },
  };
}
