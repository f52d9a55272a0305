import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { PageFrame } from '../../functions/approvals/pages/page-frame.tsx';
import { sessionRoutes } from '../../functions/approvals/pages/session-routes.tsx';
import { OidcProviderClient } from '../../functions/approvals/sign-in/oidc-provider.client.ts';
import type { OidcProvider } from '../../functions/approvals/sign-in/oidc-provider.ts';
import { type OidcSettings, oidcSettings } from '../../functions/approvals/sign-in/oidc-settings.ts';
import { OidcSignIn } from '../../functions/approvals/sign-in/oidc-sign-in.ts';
import { sessionKeys } from '../../functions/approvals/sign-in/session.ts';
import { Browser } from './browser.ts';
import { MemoryPeople, MemorySessions } from './memory-sessions.ts';

const keys = sessionKeys('0123456789abcdef0123456789abcdef');

export function settingsFor(issuer: string, overrides: Partial<OidcSettings> = {}): OidcSettings {
  const settings = oidcSettings({
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'interlock-pages',
    OIDC_CLI_CLIENT_ID: 'interlock-cli',
    PUBLIC_BASE_URL: 'https://approvals.example',
    ENVIRONMENT: 'local',
  });
  if (settings === undefined) throw new Error('no settings');
  return { ...settings, ...overrides };
}

/** Only as much of the pages as signing in and out needs, over a provider that is really asked. */
export class SessionApp {
  readonly sessions = new MemorySessions();
  readonly people = new MemoryPeople();
  readonly troubles: string[] = [];
  /** How far this stage's clock is ahead of the provider's. */
  aheadMs = 0;
  /** A clock that stands still, for limits to the millisecond. */
  stillAtEpochMs: number | undefined;
  readonly app = new Hono();
  readonly signIn: OidcSignIn;

  constructor(settings: OidcSettings, provider?: OidcProvider, timeoutSeconds?: number) {
    const clock = () => this.stillAtEpochMs ?? Date.now() + this.aheadMs;
    this.signIn = new OidcSignIn({
      settings,
      provider: provider ?? new OidcProviderClient(settings, async () => undefined, clock, timeoutSeconds),
      sessions: this.sessions,
      people: this.people,
      keys: async () => keys,
      clock,
      newSecret: () => randomBytes(32).toString('base64url'),
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 20)),
      onTrouble: (doing, reason) => this.troubles.push(`${doing} ${reason}`),
    });
    const ports = {
      environment: 'local',
      killSwitches: async () => [],
      keys: async () => keys,
      people: this.signIn,
      clock,
      approvers: parseApproverPolicy({ version: 1, grants: [], agentOwners: [] }),
    };
    const frame = new PageFrame(ports);
    this.app.route('/', sessionRoutes(ports, frame));
    this.app.get('/who', async (context) => {
      const signedIn = await this.signIn.identify(context);
      return signedIn === undefined
        ? context.json(null)
        : frame.page(context, 200, 'Who', JSON.stringify(signedIn.identity), signedIn);
    });
    this.app.post('/decide', async (context) => {
      const signedIn = await this.signIn.identify(context);
      if (signedIn === undefined) return context.json({ outcome: 'nobody' });
      const result = await this.signIn.confirm(context, signedIn);
      if (result.outcome !== 'confirmed') return context.json(result);
      return context.json({ outcome: result.outcome, groups: result.signedIn.identity.groups });
    });
    this.app.post('/decide-as/:sessionId', async (context) => {
      const identity = { id: 'ana', displayName: 'Ana', groups: ['approvers'] };
      const sessionId = context.req.param('sessionId');
      return context.json(await this.signIn.confirm(context, { identity, sessionId }));
    });
  }

  browser(): Browser {
    return new Browser(this.app);
  }
}

/** Who the pages take this browser for. */
export async function whoIs(browser: Browser): Promise<string | undefined> {
  const { text } = await browser.get('/who');
  return /&quot;id&quot;:&quot;([^&]+)&quot;/.exec(text)?.[1];
}

/** What comes of a decision: the groups that it would be judged by, or why there is none. */
export async function decide(browser: Browser): Promise<unknown> {
  const { text } = await browser.post('/decide', {});
  const { outcome, groups } = JSON.parse(text) as { outcome: string; groups?: string[] };
  return outcome === 'confirmed' ? groups : outcome;
}
