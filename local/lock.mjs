import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The holder touches its lock this often; one that nobody touched for `staleAfterMs` belongs to nobody. */
const heartbeatMs = 2_000;
const staleAfterMs = 30_000;

/** Somebody else holds the lock: `pid` names the process. */
export class LockHeldError extends Error {
  constructor(file, pid) {
    super(`${file} is held by process ${pid}`);
    this.name = 'LockHeldError';
    this.pid = pid;
  }
}

/**
 * An exclusive lock between processes of this machine: a file that holds the owner's process id. A lock whose
 * owner has died, or that nobody touched for half a minute (its id may be somebody else's by now), is taken over.
 *
 * @throws LockHeldError at once, unless `wait` is set.
 */
export async function acquireLock(file, { wait = false, onWait = () => {} } = {}) {
  mkdirSync(dirname(file), { recursive: true });
  let announced;
  for (;;) {
    if (tryTake(file)) break;
    const holder = holderOf(file);
    if (holder === undefined) continue; // released meanwhile
    if (holder.stale) {
      takeAway(file, holder);
      continue;
    }
    if (!wait) throw new LockHeldError(file, holder.pid);
    if (announced !== holder.pid) onWait(holder.pid);
    announced = holder.pid;
    await sleep(250);
  }
  const heartbeat = setInterval(() => touch(file), heartbeatMs);
  heartbeat.unref();
  const release = () => {
    clearInterval(heartbeat);
    process.removeListener('exit', release);
    if (holderOf(file)?.pid === process.pid) rmSync(file, { force: true });
  };
  process.once('exit', release);
  return { release };
}

/** `link` fails when the name exists, so the file never stands there without its content. */
function tryTake(file) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function holderOf(file) {
  try {
    const text = readFileSync(file, 'utf8');
    const pid = Number(text);
    const stale = !isRunning(pid) || Date.now() - statSync(file).mtimeMs > staleAfterMs;
    return { pid, text, stale };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Two processes may find the same dead lock: who moves it away by mistake a second later puts it back. */
function takeAway(file, holder) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== holder.text) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

function isRunning(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // the folder was deleted under us: nothing left to hold
  }
}
