import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock } from '../lock.mjs';
import { installNode24, installPackages, node24, packagesReady } from './packages.mjs';
import { root, say, stopEverything } from './processes.mjs';
import { installPython, pythonReady } from './python.mjs';
import { runCommand } from './run-command.mjs';

/**
 * Sets up what is missing, then runs the script on Node 24.
 *
 * @param {string} script Path from the clone's folder.
 * @param {string[]} args
 * @returns {Promise<number>} exit code of the script
 */
export async function setUpAndRun(script, args) {
  watchForTheEnd();
  mkdirSync(join(root, '.interlock', 'logs'), { recursive: true });
  if (!ready()) {
    let waited = false;
    const lock = await acquireLock(join(root, '.interlock', 'setup.lock'), {
      wait: true,
      onWait: (pid) => {
        waited = true;
        say(`Waiting for the set-up that process ${pid} is doing …`);
      },
    });
    try {
      await setUp();
    } finally {
      lock.release();
    }
    // Who was here first goes first: only one local stack at a time runs in a folder.
    if (waited) await sleep(3_000);
  }
  return runCommand(node24, script, args);
}

function ready() {
  return packagesReady() && pythonReady();
}

/** Whoever held the lock before may have done some of it. The two halves do not touch each other: side by side. */
async function setUp() {
  const nodeHalf = async () => {
    if (packagesReady()) return;
    await installPackages();
    await installNode24();
  };
  const pythonHalf = async () => {
    if (!pythonReady()) await installPython();
  };
  try {
    await Promise.all([pythonHalf(), nodeHalf()]);
  } catch (error) {
    await stopEverything();
    throw error;
  }
}

/** Ctrl-C, `kill`, a closed terminal, or a vanished npm: stop what was started, leave the rest for the next start. */
function watchForTheEnd() {
  const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };
  for (const [name, number] of Object.entries(numbers)) {
    process.on(name, () => void stopEverything(name).then((code) => process.exit(code ?? 128 + number)));
  }
  // The shell between npm and us need not forward a signal; a process whose parent has gone is not wanted any more.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stopEverything('SIGTERM').then(() => process.exit(143));
  }, 1_000).unref();
}
