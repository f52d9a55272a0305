import type { Context } from 'hono';
import * as z from 'zod/mini';
import type { Clock } from '../platform/clock.ts';
import { InterlockError } from '../platform/errors.ts';
import type { Identity } from './authority.ts';
import { formToken, isFormToken } from './csrf.ts';
import { readForm } from './form.ts';
import type { IdentityProvider, SignedIn, SignInPage, SignInResult } from './identity.ts';
import { safeReturnPath } from './return-path.ts';
import type { SessionKeys } from './session.ts';
import { readSession, readSignInAttempt, writeSession, writeSignInAttempt } from './session-cookie.ts';

const usersSchema = z.strictObject({
  version: z.literal(1),
  users: z.array(
    z.strictObject({
      id: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/)),
      displayName: z.string(),
      role: z.string(),
      groups: z.array(z.string()),
    }),
  ),
});

/** A seeded person of the local stage: `policies/local-users.json`. */
export type LocalUser = z.output<typeof usersSchema>['users'][number];

/** @throws InterlockError `approvals.invalid-local-users`. */
export function parseLocalUsers(json: unknown): readonly LocalUser[] {
  const parsed = z.safeParse(usersSchema, json);
  if (parsed.success) return parsed.data.users;
  throw new InterlockError(
    'approvals.invalid-local-users',
    `policies/local-users.json is malformed: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
  );
}

const form = z.strictObject({ csrf: z.string(), identity: z.string(), returnTo: z.string() });

/** Signing in by picking a seeded person, without any proof: for the local stage only. */
export class LocalSignIn implements IdentityProvider {
  readonly #users: readonly LocalUser[];
  readonly #keys: () => Promise<SessionKeys>;
  readonly #clock: Clock;
  readonly #newId: () => string;

  constructor(parts: {
    users: readonly LocalUser[];
    keys: () => Promise<SessionKeys>;
    clock: Clock;
    newId: () => string;
  }) {
    this.#users = parts.users;
    this.#keys = parts.keys;
    this.#clock = parts.clock;
    this.#newId = parts.newId;
  }

  async identify(context: Context): Promise<SignedIn | undefined> {
    const session = await readSession(context, await this.#keys(), this.#clock());
    const identity = session === undefined ? undefined : this.#find(session.identityId);
    return session === undefined || identity === undefined
      ? undefined
      : { identity, sessionId: session.sessionId };
  }

  async signInPage(context: Context, returnTo: string): Promise<SignInPage> {
    return this.#page(context, returnTo, 200);
  }

  async completeSignIn(context: Context): Promise<SignInResult> {
    const given = await readForm(context, form);
    if (given === undefined) return { outcome: 'refused', page: await this.#page(context, '/', 400) };
    const returnTo = safeReturnPath(given.returnTo);
    const keys = await this.#keys();
    const attempt = readSignInAttempt(context);
    const identity = this.#find(given.identity);
    if (
      attempt === undefined ||
      identity === undefined ||
      !isFormToken(keys, attempt, 'sign-in', given.csrf)
    ) {
      return { outcome: 'refused', page: await this.#page(context, returnTo, 403) };
    }
    await writeSession(context, { identityId: identity.id, sessionId: this.#newId() }, keys, this.#clock());
    return { outcome: 'redirect', location: returnTo };
  }

  #find(id: string): Identity | undefined {
    return this.#users.find((user) => user.id === id);
  }

  async #page(context: Context, returnTo: string, status: 200 | 400 | 403): Promise<SignInPage> {
    const attempt = readSignInAttempt(context) ?? this.#newId();
    writeSignInAttempt(context, attempt);
    const csrf = formToken(await this.#keys(), attempt, 'sign-in');
    return {
      status,
      title: 'Sign in',
      content: (
        <LocalSignInView csrf={csrf} returnTo={returnTo} users={this.#users} failed={status !== 200} />
      ),
    };
  }
}

function LocalSignInView(props: {
  csrf: string;
  returnTo: string;
  users: readonly LocalUser[];
  failed: boolean;
}) {
  return (
    <div class="narrow">
      <h1>Who are you?</h1>
      <p class="lead">
        This is a local stage. It signs you in as one of its seeded people without asking for proof.
      </p>
      {props.failed && (
        <p class="notice warn" role="alert">
          That sign-in could not be completed. Please choose again.
        </p>
      )}
      <form method="post" action="/sign-in" class="people">
        <input type="hidden" name="csrf" value={props.csrf} />
        <input type="hidden" name="returnTo" value={props.returnTo} />
        {props.users.map((user) => (
          <button type="submit" name="identity" value={user.id} class="person">
            <span class="avatar" aria-hidden="true">
              {user.displayName.slice(0, 1)}
            </span>
            <span>
              <strong>{user.displayName}</strong>
              <small>{user.role}</small>
            </span>
          </button>
        ))}
      </form>
    </div>
  );
}
