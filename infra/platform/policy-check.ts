import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { parseAutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { parseTaxonomy, type Taxonomy } from '../../functions/intake/taxonomy.ts';
import { readCedarWasm, readPolicySet } from '../../functions/platform/policy-files.store.ts';
import { validatePolicySet } from '../../functions/policy/policy-engine.ts';
import type { PolicySet } from '../../functions/policy/policy-set.ts';
import { parseRoutingPolicy } from '../../functions/routing/routing-policy.ts';
import { treeRoot } from './tree.ts';

/** What the rest of the synthesis needs from the policy files. */
export interface CheckedPolicies {
  readonly taxonomy: Taxonomy;
}

const schemaFile = 'interlock.cedarschema';

/** Each file but the Cedar ones, and the parser that the function which reads it uses. */
const parsers = {
  'approvers.json': parseApproverPolicy,
  'autonomy.json': parseAutonomyPolicy,
  'event-taxonomy.json': parseTaxonomy,
  // The parser stands beside the local sign-in page, in a file that Node cannot run unbundled.
  'local-users.json': (json: unknown) => json,
  'routing.json': parseRoutingPolicy,
} as const;

/**
 * Refuses to build what would refuse to start: every policy file is read with the parser that the functions use,
 * and the Cedar policies are validated strictly against their schema, which no function does. A file that nobody
 * reads is a fault too: a forbid whose name does not end in `.cedar` would forbid nothing.
 *
 * @param directory @default `policies/` at the top of the tree
 * @throws Error one sentence naming each file at fault and its fault.
 */
export function checkPolicies(directory: string = join(treeRoot, 'policies')): CheckedPolicies {
  const names = readdirSync(directory).toSorted();
  const faults = [
    ...[schemaFile, ...Object.keys(parsers)]
      .filter((name) => !names.includes(name))
      .map((name) => `policies/${name} is missing`),
    ...names.filter((name) => !isRead(name)).map((name) => `policies/${name} is a file that nothing reads`),
    ...(names.includes(schemaFile) ? cedarFaults(directory, names) : []),
  ];
  let taxonomy: Taxonomy | undefined;
  for (const [name, parse] of Object.entries(parsers)) {
    if (!names.includes(name)) continue;
    try {
      const parsed = parse(readJson(directory, name));
      if (parse === parseTaxonomy) taxonomy = parsed as Taxonomy;
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (faults.length > 0 || taxonomy === undefined)
    throw new Error(`cannot deploy these policies: ${faults.join('; ')}`);
  return { taxonomy };
}

function isRead(name: string): boolean {
  return name === schemaFile || name.endsWith('.cedar') || Object.hasOwn(parsers, name);
}

function readJson(directory: string, name: string): unknown {
  const text = readFileSync(join(directory, name), 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`policies/${name} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function cedarFaults(directory: string, names: readonly string[]): string[] {
  if (!names.some((name) => name.endsWith('.cedar'))) return ['policies/ has no *.cedar file'];
  const wasm = readCedarWasm();
  const set = readPolicySet(directory);
  const faults = validatePolicySet(wasm, set);
  // What cannot be parsed is reported without its name: ask again, file by file.
  return faults.some(({ policyId }) => policyId === '')
    ? unparsable(wasm, set)
    : faults
        // One mistake is often reported three times; the first says what it is.
        .filter(({ policyId }, index) => faults.findIndex((other) => other.policyId === policyId) === index)
        .map(({ policyId, message }) => `policies/${policyId}.cedar: ${message}`);
}

function unparsable(wasm: Uint8Array, { schema, policies }: PolicySet): string[] {
  const inSchema = validatePolicySet(wasm, { schema, policies: {} });
  if (inSchema.length > 0) return inSchema.map(({ message }) => `policies/${schemaFile}: ${message}`);
  return Object.entries(policies).flatMap(([id, text]) =>
    validatePolicySet(wasm, { schema, policies: { [id]: text } }).map(
      ({ message }) => `policies/${id}.cedar: ${message}`,
    ),
  );
}
