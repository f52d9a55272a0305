import { digestOf, sha256Hex } from '../platform/digest.ts';
import { InterlockError } from '../platform/errors.ts';
import type { PolicySet } from './policy-set.ts';

/** Every file of `policies/` that something reads, by name. The table tests beside them decide nothing. */
export type PolicyFiles = Readonly<Record<string, string>>;

export const schemaFile = 'interlock.cedarschema';
const cedarSuffix = '.cedar';

/** Version of a policy set: equal exactly when every file is equal. 64 hex digits. */
export function policyDigestOf(files: PolicyFiles): string {
  return digestOf(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, sha256Hex(text)])));
}

/** The Cedar part of the files. @throws InterlockError `policy.missing` when there is no policy or no schema. */
export function policySetOf(files: PolicyFiles): PolicySet {
  const policies = Object.entries(files)
    .filter(([name]) => name.endsWith(cedarSuffix))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => [name.slice(0, -cedarSuffix.length), text] as const);
  const schema = Object.hasOwn(files, schemaFile) ? files[schemaFile] : undefined;
  if (policies.length === 0 || schema === undefined) {
    throw new InterlockError('policy.missing', `policies/ has no *.cedar file or no ${schemaFile}`);
  }
  return { schema, policies: Object.fromEntries(policies) };
}

/** Which files differ between two sets. */
export interface PolicyDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export function differenceBetween(before: PolicyFiles, after: PolicyFiles): PolicyDifference {
  const added = Object.keys(after).filter((name) => !Object.hasOwn(before, name));
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const changed = Object.keys(after).filter(
    (name) => Object.hasOwn(before, name) && before[name] !== after[name],
  );
  return { added: added.toSorted(), removed: removed.toSorted(), changed: changed.toSorted() };
}
