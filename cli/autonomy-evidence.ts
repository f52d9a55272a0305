import type { LedgerEntry } from '../functions/audit/ledger-entry.ts';
import { type RaiseEvidence, raiseEvidence, raiseWindowMs } from '../functions/autonomy/raise-evidence.ts';
import type { StageReading } from '../functions/autonomy/stage.ts';
import { controlChain } from '../functions/platform/item-keys.ts';
import type { Autonomy } from './autonomy.ts';

const dayMs = 86_400_000;

/** Every change of a stage, every request, and every declaration that was published; oldest first. */
export async function historyOf(
  { connection }: Pick<Autonomy, 'connection'>,
  days: number,
  now: number,
): Promise<LedgerEntry[]> {
  const chains = Array.from({ length: days }, (_, index) => now - (days - 1 - index) * dayMs).flatMap((day) =>
    ['autonomy', 'policy'].map((entity) => controlChain(entity, day)),
  );
  const entries = (await Promise.all(chains.map((chain) => connection.ledger.read(chain)))).flat();
  return entries
    .filter(({ type }) => type.startsWith('autonomy.'))
    .toSorted((a, b) => a.atEpochMs - b.atEpochMs);
}

/** What speaks for or against more autonomy as of now, and what a reader must know of how it was counted. */
export async function evidenceOf(
  autonomy: Autonomy,
  reading: StageReading,
): Promise<{ readonly evidence: RaiseEvidence; readonly notes: readonly string[] }> {
  const now = Date.now();
  const [facts, entries] = await Promise.all([
    autonomy.evidence.facts(now - raiseWindowMs, { incidentsSinceEpochMs: now - 2 * raiseWindowMs }),
    historyOf(autonomy, raiseWindowMs / dayMs + 1, now),
  ]);
  return {
    evidence: raiseEvidence(reading, facts, entries, now),
    notes: [
      ...(facts.truncated ? ['  not everything was read: the lists are too long'] : []),
      ...(facts.unreadable > 0 ? [`  ${facts.unreadable} records do not say where they belong`] : []),
    ],
  };
}
