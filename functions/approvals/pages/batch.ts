import * as z from 'zod/mini';
import { digestOf } from '../../platform/digest.ts';
import { type Dossier, isIntact } from '../dossier.ts';
import { waitingShown } from '../inbox.ts';

/** Requests that ask for the same low-risk thing on different targets. */
export interface Batch {
  readonly key: string;
  readonly dossiers: readonly Dossier[];
}

/**
 * Names what a request asks for; nothing where it must be decided by itself: a tier above low, a quorum of more
 * than one, a change to judge, or a record that does not hold together. Equal exactly when action, environment,
 * agent role and effect are equal.
 */
export function batchKeyOf(dossier: Dossier): string | undefined {
  const { approval, plan, decision } = dossier;
  const { action, environment, agentRole, effect } = plan;
  const isAlone = decision.tier !== 'low' || approval.quorum !== 1 || approval.verdictOn !== undefined;
  if (isAlone || effect === undefined || !isIntact(dossier)) return undefined;
  return digestOf([action, environment, agentRole, effect.before, effect.after]).slice(0, 32);
}

/** The requests that can be decided together, in the order they came; a batch may hold a single one. */
export function batchesIn(dossiers: readonly Dossier[]): Batch[] {
  const groups = new Map<string, Dossier[]>();
  for (const dossier of dossiers) {
    const key = batchKeyOf(dossier);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), dossier]);
  }
  return [...groups].map(([key, members]) => ({ key, dossiers: members }));
}

/** The value of one checkbox: an approval and the plan that was shown for it. */
export function batchItem({ approvalId, planDigest }: Dossier['approval']): string {
  return `${planDigest}:${approvalId}`;
}

const item = z.pipe(
  z.string().check(z.regex(/^[0-9a-f]{64}:[^:]{1,256}$/)),
  z.transform((text) => ({ planDigest: text.slice(0, 64), approvalId: text.slice(65) })),
);
/** What was ticked, at most what an inbox shows. A form with one box ticked has one value, not a list. */
export const batchItems = z.pipe(
  z.transform((value) => (typeof value === 'string' ? [value] : value)),
  z.array(item).check(z.minLength(1), z.maxLength(waitingShown)),
);
