import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, LockHeldError } from '../../local/lock.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const load = (name: string): Promise<unknown> => import(join(root, 'local', 'setup', name));
const { judgePython, missingPython, findPython } = (await load('python.mjs')) as {
  judgePython: (version?: string, venv?: string) => string;
  missingPython: (versionWithoutVenv?: string, oldVersion?: string) => string;
  findPython: (candidates: string[]) => string;
};
const { networkTrouble } = (await load('processes.mjs')) as {
  networkTrouble: (log: string) => string | undefined;
};

describe('finding Python', () => {
  it.each([
    ['3.10', 'venv', 'good'],
    ['3.14', 'venv', 'good'],
    ['3.9', 'venv', 'too-old'],
    ['2.7', undefined, 'too-old'],
    ['3.12', undefined, 'no-venv'],
    ['', undefined, 'absent'],
    [undefined, undefined, 'absent'],
    ['pyenv: python3: command not found', undefined, 'absent'],
  ])('a Python that prints %j and %j is %s', (version, venv, judged) => {
    expect(judgePython(version, venv)).toBe(judged);
  });

  it('says in one sentence what is missing and what to install', () => {
    expect(missingPython(undefined, undefined)).toMatch(
      /needs Python 3\.10 or newer.*none was found.*brew install python/,
    );
    expect(missingPython(undefined, '3.8')).toMatch(/only 3\.8 was found/);
    expect(missingPython('3.11', '3.8')).toMatch(
      /Python 3\.11 is here but cannot make virtual environments.*python3-venv/,
    );
  });

  it('throws that sentence when no candidate is there', () => {
    expect(() => findPython(['no-such-python-1', 'no-such-python-2'])).toThrow(/none was found/);
  });
});

describe('a registry that cannot be reached', () => {
  it.each([
    ['npm error code EAI_AGAIN\nnpm error syscall getaddrinfo', 'EAI_AGAIN'],
    ['npm error code ENOTFOUND', 'ENOTFOUND'],
    ["Retrying ... NewConnectionError('<pip._vendor.urllib3...", 'NewConnectionError'],
    ['npm error code E404', undefined],
    ['', undefined],
  ])('is told from %j as %s', (log, found) => {
    expect(networkTrouble(log)).toBe(found);
  });
});

describe('the command', () => {
  const setup = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'local', 'setup.mjs'), ...args], { encoding: 'utf8' });

  it.each(['fly', '__proto__', 'constructor'])('refuses %s', (name) => {
    const { status, stderr } = setup(name);
    expect(status).toBe(1);
    expect(stderr).toMatch(/is none of the commands/);
  });
});

describe('a lock between processes', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock with spaces-'));
    file = join(folder, 'some.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is held by one, given back, and leaves no file behind', async () => {
    const lock = await acquireLock(file);
    expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
    await expect(acquireLock(file)).rejects.toThrow(LockHeldError);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names the holder', async () => {
    const lock = await acquireLock(file);
    await expect(acquireLock(file)).rejects.toMatchObject({ pid: process.pid });
    lock.release();
  });

  it('is taken from a process that has died', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(file, String(pid));
    const lock = await acquireLock(file);
    expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
    lock.release();
  });

  it('is taken when nobody has touched it for long: the process id may be somebody else’s by now', async () => {
    writeFileSync(file, String(process.ppid));
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(file, longAgo, longAgo);
    const lock = await acquireLock(file);
    lock.release();
  });

  it.each(['', 'abc', '-1', '0'])('is taken from a file that holds no process id but %j', async (text) => {
    writeFileSync(file, text);
    const lock = await acquireLock(file);
    lock.release();
  });

  it('can be waited for', async () => {
    const first = await acquireLock(file);
    const waited: number[] = [];
    const second = acquireLock(file, { wait: true, onWait: (pid) => waited.push(pid) });
    first.release();
    (await second).release();
    expect(waited).toEqual([process.pid]);
  });

  it('is never held by two of many that start at once over a dead one', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(file, String(pid));
    const script = `
      import { acquireLock } from ${JSON.stringify(join(root, 'local', 'lock.mjs'))};
      import { mkdirSync, rmdirSync } from 'node:fs';
      const lock = await acquireLock(${JSON.stringify(file)}, { wait: true });
      mkdirSync(${JSON.stringify(join(folder, 'inside'))}); // fails when somebody else is inside
      await new Promise((resolve) => setTimeout(resolve, 20));
      rmdirSync(${JSON.stringify(join(folder, 'inside'))});
      lock.release();`;
    const run = (): Promise<number | null> =>
      new Promise((resolve) => {
        spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' }).once(
          'exit',
          resolve,
        );
      });
    expect(await Promise.all(Array.from({ length: 6 }, run))).toEqual([0, 0, 0, 0, 0, 0]);
  }, 20_000);
});
