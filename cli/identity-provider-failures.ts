import * as oidc from 'openid-client';
import { DependencyUnavailableError, InterlockError } from '../functions/platform/errors.ts';
import { printable } from './output.ts';

/** What a failed device authorization means for whoever waits for it. */
export function deviceFailure(issuer: string, cause: unknown): Error {
  if (cause instanceof InterlockError) return cause;
  const word = cause instanceof oidc.ResponseBodyError ? cause.error : undefined;
  if (word === 'access_denied') {
    return new InterlockError('cli.sign-in-denied', 'the sign-in was turned down in the browser', { cause });
  }
  if (word === 'expired_token' || isTimeout(cause)) {
    return new InterlockError(
      'cli.sign-in-expired',
      'nobody confirmed the sign-in in time; run the command again',
      { cause },
    );
  }
  if (word === 'unauthorized_client' || word === 'unsupported_grant_type') {
    return noDeviceFlow(issuer, cause);
  }
  return unavailable(issuer, cause);
}

/** The provider cannot sign anybody in from a command line. */
export function noDeviceFlow(issuer: string, cause?: unknown): InterlockError {
  return new InterlockError(
    'cli.no-device-flow',
    `the identity provider ${printable(issuer)} offers this client no device authorization, so nobody signs in from here; decide on the page, by the link of the approval`,
    { cause },
  );
}

/** The provider's own words are shown without what might drive a terminal, and never a token. */
export function unavailable(issuer: string, cause: unknown): DependencyUnavailableError {
  const why =
    cause instanceof oidc.ResponseBodyError
      ? [cause.error, cause.error_description].filter((word) => word !== undefined).join(': ')
      : cause instanceof Error
        ? cause.message
        : 'unknown';
  return new DependencyUnavailableError(
    'cli.provider-unavailable',
    `the identity provider ${printable(issuer)} did not answer as expected (${printable(why)}); try again`,
    { cause },
  );
}

function isTimeout(cause: unknown): boolean {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (error.name === 'TimeoutError') return true;
  }
  return false;
}
