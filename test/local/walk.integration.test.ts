import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser } from '../../local/identity-provider/browser.ts';
import { type IdentityProvider, startIdentityProvider } from '../../local/identity-provider/provider.ts';
import { walkSignIn } from '../../local/identity-provider/walk.ts';
import { ScriptedApprover } from '../../local/scenarios/approver.ts';

const planDigest = 'd'.repeat(64);
const formToken = 'form-token-that-only-this-form-holds';
const sessionId = 'session-id-that-only-this-browser-holds';

/** Stands for the approval pages: as much of them as an approver meets. */
let pages: Server;
let url: string;
let provider: IdentityProvider;
/** What the pages were sent, in order. */
let seen: { readonly route: string; readonly cookie: string; readonly body: string }[];

beforeAll(async () => {
  pages = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const cookie = request.headers.cookie ?? '';
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const route = `${request.method} ${pathname}`;
      seen.push({ route, cookie, body });
      const redirect = (location: string): void => void response.writeHead(303, { location }).end();
      const isSignedIn = cookie.includes(`__Host-session=${sessionId}`);
      if (pathname === '/sign-in') {
        response.end(
          '<h1>Sign in</h1><a class="x" href="/sign-in/start?returnTo=%2Fapprovals%2Fa1&amp;x=1">Sign in</a>',
        );
      } else if (pathname === '/sign-in/start') {
        expect(searchParams.get('x')).toBe('1');
        redirect(authorizationUrl());
      } else if (pathname === '/sign-in/callback') {
        expect(searchParams.get('iss')).toBe(provider.issuer);
        response.setHeader('set-cookie', [
          `__Host-session=${sessionId}; Path=/; Secure; HttpOnly`,
          'old=; Max-Age=0',
        ]);
        redirect(searchParams.has('code') ? '/approvals/a1' : '/refused');
      } else if (!isSignedIn) {
        redirect('/sign-in?returnTo=%2Fapprovals%2Fa1');
      } else if (request.method === 'POST') {
        redirect(pathname);
      } else {
        response.statusCode = pathname === '/approvals/a1' ? 200 : 404;
        response.end(`<h1>Approval</h1>
          <form action="/sign-out" method="post"><input type="hidden" name="csrf" value="another"></form>
          <form action="/approvals/a1" method="post"><input type="hidden" name="csrf" value="${formToken}">
          <input type="hidden" name="planDigest" value="${planDigest}">
          <button name="verdict" value="approve">Approve</button></form>`);
      }
    });
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  url = `http://localhost:${(pages.address() as AddressInfo).port}`;
  provider = await startIdentityProvider({
    users: [{ id: 'ana', displayName: 'Ana', role: 'Approver', groups: [] }],
    frontDoorUrl: url,
  });
});
afterAll(async () => {
  await provider.stop();
  pages.closeAllConnections();
  pages.close();
});
beforeEach(() => {
  seen = [];
  ScriptedApprover.secrets.clear();
});

describe('the scripted approver', () => {
  it('signs in at the provider, opens the page and posts what its form holds', async () => {
    const click = await new ScriptedApprover(url, 'ana').open('a1');
    expect(seen.map(({ route }) => route)).toEqual([
      'GET /approvals/a1',
      'GET /sign-in',
      'GET /sign-in/start',
      'GET /sign-in/callback',
      'GET /approvals/a1',
    ]);
    expect(await click()).toBe(303);
    expect(seen.at(-1)?.route).toBe('POST /approvals/a1');
    expect(Object.fromEntries(new URLSearchParams(seen.at(-1)?.body))).toEqual({
      csrf: formToken,
      planDigest,
      verdict: 'approve',
    });
  });

  it('signs in once', async () => {
    const approver = new ScriptedApprover(url, 'ana');
    await approver.read('/approvals/a1');
    seen.length = 0;
    await approver.read('/approvals/a1');
    expect(seen.map(({ route }) => route)).toEqual(['GET /approvals/a1']);
    await expect(approver.read('/approvals/a2')).rejects.toThrow('/approvals/a2 answered 404');
  });

  it('keeps what must stand nowhere else: cookies, the code and form tokens, and no digest of the plan', async () => {
    await (await new ScriptedApprover(url, 'ana').open('a1'))();
    expect([...ScriptedApprover.secrets]).toEqual(expect.arrayContaining([formToken, sessionId]));
    // At the provider one id in two cookies, a session, and the signatures of the three; code, session and form token.
    expect(ScriptedApprover.secrets.size).toBe(8);
    for (const secret of ScriptedApprover.secrets) expect(secret.length).toBeGreaterThan(20);
    expect(ScriptedApprover.secrets).not.toContain(planDigest);
  });

  it('says which page stopped it', async () => {
    await expect(new ScriptedApprover(url, 'eve').approve('a1')).rejects.toThrow(
      'eve could not sign in: "Who are you?", status 400',
    );
  });
});

describe('the browser that walks', () => {
  it('sends a cookie to its host and path only, and forgets one that is taken back', async () => {
    const browser = new Browser();
    await walkSignIn(browser, `${url}/approvals/a1`, 'ana');
    expect(seen.at(-1)?.cookie).toMatch(`__Host-session=${sessionId}`);
    expect(seen.at(-1)?.cookie).not.toMatch(/interlock-local-interaction|old=/);
    await browser.open(url.replace('localhost', '127.0.0.1'));
    expect(seen.find(({ route }) => route === 'GET /')?.cookie).toBe('');
  });
});

function authorizationUrl(): string {
  const parameters = new URLSearchParams({
    client_id: 'interlock-pages',
    response_type: 'code',
    redirect_uri: `${url}/sign-in/callback`,
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  return `${provider.issuer}/auth?${parameters.toString()}`;
}
