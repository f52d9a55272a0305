import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { networkTrouble, root, runStep, SetupError } from './processes.mjs';

const endWithStarter = new URL('../end-with-starter.mjs', import.meta.url).href;

/** Written last, so that a half-finished installation is done again. Holds the lockfile's digest. */
const stamp = join(root, 'node_modules', '.interlock-set-up');

/** The pinned Node that everything but this set-up runs on. */
export const node24 = join(root, 'node_modules', 'node', 'bin', 'node');

/** Whether `node_modules` is what the lockfile says, and was finished. */
export function packagesReady() {
  return read(stamp) === lockfileDigest() && existsSync(node24);
}

/**
 * Packages exactly as locked. Install scripts do not run: none is needed but the one of `node`, which
 * {@link installNode24} runs, whatever npm's own settings allow.
 */
export async function installPackages() {
  const { code, log, logPath } = await runStep({
    doing: 'Installing the Node packages of package-lock.json (about a minute the first time)',
    done: 'Node packages installed',
    logName: 'npm-ci.log',
    ...npm([
      'ci',
      '--ignore-scripts',
      '--include=dev', // also when NODE_ENV or the user's settings say production
      '--engine-strict=false', // some packages want Node 22; they will run on 24
      '--fetch-retry-mintimeout=1000',
      '--fetch-retry-maxtimeout=5000',
    ]),
  });
  if (code !== 0) throw npmError(log, logPath);
}

/**
 * Node 24 through the `node` npm package: its own installer fetches the binary of this platform.
 *
 * @throws SetupError when it cannot be fetched or does not run.
 */
export async function installNode24() {
  const wanted = JSON.parse(readFileSync(join(root, 'node_modules', 'node', 'package.json'), 'utf8')).version;
  if (nodeVersion() !== wanted) {
    const { code, log, logPath } = await runStep({
      doing: `Fetching Node ${wanted}`,
      done: `Node ${wanted} ready`,
      logName: 'node.log',
      program: process.execPath,
      args: ['installArchSpecificPackage.js'],
      cwd: join(root, 'node_modules', 'node'),
      env: npmEnvironment(),
    });
    if (code !== 0 && networkTrouble(log) !== undefined) throw npmError(log, logPath);
    if (nodeVersion() !== wanted) {
      throw new SetupError(
        `Node ${wanted} from the "node" npm package does not run on ${process.platform} ${process.arch}; see ${logPath}, then run the command again.`,
      );
    }
  }
  linkNode24();
  writeFileSync(stamp, lockfileDigest());
}

/** npm links a package's programs before its install script has made this one: `npm run` and `npx` would miss it. */
function linkNode24() {
  const link = join(root, 'node_modules', '.bin', 'node');
  rmSync(link, { force: true });
  symlinkSync(join('..', 'node', 'bin', 'node'), link);
}

function nodeVersion() {
  try {
    return execFileSync(node24, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .slice(1);
  } catch {
    return undefined; // not there, or not for this platform
  }
}

function npmError(log, logPath) {
  const network = networkTrouble(log);
  if (network !== undefined) {
    return new SetupError(
      `The npm registry could not be reached (${network}): check the network or proxy, then run the command again.`,
    );
  }
  if (/\bENOSPC\b/.test(log))
    return new SetupError('The disk is full: free about 2 GB, then run the command again.');
  if (/\bE(ACCES|PERM|ROFS)\b/.test(log)) {
    return new SetupError(`npm may not write to ${root}: make the folder yours, then run the command again.`);
  }
  return new SetupError(`npm could not install the packages of package-lock.json; see ${logPath}.`);
}

/** The npm that runs us; the one on the search path when we were started without npm. */
function npm(args) {
  const cli = process.env['npm_execpath'];
  const quiet = [...args, '--no-audit', '--no-fund', '--no-update-notifier'];
  return cli !== undefined && /npm-cli\.c?js$/.test(cli) && existsSync(cli)
    ? { program: process.execPath, args: ['--import', endWithStarter, cli, ...quiet], env: npmEnvironment() }
    : { program: 'npm', args: quiet, env: npmEnvironment() };
}

/**
 * Without what the outer npm tells its scripts about itself (an inner npm would take it for its own settings),
 * and with the Node that runs us first on the search path instead of a half-installed one of `node_modules`.
 */
function npmEnvironment() {
  const own = /^npm_(package|lifecycle|command|config_(local_prefix|ignore_scripts|json|global$))/i;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  const path = (process.env['PATH'] ?? '/usr/bin:/bin')
    .split(delimiter)
    .filter((folder) => !folder.endsWith('node_modules/.bin'));
  return { ...Object.fromEntries(kept), PATH: [dirname(process.execPath), ...path].join(delimiter) };
}

function lockfileDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
