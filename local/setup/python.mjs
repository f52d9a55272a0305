import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { networkTrouble, root, runStep, SetupError } from './processes.mjs';

const folder = join(root, '.venv');
const venvPython = join(folder, 'bin', 'python');
const requirements = join(root, 'local', 'requirements.txt');
/** Written last, so that a half-made environment is made again. Holds the requirements' digest. */
const stamp = join(folder, '.interlock-set-up');

/** Whether the virtual environment is finished, is what the requirements say, and its Python still runs. */
export function pythonReady() {
  try {
    if (readFileSync(stamp, 'utf8') !== requirementsDigest()) return false;
  } catch {
    return false;
  }
  return spawnSync(venvPython, ['-c', ''], { stdio: 'ignore' }).status === 0;
}

/** Makes the virtual environment with exactly the files whose hashes are in the requirements. */
export async function installPython() {
  const python = findPython();
  rmSync(folder, { recursive: true, force: true });
  const made = await runStep({
    doing: 'Making the Python environment .venv',
    done: 'Python environment made',
    logName: 'venv.log',
    program: python,
    args: ['-m', 'venv', folder],
    env: pythonEnvironment(),
  });
  if (made.code !== 0) {
    throw new SetupError(
      `Python could not make a virtual environment; see ${made.logPath}${venvHint(made.log)}.`,
    );
  }
  const { code, log, logPath } = await runStep({
    doing: 'Installing MiniStack, the AWS emulator',
    done: 'MiniStack installed',
    logName: 'pip.log',
    program: venvPython,
    args: ['-m', 'pip', 'install', '--require-hashes', '--retries', '2', '--no-input', '-r', requirements],
    env: pythonEnvironment(),
  });
  if (code !== 0) throw pipError(log, logPath);
  writeFileSync(stamp, requirementsDigest());
}

/**
 * The first Python on the search path that is new enough and can make virtual environments.
 *
 * @throws SetupError one sentence: what is missing and what to install.
 */
export function findPython(
  candidates = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'],
) {
  const script = 'import sys; print("%d.%d" % sys.version_info[:2]); import venv, ensurepip; print("venv")';
  const tooOld = [];
  let withoutVenv;
  for (const name of candidates) {
    const { stdout } = spawnSync(name, ['-c', script], { encoding: 'utf8', env: pythonEnvironment() });
    const [version, venv] = (stdout ?? '').trim().split('\n');
    const judged = judgePython(version, venv);
    if (judged === 'good') return name;
    if (judged === 'too-old') tooOld.push(version);
    if (judged === 'no-venv') withoutVenv ??= version;
  }
  throw new SetupError(missingPython(withoutVenv, tooOld[0]));
}

/** What a Python that printed these lines is good for. */
export function judgePython(version, venv) {
  const [major, minor] = (version ?? '').split('.').map(Number);
  if (!Number.isInteger(major) || !Number.isInteger(minor)) return 'absent';
  if (major < 3 || (major === 3 && minor < 10)) return 'too-old';
  return venv === 'venv' ? 'good' : 'no-venv';
}

/** The one sentence for a machine without a usable Python. */
export function missingPython(versionWithoutVenv, oldVersion) {
  if (versionWithoutVenv !== undefined) {
    return `Python ${versionWithoutVenv} is here but cannot make virtual environments: install its venv package (Debian, Ubuntu: sudo apt install python3-venv), then run the command again.`;
  }
  const found = oldVersion === undefined ? 'none was found' : `only ${oldVersion} was found`;
  return `Interlock needs Python 3.10 or newer with venv for its local AWS emulator, and ${found}: install it (Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python; or https://www.python.org), then run the command again.`;
}

function venvHint(log) {
  return /ensurepip/.test(log) ? ' (Debian, Ubuntu: sudo apt install python3-venv)' : '';
}

function pipError(log, logPath) {
  const network = networkTrouble(log);
  if (/DO NOT MATCH THE HASHES/.test(log)) {
    return new SetupError(
      `A Python package is not the one that was pinned (its hash differs), so nothing was installed; see ${logPath}.`,
    );
  }
  if (network !== undefined) {
    return new SetupError(
      `The Python package index could not be reached (${network}): check the network or proxy, then run the command again.`,
    );
  }
  return new SetupError(`pip could not install what local/requirements.txt pins; see ${logPath}.`);
}

/** The user's own Python settings must not lead pip elsewhere than into the environment. */
function pythonEnvironment() {
  const misleading = new Set([
    'PYTHONPATH',
    'PYTHONHOME',
    'PIP_TARGET',
    'PIP_PREFIX',
    'PIP_USER',
    'VIRTUAL_ENV',
  ]);
  const kept = Object.entries(process.env).filter(([name]) => !misleading.has(name));
  return { ...Object.fromEntries(kept), PYTHONNOUSERSITE: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' };
}

function requirementsDigest() {
  return createHash('sha256').update(readFileSync(requirements)).digest('hex');
}
