import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { Identity } from '../../functions/approvals/authority.ts';
import type {
  Confirmation,
  IdentityProvider,
  SignedIn,
  SignInPage,
  SignInResult,
} from '../../functions/approvals/sign-in/identity.ts';

const cookieName = 'interlock-session';
const cookie = { prefix: 'host', secure: true, httpOnly: true, sameSite: 'Lax', path: '/' } as const;

/** Address of the provider that nobody asks: `Browser.signIn` answers in its place. */
const providerUrl = 'https://login.example/authorize';

/**
 * An identity provider in memory: whoever it knows signs in by their id. A session keeps the groups it began with,
 * as the real one does, until `confirm` asks again.
 */
export class KnownPeople implements IdentityProvider {
  readonly people: Identity[];
  /** What `confirm` says instead of asking. */
  says?: Exclude<Confirmation['outcome'], 'confirmed'>;
  /** How often the provider was asked at a click. */
  confirmations = 0;
  readonly #sessions = new Map<string, Identity>();
  #signIns = 0;

  constructor(people: readonly Identity[]) {
    this.people = people.map((person) => ({ ...person }));
  }

  /** What the provider says of somebody from now on; open sessions learn it at their next confirmation. */
  setGroups(id: string, groups: readonly string[]): void {
    const index = this.people.findIndex((person) => person.id === id);
    const person = this.people[index];
    if (person === undefined) throw new Error(`nobody is called ${id}`);
    this.people[index] = { ...person, groups };
  }

  /** Ends every session, as their time would. */
  endAll(): void {
    this.#sessions.clear();
  }

  async identify(context: Context): Promise<SignedIn | undefined> {
    const sessionId = getCookie(context, cookieName, 'host') ?? '';
    const identity = this.#sessions.get(sessionId);
    return identity === undefined ? undefined : { identity, sessionId };
  }

  async confirm(_context: Context, { identity, sessionId }: SignedIn): Promise<Confirmation> {
    this.confirmations += 1;
    const now = this.people.find(({ id }) => id === identity.id);
    if (this.says !== undefined || now === undefined) {
      const outcome = this.says ?? 'sign-in-again';
      if (outcome === 'sign-in-again') this.#sessions.delete(sessionId);
      return { outcome };
    }
    this.#sessions.set(sessionId, now);
    return { outcome: 'confirmed', signedIn: { identity: now, sessionId } };
  }

  async signInPage(_context: Context, returnTo: string): Promise<SignInPage> {
    return { status: 200, title: 'Sign in', content: `sign in, then go to ${returnTo}` };
  }

  async start(_context: Context, returnTo: string) {
    const url = `${providerUrl}?state=${encodeURIComponent(returnTo)}`;
    return { outcome: 'to-provider', url } as const;
  }

  async complete(context: Context): Promise<SignInResult> {
    const identity = this.people.find(({ id }) => id === context.req.query('code'));
    if (identity === undefined) {
      const page = { status: 403, title: 'Not signed in', content: 'nobody is called that' } as const;
      return { outcome: 'refused', page };
    }
    this.#signIns += 1;
    const sessionId = `session-${this.#signIns}`;
    this.#sessions.set(sessionId, identity);
    setCookie(context, cookieName, sessionId, cookie);
    return { outcome: 'redirect', location: context.req.query('state') ?? '/' };
  }

  async end(_context: Context, { sessionId }: SignedIn): Promise<void> {
    this.#sessions.delete(sessionId);
  }
}
