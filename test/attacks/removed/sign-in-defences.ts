import { cases, edit, type RemovedDefence } from './removed-defence.ts';

const signIn = (...names: string[]): string[] => cases('sign-in', ...names);
const session = (...names: string[]): string[] => cases('sessions', ...names);

/** What binds a sign-in to the browser that began it, and a session to a person and an hour. */
export const signInDefences: readonly RemovedDefence[] = [
  {
    without: 'looking where a sign-in leads',
    attacks: signIn('sends somebody elsewhere afterwards'),
    edits: [
      edit(
        'sign-in/return-path.ts',
        'export function safeReturnPath(asked: unknown): string {',
        "export function safeReturnPath(asked: unknown): string {\n  if (typeof asked === 'string' && asked !== '') return asked;",
      ),
    ],
  },
  {
    without: 'keeping where a sign-in leads from its beginning',
    attacks: signIn('leads where it was not begun for, by changing where it leads on the way'),
    edits: [
      edit(
        'sign-in/oidc-sign-in.ts',
        'const returnTo = await returnPathOf(keys, state);',
        "const returnTo = context.req.query('returnTo') ?? (await returnPathOf(keys, state));",
      ),
    ],
  },
  {
    without: 'a redirect address of our own',
    attacks: signIn('reads where it leads from the host, as proxies and attackers write it'),
    edits: [
      edit(
        'sign-in/oidc-sign-in.ts',
        "return { outcome: 'to-provider', url: made.url } as const;",
        `const url = new URL(made.url);
    const host = context.req.header('x-forwarded-host') ?? 'approvals.example';
    url.searchParams.set('redirect_uri', 'https://' + host + '/sign-in/callback');
    return { outcome: 'to-provider', url: url.href } as const;`,
      ),
    ],
  },
  {
    without: 'the cookie that binds an answer to a browser',
    attacks: signIn(
      'is finished in a browser that did not begin it: the victim is signed in as the attacker',
      'is finished in a browser that began another one',
      'has an attempt that was altered, or sealed as something else',
    ),
    edits: [
      edit(
        'sign-in/oidc-sign-in.ts',
        'writeAttemptCookie(context, begun.stateDigest, await sealAttempt(keys, begun));',
        `const sealed = await sealAttempt(keys, begun);
    globalThis.attempts = { ...globalThis.attempts, [state]: sealed };
    writeAttemptCookie(context, begun.stateDigest, sealed);`,
      ),
      edit(
        'sign-in/oidc-sign-in.ts',
        'const kept = readAttemptCookie(context, stateDigestOf(state));',
        'const kept = globalThis.attempts?.[state];',
      ),
    ],
  },
  {
    without: 'a nonce and a verifier that are new each time',
    attacks: signIn(
      'is finished with the attacker’s code under the victim’s state',
      'goes without PKCE, state or nonce, or shows the verifier to anybody',
    ),
    edits: [
      edit(
        'sign-in/oidc-sign-in.ts',
        '{ nonce: newSecret(), codeVerifier: newSecret() }',
        "{ nonce: 'n'.repeat(43), codeVerifier: 'v'.repeat(43) }",
      ),
    ],
  },
  {
    without: 'comparing the state',
    attacks: signIn('is finished with a state that is missing, made up, twice there or another’s'),
    edits: [
      edit('sign-in/oidc-attempt.ts', 'isOver || attempt.stateDigest !== stateDigestOf(state)', 'isOver'),
      edit(
        'sign-in/session-cookie.ts',
        "return getCookie(context, attemptCookieName(stateDigest), 'host');",
        "return Object.entries(getCookie(context)).find(([name]) => name.includes('sign-in'))?.[1];",
      ),
    ],
  },
  {
    without: 'using up an answer',
    attacks: cases(
      'an ID token at sign-in',
      'is asked for twice with one answer, where the provider takes a code as often as it comes',
      'is asked for twice at once with one answer',
    ),
    edits: [
      edit(
        'sign-in/oidc-sign-in.ts',
        "if ((await sessions.useAttempt(attempt.stateDigest, clock())) === 'used') {",
        'if (false) {',
      ),
    ],
  },
  {
    without: 'an end of a sign-in that was begun',
    attacks: signIn('is finished ten minutes later'),
    edits: [
      edit(
        'sign-in/oidc-attempt.ts',
        'const isOver = now >= attempt.startedAtEpochMs + attemptSeconds * 1_000;',
        'const isOver = false;',
      ),
    ],
  },
  {
    without: 'telling a visit from a prefetch',
    attacks: signIn('is begun, or its answer used up, by a scanner, a prefetch or a HEAD'),
    edits: [
      edit(
        'pages/session-routes.tsx',
        "context.req.method === 'GET' &&",
        "true || context.req.method === 'GET' &&",
      ),
    ],
  },
  {
    without: 'words of our own for what the provider says',
    attacks: signIn('shows markup that the provider’s answer carries'),
    edits: [
      edit(
        'pages/session-routes.tsx',
        'const result = await people.complete(context);',
        `const described = context.req.query('error_description');
    if (described !== undefined) return context.html('<!doctype html><p>' + described + '</p>', 403);
    const result = await people.complete(context);`,
      ),
    ],
  },
  {
    without: 'a new session at each sign-in',
    attacks: session(
      'a session that was planted before sign-in does not become the victim’s',
      'each sign-in is another session, and the one before it in that browser opens nothing any more',
    ),
    edits: [
      edit(
        'sign-in/oidc-sign-in.ts',
        '    const cookie = newSecret();',
        "    const cookie = context.req.header('cookie')?.match(/interlock-session=([\\w-]{43})/)?.[1] ?? newSecret();",
      ),
    ],
  },
  {
    without: 'ending the session before',
    attacks: session(
      'each sign-in is another session, and the one before it in that browser opens nothing any more',
    ),
    edits: [
      edit(
        'sign-in/oidc-sign-in.ts',
        'if (before !== undefined) await sessions.end(before.sessionId, now);',
        '',
      ),
    ],
  },
  {
    without: 'ending a session at signing out: only the cookie goes',
    attacks: session('a copy of the cookie opens nothing after signing out'),
    edits: [
      edit(
        'pages/session-routes.tsx',
        'await people.end(context, signedIn);',
        "context.header('Set-Cookie', '__Host-interlock-session=; Max-Age=0; Path=/; Secure');",
      ),
    ],
  },
  {
    without: 'the end of a session',
    attacks: session('a session is used at the instant it ends', 'a session lives on because it is used'),
    edits: [edit('sign-in/session.ts', 'now < session.expiresAtEpochMs', 'now > 0')],
  },
  {
    without: 'every bit of the cookie',
    attacks: session('a cookie is made up, altered or of another shape'),
    edits: [
      edit(
        'sign-in/session.ts',
        'return sha256Hex(cookie);',
        'return sha256Hex(cookie.toLowerCase().slice(0, 40));',
      ),
    ],
  },
  {
    without: 'the prefix of the cookie',
    attacks: session('a cookie of the same name without its prefix, or beside the real one, takes over'),
    edits: [
      edit(
        'sign-in/session-cookie.ts',
        "const cookie = getCookie(context, sessionCookieName, 'host');",
        "const cookie = getCookie(context, sessionCookieName, 'host') ?? getCookie(context, sessionCookieName);",
      ),
    ],
  },
  {
    without: 'a digest of the cookie as name of its session',
    attacks: session(
      'whoever reads the tables finds no cookie and no token in them',
      'whoever reads the tables makes a cookie of what names a session there',
    ),
    edits: [edit('sign-in/session.ts', 'return sha256Hex(cookie);', 'return cookie;')],
  },
  {
    without: 'sealing what renews a session',
    attacks: session('whoever reads the tables finds no cookie and no token in them'),
    edits: [
      edit(
        'sign-in/oidc-sign-in.ts',
        "refreshToken: await seal(key, 'refresh-token', token)",
        'refreshToken: token',
      ),
    ],
    honestPeopleToo: 'a token that is not sealed is not opened, so nobody is renewed',
  },
  {
    without: 'SameSite',
    attacks: session('a script or another site reads the cookie'),
    edits: [edit('sign-in/session-cookie.ts', "sameSite: 'Lax'", "sameSite: 'None'")],
  },
  {
    without: 'HttpOnly',
    attacks: session('a script or another site reads the cookie'),
    edits: [edit('sign-in/session-cookie.ts', 'httpOnly: true', 'httpOnly: false')],
  },
  {
    without: 'forbidding browsers to keep pages',
    attacks: [
      ...session('a shared browser shows the pages again after signing out'),
      ...cases('framing', 'an answer is taken for something else than it is, or handed to another origin'),
    ],
    edits: [
      edit(
        'pages/pages.tsx',
        "context.header('Cache-Control', 'no-store');",
        "context.header('Cache-Control', 'private');",
      ),
    ],
  },
];
