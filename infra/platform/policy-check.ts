import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApproverPolicy, parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { parseAutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { parseBreakGlassPolicy } from '../../functions/autonomy/break-glass-policy.ts';
import { parseLoweringThresholds } from '../../functions/autonomy/lowering.ts';
import { parseRunbookPolicy } from '../../functions/change/actions/ssm-run-automation/runbook-policy.ts';
import { catalogue } from '../../functions/change/catalogue.ts';
import { parseTaxonomy, type Taxonomy } from '../../functions/intake/taxonomy.ts';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { parseLimits } from '../../functions/policy/limits.ts';
import { parsePolicyCases } from '../../functions/policy/policy-case.ts';
import { PolicyEngine } from '../../functions/policy/policy-engine.ts';
import { policySetOf, schemaFile } from '../../functions/policy/policy-files.ts';
import { policySchemaFor } from '../../functions/policy/policy-schema.ts';
import type { PolicySet } from '../../functions/policy/policy-set.ts';
import { runPolicyCases } from '../../functions/policy/policy-tables.ts';
import { validatePolicySet } from '../../functions/policy/policy-validation.ts';
import { parseRoutingPolicy } from '../../functions/routing/routing-policy.ts';
import { treeRoot } from './tree.ts';

/** What the rest of the synthesis needs from the policy files. */
export interface CheckedPolicies {
  readonly taxonomy: Taxonomy;
  readonly approvers: ApproverPolicy;
}

/** Table tests of the policies, which decide nothing themselves. */
const testsFolder = 'tests';

/** Each file but the Cedar ones, and the parser that the function which reads it uses. */
const parsers = {
  'approvers.json': parseApproverPolicy,
  'autonomy.json': parseAutonomyPolicy,
  'autonomy-thresholds.json': parseLoweringThresholds,
  // Every entry is read, whichever environment it is for.
  'break-glass.json': (json: unknown) => parseBreakGlassPolicy(json, 'local'),
  'event-taxonomy.json': parseTaxonomy,
  'limits.json': parseLimits,
  // Read by the provider of local mode, on which no cloud stage depends.
  'local-users.json': (json: unknown) => json,
  'routing.json': parseRoutingPolicy,
  'runbooks.json': parseRunbookPolicy,
} as const;

/**
 * Refuses to build what would refuse to start: every policy file is read with the parser that the functions use,
 * and the Cedar policies are validated strictly against their schema, which no function does, and held against
 * their table tests. The schema must be the one of the action catalogue. A file that nobody reads is a fault too:
 * a forbid whose name does not end in `.cedar` would forbid nothing.
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
  let approvers: ApproverPolicy | undefined;
  for (const [name, parse] of Object.entries(parsers)) {
    if (!names.includes(name)) continue;
    try {
      const parsed = parse(readJson(directory, name));
      if (parse === parseTaxonomy) taxonomy = parsed as Taxonomy;
      if (parse === parseApproverPolicy) approvers = parsed as ApproverPolicy;
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (faults.length > 0 || taxonomy === undefined || approvers === undefined)
    throw new Error(`cannot deploy these policies: ${faults.join('; ')}`);
  return { taxonomy, approvers };
}

function isRead(name: string): boolean {
  return (
    name === schemaFile || name === testsFolder || name.endsWith('.cedar') || Object.hasOwn(parsers, name)
  );
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
  const set = policySetOf(readPolicyFiles(directory));
  const faults = validatePolicySet(wasm, set);
  // What cannot be parsed is reported without its name: ask again, file by file.
  if (faults.some(({ policyId }) => policyId === '')) return unparsable(wasm, set);
  if (set.schema !== policySchemaFor(catalogue)) {
    const written = 'write it anew with `npx interlock policy schema --write`';
    return [`policies/${schemaFile} is not the schema of the action catalogue; ${written}`];
  }
  if (faults.length > 0) {
    return (
      faults
        // One mistake is often reported three times; the first says what it is.
        .filter(({ policyId }, index) => faults.findIndex((other) => other.policyId === policyId) === index)
        .map(({ policyId, message }) => `policies/${policyId}.cedar: ${message}`)
    );
  }
  return names.includes(testsFolder) ? tableFaults(directory, new PolicyEngine(wasm, set)) : [];
}

function tableFaults(directory: string, engine: PolicyEngine): string[] {
  return readdirSync(join(directory, testsFolder))
    .toSorted()
    .flatMap((file) => {
      const path = `${testsFolder}/${file}`;
      if (!file.endsWith('.json')) return [`policies/${path} is a file that nothing reads`];
      try {
        const { failures } = runPolicyCases(engine, parsePolicyCases(file, readJson(directory, path)));
        return failures.map(
          ({ case: what, expected, actual }) =>
            `policies/${path}: "${what}" expects ${expected} but is answered ${actual}`,
        );
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)];
      }
    });
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
