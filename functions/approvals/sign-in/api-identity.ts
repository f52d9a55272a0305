import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Clock } from '../../platform/clock.ts';
import type { Identity } from '../authority.ts';
import { type ClaimNames, identityFrom } from './oidc-claims.ts';

/** Who sent a request of the command line, according to its `Authorization` header. */
export interface ApiIdentity {
  identify(authorization: string | undefined): Promise<ApiCaller>;
}

/**
 * `expired`: get a new token and send the request again. `unavailable`: the provider's keys could not be read; or,
 * however good the token is, this stage must be told by another claim (`oidcIdentityClaim`) who somebody is.
 */
export type ApiCaller =
  | { readonly outcome: 'identified'; readonly identity: Identity }
  | { readonly outcome: 'refused'; readonly because: 'missing' | 'expired' | 'invalid' }
  | { readonly outcome: 'unavailable'; readonly because?: 'subject-per-client' };

/** How old an ID token may be: its groups are what the provider said then. Seconds. */
const usableSeconds = 300;

/** How long ago a person may have signed in for the command line, where the provider says when: a shift. Seconds. */
const loginSeconds = 43_200;
/** How far the provider's clock and ours may differ. Seconds. */
const skewSeconds = 10;

/** What a token must say, and where the keys come from that sign it. */
export interface ApiTokens extends ClaimNames {
  readonly issuer: string;
  /** The command line's own client: tokens of any other, and of the pages, do not count. */
  readonly cliClientId: string;
  readonly idTokenAlgorithm: string;
  /** @throws Anything when the provider cannot be reached. */
  readonly keys: JWTVerifyGetKey;
  /**
   * Whether `sub` is the same for one person in each client of the provider (subject type `public`).
   *
   * @throws Anything when the provider cannot be reached.
   */
  readonly hasPublicSubjects: () => Promise<boolean>;
  readonly clock: Clock;
}

/**
 * Takes ID tokens that the provider issued to the command line within the last 5 minutes: signed by the
 * provider's key with the one pinned algorithm, from its issuer, for this client alone. Where people are known by
 * `sub` and the provider makes another one for each client (pairwise subjects, as Entra ID does), nobody is taken:
 * they would be somebody else than on the pages, alone make a quorum of two, and escape what excludes them.
 */
export class OidcApiIdentity implements ApiIdentity {
  readonly #tokens: ApiTokens;

  constructor(tokens: ApiTokens) {
    this.#tokens = tokens;
  }

  async identify(authorization: string | undefined): Promise<ApiCaller> {
    if (authorization === undefined || authorization === '') return refused('missing');
    const token = /^Bearer ([\w.-]{1,16000})$/i.exec(authorization)?.[1];
    if (token === undefined) return refused('invalid');
    try {
      return await this.#verified(token);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return refused('expired');
      return isTokensFault(error) ? refused('invalid') : { outcome: 'unavailable' };
    }
  }

  async #verified(token: string): Promise<ApiCaller> {
    const { issuer, cliClientId, idTokenAlgorithm, identityClaim, keys, clock } = this.#tokens;
    const now = clock();
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: [idTokenAlgorithm],
      issuer,
      audience: cliClientId,
      currentDate: new Date(now),
      clockTolerance: skewSeconds,
      requiredClaims: ['sub', 'iat', 'exp'],
    });
    // A token for several audiences, or an access token that names the same client, was not made for this.
    const onlyForUs = [payload.aud].flat().length === 1 && (payload['azp'] ?? cliClientId) === cliClientId;
    if (!onlyForUs || (protectedHeader.typ ?? 'JWT').toUpperCase() !== 'JWT') return refused('invalid');
    const ageSeconds = now / 1_000 - (payload.iat ?? 0);
    if (ageSeconds < -skewSeconds) return refused('invalid');
    if (ageSeconds > usableSeconds) return refused('expired');
    // Kept alive by refreshing, a login would otherwise last for as long as the provider renews it.
    const { auth_time: signedInAt } = payload;
    if (typeof signedInAt === 'number' && now / 1_000 - signedInAt > loginSeconds) return refused('expired');
    if (identityClaim === 'sub' && !(await this.#tokens.hasPublicSubjects())) {
      return { outcome: 'unavailable', because: 'subject-per-client' };
    }
    const identity = identityFrom(payload, this.#tokens);
    return identity === undefined ? refused('invalid') : { outcome: 'identified', identity };
  }
}

function refused(because: 'missing' | 'expired' | 'invalid'): ApiCaller {
  return { outcome: 'refused', because };
}

/** Everything that jose says of the token itself; not what it says when the key set cannot be fetched. */
function isTokensFault(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC'
  );
}
