import { InterlockError } from '../functions/platform/errors.ts';
import { promptText, type Screen, showTimeLeft } from './device-prompt.ts';
import { type ProviderClient, ProviderSession, type Tokens } from './identity-provider.ts';
import type { TokenFile } from './token-file.ts';

/** How somebody signs in on one stage. */
export interface SignInOptions {
  readonly stage: string;
  readonly client: ProviderClient;
  readonly file: TokenFile;
  readonly screen: Screen;
  /** Local stage only: a seeded user, as whom the provider's own pages are walked. Nothing is stored. */
  readonly as?: string;
}

/** The API takes ID tokens for five minutes; one that is held longer than this is replaced, in milliseconds. */
const heldMs = 200_000;

/** Code of the error that Ctrl-C ends a sign-in with. */
export const interruptedCode = 'cli.interrupted';

/** Signs one person in at the identity provider of a stage, with what is stored of an earlier login if possible. */
export class SignIn {
  readonly #options: SignInOptions;
  #session: ProviderSession | undefined;
  #held: { readonly idToken: string; readonly atEpochMs: number } | undefined;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /**
   * A fresh ID token.
   *
   * @throws InterlockError `cli.not-signed-in` where nobody is there to sign in, `cli.signed-out`.
   */
  async idToken(): Promise<string> {
    const now = Date.now();
    if (this.#held === undefined || now - this.#held.atEpochMs >= heldMs) {
      const { idToken } = await this.#fresh();
      this.#held = { idToken, atEpochMs: now };
    }
    return this.#held.idToken;
  }

  /** By device authorization, and keeps the refresh token. `kept` is false where the provider gave none. */
  async login(): Promise<{ readonly person: string; readonly kept: boolean }> {
    const tokens = await this.#byBrowser();
    this.#held = { idToken: tokens.idToken, atEpochMs: Date.now() };
    await this.#keep(tokens);
    return { person: tokens.person, kept: tokens.refreshToken !== undefined };
  }

  async #fresh(): Promise<Tokens> {
    const { as, client, file, screen, stage } = this.#options;
    if (as !== undefined) return this.#asSeededUser(as);
    const stored = await file.read();
    if (stored?.issuer === client.issuer && stored.clientId === client.cliClientId) {
      return this.#renew(stored.refreshToken);
    }
    if (screen.isInteractive) {
      const tokens = await this.#byBrowser();
      await this.#keep(tokens);
      return tokens;
    }
    const local = stage === 'local' ? ', or name a seeded user: `npx interlock --as ana approvals`' : '';
    throw new InterlockError(
      'cli.not-signed-in',
      `nobody is signed in to stage ${stage}; run \`${loginCommand(stage)}\`${local}`,
    );
  }

  async #renew(refreshToken: string): Promise<Tokens> {
    const { client, file, stage } = this.#options;
    const session = await this.#open();
    let used = refreshToken;
    let tokens = await session.renew(used);
    if (tokens === 'invalid-grant') {
      // A command beside this one may have rotated the token in between.
      const latest = await file.read();
      if (latest !== undefined && latest.issuer === client.issuer && latest.refreshToken !== used) {
        used = latest.refreshToken;
        tokens = await session.renew(used);
      }
    }
    if (tokens === 'invalid-grant') {
      throw new InterlockError(
        'cli.signed-out',
        `the identity provider no longer takes your login to stage ${stage}; run \`${loginCommand(stage)}\` again`,
      );
    }
    if (tokens.refreshToken !== undefined && tokens.refreshToken !== used) await this.#keep(tokens);
    return tokens;
  }

  async #byBrowser(): Promise<Tokens> {
    const session = await this.#open();
    const { screen, stage } = this.#options;
    const stop = new AbortController();
    const interrupted = () =>
      stop.abort(new InterlockError(interruptedCode, 'stopped before anybody signed in'));
    process.once('SIGINT', interrupted);
    let progress: NodeJS.Timeout | undefined;
    try {
      return await session.byDevice(async (prompt) => {
        screen.write(promptText(stage, prompt));
        progress = showTimeLeft(screen, prompt.expiresInSeconds);
        return {};
      }, stop.signal);
    } finally {
      clearInterval(progress);
      if (progress !== undefined) screen.write('\r\u001B[K');
      process.removeListener('SIGINT', interrupted);
    }
  }

  async #asSeededUser(user: string): Promise<Tokens> {
    const session = await this.#open();
    return session.byDevice(async ({ verificationUriComplete }) => {
      const { walkDevice } = await import('../local/identity-provider/walk.ts');
      await walkDevice(verificationUriComplete ?? '', user);
      return { intervalSeconds: 0 };
    }, new AbortController().signal);
  }

  async #keep({ refreshToken }: Tokens): Promise<void> {
    const { client, file } = this.#options;
    if (refreshToken === undefined) return;
    await file.write({ issuer: client.issuer, clientId: client.cliClientId, refreshToken });
  }

  async #open(): Promise<ProviderSession> {
    const { client, stage } = this.#options;
    this.#session ??= await ProviderSession.open(client, stage === 'local');
    return this.#session;
  }
}

/** Forgets the login of a stage, here and at the provider. The file goes whatever the provider says. */
export async function logout(
  stage: string,
  file: TokenFile,
): Promise<'logged-out' | 'was-not-logged-in' | 'forgotten-here-only'> {
  const stored = await file.read();
  await file.remove();
  if (stored === undefined) return 'was-not-logged-in';
  try {
    const client = { issuer: stored.issuer, cliClientId: stored.clientId, scopes: '' };
    const session = await ProviderSession.open(client, stage === 'local');
    return (await session.revoke(stored.refreshToken)) === 'revoked' ? 'logged-out' : 'forgotten-here-only';
  } catch {
    return 'forgotten-here-only';
  }
}

/** What somebody types to sign in to a stage. */
export function loginCommand(stage: string): string {
  return stage === 'local' ? 'npx interlock login' : `npx interlock --stage ${stage} login`;
}
