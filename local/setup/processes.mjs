import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the clone. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A set-up that cannot go on: `message` is the one sentence that the newcomer reads. */
export class SetupError extends Error {
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}

/** Progress goes to standard error: standard output belongs to the command (`--json`). */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Leaders of the process groups that are running now. */
const running = new Map();

/** Starts a program as leader of its own group, so that it can be stopped with everything it starts. */
export function startGroup(program, args, options) {
  const child = spawn(program, args, { cwd: root, ...options, detached: true });
  const ended = new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
  if (child.pid !== undefined) running.set(child.pid, ended);
  void ended.then(() => running.delete(child.pid));
  return { child, ended };
}

/** Passes a signal to every group and waits up to 20 s for their ends, then kills. Gives the last exit code. */
export async function stopEverything(signal = 'SIGTERM') {
  const groups = [...running.entries()];
  for (const [pid] of groups) signalGroup(pid, signal);
  const patience = setTimeout(() => groups.forEach(([pid]) => signalGroup(pid, 'SIGKILL')), 20_000);
  const codes = await Promise.all(groups.map(([, ended]) => ended));
  clearTimeout(patience);
  for (const [pid] of groups) signalGroup(pid, 'SIGKILL');
  return codes.at(-1);
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group has ended
  }
}

/**
 * Runs one step with its output in a log file; a line on screen when it takes over a second.
 *
 * @returns {Promise<{code: number, log: string}>} exit code and what it wrote
 */
export async function runStep({ doing, done, logName, program, args, cwd, env }) {
  const logFile = join(root, '.interlock', 'logs', logName);
  const log = openSync(logFile, 'w');
  const startedAt = Date.now();
  const announce = setTimeout(() => say(`· ${doing} …`), 1_000);
  const { ended } = startGroup(program, args, { cwd: cwd ?? root, env, stdio: ['pipe', log, log] });
  closeSync(log);
  const code = await ended;
  clearTimeout(announce);
  const seconds = (Date.now() - startedAt) / 1_000;
  if (code === 0 && seconds >= 1) say(`✓ ${done} (${seconds.toFixed(0)} s)`);
  return { code, log: readFileSync(logFile, 'utf8'), logPath: relative(root, logFile) };
}

/** What a log says about a registry that cannot be reached; undefined when something else went wrong. */
export function networkTrouble(log) {
  const found =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError|ProxyError|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|CERTIFICATE_VERIFY_FAILED)\b/.exec(
      log,
    );
  return found?.[1];
}
