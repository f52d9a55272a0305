import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderSession } from '../../cli/identity-provider.ts';
import { logout, SignIn, type SignInOptions } from '../../cli/sign-in.ts';
import { TokenFile } from '../../cli/token-file.ts';
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts';

let provider: ScriptedProvider;
let folder: string;
let file: TokenFile;
/** What was shown to whoever signs in. */
let shown: string;

beforeEach(async () => {
  provider = await startScriptedProvider();
  folder = mkdtempSync(join(tmpdir(), 'interlock-sign-in-'));
  file = new TokenFile(folder, 'local');
  shown = '';
});
afterEach(async () => {
  vi.useRealTimers();
  await provider.stop();
  rmSync(folder, { recursive: true, force: true });
});

const client = () => ({ issuer: provider.issuer, cliClientId: 'interlock-cli', scopes: 'openid profile' });
const login = (refreshToken: string) => ({
  issuer: provider.issuer,
  clientId: 'interlock-cli',
  refreshToken,
});
function signIn(options: Partial<SignInOptions> & { isInteractive?: boolean } = {}): SignIn {
  const { isInteractive = true, ...rest } = options;
  const screen = { isInteractive, write: (text: string) => void (shown += text) };
  return new SignIn({ stage: 'local', client: client(), file, screen, ...rest });
}
const pendingAnswer = [400, { error: 'authorization_pending' }] as const;
const sent = (path: string) =>
  provider.requests.filter((request) => request.path === path).map(({ form }) => form);

describe('device authorization', () => {
  it('shows address and code, waits until it is confirmed, and keeps the refresh token', async () => {
    provider.tokens = [pendingAnswer, pendingAnswer, await provider.granted('Ana', 'refresh-1')];
    expect(await signIn().login()).toStrictEqual({ person: 'Ana', kept: true });
    expect(shown).toContain(`${provider.issuer}/device?user_code=WDJB-MJHT`);
    expect(shown).toContain('WDJB-MJHT');
    expect(shown).toMatch(/waiting, (10:00|9:59) left/);
    expect(sent('/token')).toHaveLength(3);
    expect(await file.read()).toStrictEqual(login('refresh-1'));
    expect(shown).not.toMatch(/secret|refresh-1/);
  });

  it('writes no line that counts down where nobody watches', async () => {
    provider.tokens = [await provider.granted('Ana', 'refresh-1')];
    await signIn({ isInteractive: false }).login();
    expect(shown).toContain('WDJB-MJHT');
    expect(shown).not.toContain('\r');
    expect(shown).not.toContain('\u001B');
  });

  it.each([
    [['openid', 'offline_access'], 'openid profile offline_access'],
    [['openid'], 'openid profile'],
    [undefined, 'openid profile'],
  ])('where the provider knows the scopes %j it asks for %j', async (supported, scope) => {
    provider.metadata = { scopes_supported: supported };
    provider.tokens = [await provider.granted('Ana', 'refresh-1')];
    await signIn().login();
    expect(sent('/device/auth')).toStrictEqual([{ client_id: 'interlock-cli', scope }]);
  });

  it('keeps nothing where the provider gives no refresh token, and says so', async () => {
    provider.tokens = [await provider.granted('Ana')];
    expect(await signIn().login()).toStrictEqual({ person: 'Ana', kept: false });
    expect(existsSync(file.path)).toBe(false);
  });

  it('sends people to the page where the provider has no device authorization', async () => {
    provider.metadata = { device_authorization_endpoint: undefined };
    await expect(signIn().login()).rejects.toMatchObject({
      code: 'cli.no-device-flow',
      message: expect.stringContaining('decide on the page'),
    });
  });

  it.each([
    [[400, { error: 'unauthorized_client' }], 'cli.no-device-flow'],
    [[400, { error: 'unsupported_grant_type' }], 'cli.no-device-flow'],
    [[400, { error: 'invalid_scope', error_description: '\u001B[2Jgone' }], 'cli.provider-unavailable'],
    [[500, {}], 'cli.provider-unavailable'],
    [[200, { user_code: 'x' }], 'cli.provider-unavailable'],
  ] as const)('a device authorization that answers %j ends with %s', async (answer, code) => {
    provider.device = answer;
    const failed = await signIn()
      .login()
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code });
    expect((failed as Error).message).not.toContain('\u001B');
  });

  it.each([
    [[400, { error: 'access_denied' }], 'cli.sign-in-denied'],
    [[400, { error: 'expired_token' }], 'cli.sign-in-expired'],
    [[400, { error: 'invalid_grant' }], 'cli.provider-unavailable'],
    [[200, { access_token: 'a', token_type: 'bearer' }], 'cli.no-id-token'],
  ] as const)('a token endpoint that answers %j ends with %s', async (answer, code) => {
    provider.tokens = [pendingAnswer, answer];
    await expect(signIn().login()).rejects.toMatchObject({ code });
    expect(existsSync(file.path)).toBe(false);
  });

  it('stops waiting when the code has expired', async () => {
    const [status, device] = provider.device;
    provider.device = [status, { ...device, expires_in: 0.2, interval: 0.05 }];
    provider.tokens = [pendingAnswer];
    await expect(signIn().login()).rejects.toMatchObject({ code: 'cli.sign-in-expired' });
  });

  it.each(['javascript:alert(1)', 'file:///etc/passwd', 'not an address'])(
    'sends no browser to %s',
    async (verification_uri) => {
      const [status, device] = provider.device;
      provider.device = [status, { ...device, verification_uri }];
      await expect(signIn().login()).rejects.toMatchObject({ code: 'cli.no-device-flow' });
      expect(shown).toBe('');
    },
  );

  it('ends at once when it is told to', async () => {
    const [status, device] = provider.device;
    provider.device = [status, { ...device, interval: 60 }];
    const stop = new AbortController();
    const session = await ProviderSession.open(client(), true);
    const waiting = session.byDevice(async () => {
      stop.abort(new Error('Ctrl-C'));
      return {};
    }, stop.signal);
    await expect(waiting).rejects.toThrow('Ctrl-C');
    expect(sent('/token')).toStrictEqual([]);
  });
});

