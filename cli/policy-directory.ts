import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InterlockError } from '../functions/platform/errors.ts';
import { type PolicyCase, parsePolicyCases } from '../functions/policy/policy-case.ts';

/** `policies/` of the tree that the command line runs from. */
export const policyTree = fileURLToPath(new URL('../policies/', import.meta.url));

/**
 * The table tests beside the policies of a directory, with the file each case stands in.
 *
 * @throws InterlockError `policy-tests.invalid`, `policy-tests.missing`.
 */
export function readPolicyCases(directory: string): (PolicyCase & { readonly file: string })[] {
  const folder = join(directory, 'tests');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  if (files.length === 0)
    throw new InterlockError('policy-tests.missing', 'policies/tests/ has no *.json file with cases');
  return files.toSorted().flatMap((file) => {
    const json: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return parsePolicyCases(file, json).map((given) => ({ ...given, file }));
  });
}
