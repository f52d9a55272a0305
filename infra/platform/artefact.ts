import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { digestOf } from '../../functions/platform/digest.ts';
import { readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import type { Bundles } from './bundle.ts';
import { functionNames } from './function-entries.ts';
import { treeRoot } from './tree.ts';

/** What is deployed, by content: the same source gives the same digests on every machine. */
export interface Artefact {
  /** SHA-256 over every file of `policies/` but its tests: what a decision was made under. 64 hex digits. */
  readonly policyDigest: string;
  /** SHA-256 over the bundles, the policies and the state machines: which build wrote a ledger entry. 64 hex digits. */
  readonly version: string;
}

/** Reads the digests of what is about to be deployed. @throws Error when a folder is missing or empty. */
export function describeArtefact(bundles: Bundles): Artefact {
  const policies = fileDigests(join(treeRoot, 'policies'));
  const stateMachines = fileDigests(join(treeRoot, 'state-machines'));
  const functions = Object.fromEntries(
    functionNames.map((name) => [name, fileDigests(bundles.folderOf(name))]),
  );
  return {
    policyDigest: policyDigestOf(readPolicyFiles(join(treeRoot, 'policies'))),
    version: digestOf({ functions, policies, stateMachines }),
  };
}

/** Path (with `/`) to the SHA-256 of its bytes, for every file below the folder. */
function fileDigests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  if (files.length === 0) throw new Error(`${relative(treeRoot, folder)} holds no files to digest`);
  return Object.fromEntries(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      return [relative(folder, path).split(sep).join('/'), digest];
    }),
  );
}
