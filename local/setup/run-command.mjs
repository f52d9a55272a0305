import { delimiter, dirname, join } from 'node:path';
import { root, startGroup } from './processes.mjs';

/**
 * Runs a TypeScript file on Node 24, with its packages first on the search path. Its standard input is a pipe
 * that stays open as long as we live: when it closes, the command ends too (`INTERLOCK_STARTER` says so).
 */
export async function runCommand(node24, script, args) {
  const path = [dirname(node24), join(root, 'node_modules', '.bin'), process.env['PATH'] ?? '/usr/bin:/bin'];
  const { ended } = startGroup(node24, [join(root, script), ...args], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, ...withoutProxy(), PATH: path.join(delimiter), INTERLOCK_STARTER: 'setup' },
  });
  return ended;
}

/** The user's proxy is for the world outside: everything the command talks to listens on this machine. */
function withoutProxy() {
  const value = [process.env['NO_PROXY'] ?? process.env['no_proxy'], '127.0.0.1', 'localhost']
    .filter(Boolean)
    .join(',');
  return { NO_PROXY: value, no_proxy: value };
}
