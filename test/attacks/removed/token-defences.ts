import { cases, edit, type RemovedDefence } from './removed-defence.ts';

const signIn = (...names: string[]): string[] => cases('an ID token at sign-in', ...names);
const api = (...names: string[]): string[] => cases('an ID token for the API', ...names);

const lies = [
  'has no signature (alg none)',
  'is signed by somebody else',
  'is an HMAC with the published key (alg HS256)',
  'is signed by an algorithm that is not the pinned one',
  'is from another issuer',
  'has expired',
  'never expires',
  'is not valid yet',
  'names nobody',
];

const decoded = `const parts = token.split('.').slice(0, 2);
  const [protectedHeader, claims] = parts.map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  const payload = { sub: 'ana', ...claims };`;

/** What makes an ID token a proof: signature, issuer, audience, time, nonce. */
export const tokenDefences: readonly RemovedDefence[] = [
  {
    without: 'verifying the ID token of a sign-in',
    attacks: signIn(
      ...lies,
      'is for another client',
      'answers another question (nonce)',
      'was stolen from another sign-in of the same browser',
    ),
    edits: [
      edit(
        'sign-in/oidc-provider.client.ts',
        'const tokens = await oidc.authorizationCodeGrant(configuration, answer, {',
        `return await believed(configuration, answer, this.#settings, checks);
      const tokens = await oidc.authorizationCodeGrant(configuration, answer, {`,
      ),
      edit(
        'sign-in/oidc-provider.client.ts',
        'function notVouched(',
        `async function believed(configuration: oidc.Configuration, answer: URL, settings: OidcSettings, checks: AnswerChecks) {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: settings.clientId,
    redirect_uri: settings.redirectUri,
    code: answer.searchParams.get('code') ?? '',
    code_verifier: checks.codeVerifier,
  });
  const response = await fetch(configuration.serverMetadata().token_endpoint ?? '', { method: 'POST', body });
  const { id_token: token = '', refresh_token: refreshToken } = await response.json();
  ${decoded}
  return { outcome: 'vouched', subject: payload.sub, claims: payload, refreshToken };
}

function notVouched(`,
      ),
    ],
  },
  {
    without: 'the verifier (PKCE)',
    attacks: signIn('that is honest counts, with the proof that the code was ours (PKCE)'),
    edits: [edit('sign-in/oidc-provider.client.ts', 'pkceCodeVerifier: checks.codeVerifier,', '')],
    honestPeopleToo: 'an honest provider insists on it',
  },
  {
    without: 'comparing the issuer that the answer names',
    attacks: signIn('comes by an answer of another issuer (mix-up)'),
    edits: [
      edit(
        'sign-in/oidc-provider.client.ts',
        'answer.search = query;',
        "answer.search = query;\n    answer.searchParams.set('iss', this.#settings.issuer);",
      ),
    ],
  },
  {
    without: 'comparing the issuer that the provider calls itself',
    attacks: signIn('comes from a provider that describes itself as another one'),
    edits: [
      edit(
        'sign-in/oidc-provider.client.ts',
        'if (configuration.serverMetadata().issuer !== issuer) {',
        'if (false) {',
      ),
    ],
  },
  {
    without: 'looking for what cannot be seen in a name',
    attacks: signIn('names somebody by a name that nobody can tell from an approver’s'),
    edits: [
      edit(
        'sign-in/oidc-claims.ts',
        String.raw`if (id.trim() !== id || showUntrusted(id) !== id || /[\n\t]/.test(id)) return undefined;`,
        '',
      ),
    ],
  },
  {
    without: 'a shape of the claim that names groups',
    attacks: signIn('claims groups in a shape that nobody expects'),
    edits: [
      edit(
        'sign-in/oidc-claims.ts',
        'const all: readonly unknown[] = Array.isArray(claim) ? claim : [claim];',
        String.raw`const all: readonly unknown[] = JSON.stringify(claim)?.match(/\w+/g) ?? [];`,
      ),
    ],
  },
  {
    without: 'comparing who is vouched for again',
    attacks: cases('an ID token at a decision', 'is about another person'),
    edits: [
      edit(
        'sign-in/oidc-confirm.ts',
        'return subject === session.subject && identity?.id === session.identityId ? identity : undefined;',
        'return identity;',
      ),
    ],
  },
  {
    without: 'the age of a renewed token',
    attacks: cases('an ID token at a decision', 'was issued long ago'),
    edits: [
      edit(
        'sign-in/oidc-provider.client.ts',
        'return this.#clock() - issuedAtEpochMs <= renewedIdTokenMaxAgeMs',
        'return issuedAtEpochMs > 0',
      ),
    ],
  },
  {
    without: 'verifying the ID token of a request',
    attacks: api(
      ...lies,
      'was issued to the pages, to another client or to several',
      'was altered after it was signed',
      'brings its own key',
    ),
    edits: [
      edit('sign-in/api-identity.ts', 'await jwtVerify(token, keys, {', 'believed(token, {'),
      edit(
        'sign-in/api-identity.ts',
        'function refused(',
        `function believed(token: string, _checks: object) {
  ${decoded}
  return { payload, protectedHeader };
}

function refused(`,
      ),
    ],
  },
  {
    without: 'asking for which client a token was made',
    attacks: api('was issued to the pages, to another client or to several'),
    edits: [edit('sign-in/api-identity.ts', 'if (!onlyForUs ||', 'if (')],
  },
  {
    without: 'asking what kind of token it is',
    attacks: api('is an access token that looks like one'),
    edits: [
      edit('sign-in/api-identity.ts', "(protectedHeader.typ ?? 'JWT').toUpperCase() !== 'JWT'", 'false'),
    ],
  },
  {
    without: 'the age of a token',
    attacks: api('is used a moment after its five minutes'),
    edits: [
      edit('sign-in/api-identity.ts', "if (ageSeconds > usableSeconds) return refused('expired');", ''),
    ],
  },
  {
    without: 'refusing a token of the future',
    attacks: api('was issued in the future, so that it stays fresh'),
    edits: [edit('sign-in/api-identity.ts', "if (ageSeconds < -skewSeconds) return refused('invalid');", '')],
  },
];
