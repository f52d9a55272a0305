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

/** Reads every `*.cedar` file and the schema. @throws InterlockError `policy.missing` when there is none. */
export function readPolicySet(directory: string = policyDirectory()): {
  schema: string;
  policies: Record<string, string>;
} {
  const files = readdirSync(directory).filter((name) => name.endsWith('.cedar'));
  if (files.length === 0) throw new InterlockError('policy.missing', `no *.cedar files in ${directory}`);
  return {
    schema: readFileSync(join(directory, 'interlock.cedarschema'), 'utf8'),
    policies: Object.fromEntries(
      files
        .toSorted()
        .map((name) => [name.slice(0, -'.cedar'.length), readFileSync(join(directory, name), 'utf8')]),
    ),
  };
}

/** Cedar's compiled module: copied beside the bundle in a Lambda, from the package elsewhere. */
export function readCedarWasm(): Uint8Array {
  const beside = fileURLToPath(new URL('cedar_wasm_bg.wasm', import.meta.url));
  if (existsSync(beside)) return readFileSync(beside);
  const entry = createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs');
  return readFileSync(join(entry, '../../web/cedar_wasm_bg.wasm'));
}
