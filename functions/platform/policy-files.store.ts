import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InterlockError } from './errors.ts';

/**
 * Where the policy files are: beside the bundle in a Lambda, at the top of the tree elsewhere.
 */
export function policyDirectory(): string {
  const beside = fileURLToPath(new URL('policies/', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../policies/', import.meta.url));
}

/**
 * Reads every policy file: name → text. Folders are left out: the table tests in `policies/tests` decide nothing.
 *
 * @throws InterlockError `policy.missing` when there is none.
 */
export function readPolicyFiles(directory: string = policyDirectory()): Record<string, string> {
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .toSorted();
  if (names.length === 0) throw new InterlockError('policy.missing', `no policy files in ${directory}`);
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}

/** Cedar's compiled module: copied beside the bundle in a Lambda, from the package elsewhere. */
export function readCedarWasm(): Uint8Array {
  const beside = fileURLToPath(new URL('cedar_wasm_bg.wasm', import.meta.url));
  if (existsSync(beside)) return readFileSync(beside);
  const entry = createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs');
  return readFileSync(join(entry, '../../web/cedar_wasm_bg.wasm'));
}