describe('which provider is talked to', () => {
  it.each([
    ['http://127.0.0.1:1', false],
    ['http://login.example', true],
    ['http://localhost.attacker.example', true],
    ['ftp://localhost', true],
  ])('never signs in at %s (local stage: %s)', async (issuer, isLocal) => {
    await expect(ProviderSession.open({ ...client(), issuer }, isLocal)).rejects.toMatchObject({
      code: 'cli.insecure-provider',
    });
  });

  it('takes no provider that calls itself something else', async () => {
    provider.metadata = { issuer: 'https://attacker.example' };
    await expect(signIn().login()).rejects.toMatchObject({ code: 'cli.provider-unavailable' });
    expect(provider.requests).toStrictEqual([]);
  });

  it('says so where the provider does not answer', async () => {
    await provider.stop();
    await expect(signIn().login()).rejects.toMatchObject({ code: 'cli.provider-unavailable' });
  });

  it('sends what is stored of one provider to no other', async () => {
    await file.write({ ...login('refresh-1'), issuer: 'https://before.example' });
    await expect(signIn({ isInteractive: false }).idToken()).rejects.toMatchObject({
      code: 'cli.not-signed-in',
    });
    await file.write({ ...login('refresh-1'), clientId: 'another-client' });
    await expect(signIn({ isInteractive: false }).idToken()).rejects.toMatchObject({
      code: 'cli.not-signed-in',
    });
    expect(provider.requests).toStrictEqual([]);
  });
});

