import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root } from './places.ts';

/** A process that leads its own group, so that stopping it stops whatever it has started. */
export interface Group {
  readonly process: ChildProcess;
  /** Settles when the leader has ended, with its exit code (null when a signal ended it). */
  readonly ended: Promise<number | null>;
  /** Ends the whole group: politely, then after `graceMs` with SIGKILL. Safe to call again. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

/**
 * Starts a program as leader of a new process group. Its standard input is a pipe that stays open as long as
 * this process lives: programs of the local mode end when it closes, so that even `kill -9` leaves nothing.
 */
export function startGroup(program: string, args: readonly string[], options: SpawnOptions): Group {
  const child = spawn(program, args, { ...options, detached: true });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code));
  });
  const signal = (name: NodeJS.Signals): boolean => {
    if (child.pid === undefined) return false;
    try {
      return process.kill(-child.pid, name);
    } catch {
      return false; // no such group: everything in it has ended
    }
  };
  const stop = async (graceMs = 3_000): Promise<void> => {
    if (!signal('SIGTERM')) return;
    const deadline = Date.now() + graceMs;
    await Promise.race([ended, sleep(graceMs, undefined, { ref: false })]);
    // The leader may be gone while workers it started are not: signal 0 asks whether anybody is left.
    while (signal(0 as unknown as NodeJS.Signals) && Date.now() < deadline) await sleep(20);
    signal('SIGKILL');
  };
  return { process: child, ended, stop };
}

/** Standard output and error appended to a file, input left open (see {@link startGroup}). */
export function startLoggedGroup(
  program: string,
  args: readonly string[],
  options: SpawnOptions & { readonly logFile: string },
): Group {
  const log = openSync(options.logFile, 'a');
  try {
    return startGroup(program, args, { ...options, stdio: ['pipe', log, log] });
  } finally {
    closeSync(log);
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no TCP port was given');
  return address.port;
}

/** Last lines of a log, for an error message; empty when there is none. */
export function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

/** Whether a process of this id runs (also one of another user). */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Arguments for Node that make a program of somebody else end with its starter (see {@link startGroup}). */
export function endingWithStarter(script: string): readonly string[] {
  return ['--import', pathToFileURL(join(root, 'local', 'end-with-starter.mjs')).href, script];
}
