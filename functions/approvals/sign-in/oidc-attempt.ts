import * as z from 'zod/mini';
import type { EpochMs } from '../../platform/clock.ts';
import { sha256Hex } from '../../platform/digest.ts';
import { seal, unseal } from './oidc-seal.ts';
import { safeReturnPath } from './return-path.ts';
import type { SessionKeys } from './session.ts';

/** How long somebody may take at the provider: 10 minutes. */
export const attemptSeconds = 600;

const attemptSchema = z.strictObject({
  stateDigest: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  startedAtEpochMs: z.number(),
});

/** One sign-in under way: what the provider's answer must fit, kept sealed in the browser that began it. */
export type SignInAttempt = z.output<typeof attemptSchema>;

/** The attempt as the cookie holds it. */
export function sealAttempt(keys: SessionKeys, attempt: SignInAttempt): Promise<string> {
  return seal(keys.signIn, 'sign-in-attempt', attempt);
}

/** The attempt that this browser began for this state less than 10 minutes ago, or nothing. */
export async function openAttempt(
  keys: SessionKeys,
  cookie: string | undefined,
  state: string | undefined,
  now: EpochMs,
): Promise<SignInAttempt | undefined> {
  const parsed = z.safeParse(attemptSchema, await unseal(keys.signIn, 'sign-in-attempt', cookie));
  if (!parsed.success || state === undefined) return undefined;
  const attempt = parsed.data;
  const isOver = now >= attempt.startedAtEpochMs + attemptSeconds * 1_000;
  return isOver || attempt.stateDigest !== stateDigestOf(state) ? undefined : attempt;
}

/** Names a state without being one. */
export function stateDigestOf(state: string): string {
  return sha256Hex(state);
}

/**
 * The `state` of a new attempt. It carries, sealed, where to go afterwards: an answer that comes too late, or to
 * another browser, still leads a person back to what they came for. The random part of the seal makes it
 * unguessable; what binds it to a browser is the attempt's cookie.
 */
export function newState(keys: SessionKeys, returnTo: string): Promise<string> {
  return seal(keys.signIn, 'return-path', returnTo);
}

/** Where a state of ours leads, or to the inbox. */
export async function returnPathOf(keys: SessionKeys, state: string | undefined): Promise<string> {
  return safeReturnPath(await unseal(keys.signIn, 'return-path', state));
}