describe('an ID token for a command', () => {
  it('comes from the stored refresh token, and a new one takes its place', async () => {
    await file.write(login('refresh-1'));
    provider.tokens = [await provider.granted('Ana', 'refresh-2')];
    expect(await signIn({ isInteractive: false }).idToken()).toMatch(/^ey/);
    expect(sent('/token')).toMatchObject([{ grant_type: 'refresh_token', refresh_token: 'refresh-1' }]);
    expect(await file.read()).toStrictEqual(login('refresh-2'));
  });

  it('leaves the file alone where the refresh token stays', async () => {
    await file.write(login('refresh-1'));
    const write = vi.spyOn(file, 'write');
    provider.tokens = [await provider.granted('Ana')];
    await signIn().idToken();
    expect(write).not.toHaveBeenCalled();
    expect(await file.read()).toStrictEqual(login('refresh-1'));
  });

  it('is used again within a command, but not once the API would no longer take it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_795_341_600_000 });
    await file.write(login('refresh-1'));
    const one = signIn();
    const ask = async (atEpochMs: number) => {
      vi.setSystemTime(atEpochMs);
      provider.tokens = [await provider.granted('Ana')];
      await one.idToken();
      return sent('/token').length;
    };
    expect(await ask(1_795_341_600_000)).toBe(1);
    expect(await ask(1_795_341_799_999)).toBe(1);
    expect(await ask(1_795_341_800_000)).toBe(2);
  });

  it('says to log in again where the provider no longer takes the login', async () => {
    await file.write(login('refresh-1'));
    provider.tokens = [[400, { error: 'invalid_grant' }]];
    await expect(signIn({ stage: 'prod', client: client() }).idToken()).rejects.toMatchObject({
      code: 'cli.insecure-provider',
    });
    await expect(signIn().idToken()).rejects.toMatchObject({
      code: 'cli.signed-out',
      message: expect.stringMatching(/run `npx interlock login` again$/),
    });
    expect(sent('/token')).toHaveLength(1);
  });

  it('takes what a command beside it has just stored', async () => {
    await file.write(login('refresh-1'));
    provider.tokens = [[400, { error: 'invalid_grant' }], await provider.granted('Ana')];
    const read = file.read.bind(file);
    vi.spyOn(file, 'read').mockImplementationOnce(async () => {
      const before = await read();
      await file.write(login('refresh-2'));
      return before;
    });
    await signIn().idToken();
    expect(sent('/token').map((form) => form['refresh_token'])).toStrictEqual(['refresh-1', 'refresh-2']);
  });

  it('does not take trouble at the provider for the end of the login', async () => {
    await file.write(login('refresh-1'));
    provider.tokens = [[503, {}]];
    await expect(signIn().idToken()).rejects.toMatchObject({
      code: 'cli.provider-unavailable',
      retryable: true,
    });
    expect(await file.read()).toStrictEqual(login('refresh-1'));
  });

  it('asks whoever is there to sign in, and keeps that', async () => {
    provider.tokens = [await provider.granted('Ana', 'refresh-1')];
    await signIn({ isInteractive: true }).idToken();
    expect(await file.read()).toStrictEqual(login('refresh-1'));
  });

  it('never waits for somebody who is not there', async () => {
    await expect(signIn({ isInteractive: false }).idToken()).rejects.toMatchObject({
      code: 'cli.not-signed-in',
      message: expect.stringMatching(
        /run `npx interlock login`, or name a seeded user: `npx interlock --as ana approvals`$/,
      ),
    });
    expect(provider.requests).toStrictEqual([]);
  });
});

describe('logging out', () => {
  it('forgets the login here and at the provider', async () => {
    await file.write(login('refresh-1'));
    expect(await logout('local', file)).toBe('logged-out');
    expect(sent('/revoke')).toMatchObject([{ token: 'refresh-1', token_type_hint: 'refresh_token' }]);
    expect(existsSync(file.path)).toBe(false);
    expect(await logout('local', file)).toBe('was-not-logged-in');
  });

  it.each([
    ['refuses', () => void (provider.revocation = [503, {}])],
    ['offers no such thing', () => void (provider.metadata = { revocation_endpoint: undefined })],
    ['is gone', () => provider.stop()],
  ])('forgets it here even where the provider %s', async (_what, happen) => {
    await file.write(login('refresh-1'));
    await happen();
    expect(await logout('local', file)).toBe('forgotten-here-only');
    expect(existsSync(file.path)).toBe(false);
  });
});
