import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFolder, TokenFile } from '../../cli/token-file.ts';

const login = { issuer: 'https://login.example', clientId: 'interlock-cli', refreshToken: 'refresh-1' };
let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'interlock-tokens-'));
  folder = join(parent, 'config', 'interlock');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('the file that keeps a login', () => {
  it('is for its owner alone, folder and all', async () => {
    const file = new TokenFile(folder, 'prod');
    await file.write(login);
    expect(file.path).toBe(join(folder, 'prod.json'));
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(await file.read()).toStrictEqual(login);
  });

  it('takes a readable file away from others when it replaces it, and leaves no draft', async () => {
    mkdirSync(folder, { recursive: true });
    const file = new TokenFile(folder, 'prod');
    writeFileSync(file.path, 'an earlier one', { mode: 0o644 });
    writeFileSync(`${file.path}.${process.pid}`, 'a draft of a run that was killed', { mode: 0o666 });
    await file.write({ ...login, refreshToken: 'refresh-2' });
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(readFileSync(file.path, 'utf8')).toContain('refresh-2');
    expect(readdirSync(folder)).toStrictEqual(['prod.json']);
  });

  it('is always a whole login while it is replaced', async () => {
    const file = new TokenFile(folder, 'prod');
    await file.write(login);
    const writing = (async () => {
      for (let turn = 0; turn < 40; turn += 1) {
        await file.write({ ...login, refreshToken: `refresh-${turn}`.padEnd(2_000, '.') });
      }
      return 'written' as const;
    })();
    let looks = 0;
    while ((await Promise.race([writing, file.read()])) !== 'written') {
      expect(await file.read()).toMatchObject({ clientId: 'interlock-cli' });
      looks += 1;
    }
    expect(looks).toBeGreaterThan(0);
  });

  it('keeps stages apart, and forgets one', async () => {
    const [dev, prod] = [new TokenFile(folder, 'dev'), new TokenFile(folder, 'prod')];
    await dev.write(login);
    expect(await prod.read()).toBeUndefined();
    await prod.remove();
    expect(await dev.read()).toStrictEqual(login);
    await dev.remove();
    expect(await dev.read()).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['half a document', '{"version":1,'],
    ['another version', JSON.stringify({ version: 2, ...login })],
    ['an unknown member', JSON.stringify({ version: 1, ...login, extra: 1 })],
    ['no issuer', JSON.stringify({ version: 1, clientId: 'x', refreshToken: 'y' })],
    ['an empty token', JSON.stringify({ version: 1, ...login, refreshToken: '' })],
    ['a list', '[]'],
  ])('counts %s as no login', async (_what, text) => {
    mkdirSync(folder, { recursive: true });
    const file = new TokenFile(folder, 'prod');
    writeFileSync(file.path, text);
    expect(await file.read()).toBeUndefined();
  });

  it.each(['../prod', 'a/b', '.', '', '..', 'a\u0000b', 'x'.repeat(64)])(
    'does not let a stage called %j lead elsewhere',
    (stage) => {
      expect(() => new TokenFile(folder, stage)).toThrow(/is no name of a stage/);
    },
  );
});

describe('where it is', () => {
  it.each([
    ['/home/ana/settings', '/home/ana/settings/interlock'],
    ['', join(homedir(), '.config', 'interlock')],
    ['relative', join(homedir(), '.config', 'interlock')],
    [undefined, join(homedir(), '.config', 'interlock')],
  ])('XDG_CONFIG_HOME %j leads to %s', (configured, expected) => {
    expect(configFolder({ XDG_CONFIG_HOME: configured })).toBe(expected);
  });
});
