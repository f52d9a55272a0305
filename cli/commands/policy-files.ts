import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type AccessRow, accessMatrix } from '../../functions/autonomy/access-matrix.ts';
import type { StageSet } from '../../functions/autonomy/autonomy-policy.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { stageSetOf } from '../../functions/autonomy/stage.ts';
import { catalogue } from '../../functions/change/catalogue.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { PolicyEngine } from '../../functions/policy/policy-engine.ts';
import { type PolicyFiles, policySetOf, schemaFile } from '../../functions/policy/policy-files.ts';
import { lintPolicies, rolesOf } from '../../functions/policy/policy-lint.ts';
import { policySchemaFor } from '../../functions/policy/policy-schema.ts';
import { catalogueExamples, runPolicyCases } from '../../functions/policy/policy-tables.ts';
import { validatePolicySet } from '../../functions/policy/policy-validation.ts';
import type { Connection } from '../connection.ts';
import { bad, good, printJson, printTable } from '../output.ts';
import {
  approverPolicyIn,
  autonomyPolicyIn,
  knownNamesIn,
  mustBeKnown,
  publishedFiles,
} from '../policies.ts';
import { policyTree, readPolicyCases } from '../policy-directory.ts';
import { connectFor, optionsOf } from './options.ts';

export function testCommand(): Command {
  return new Command('test')
    .description('hold the policies of the tree against policies/tests/*.json; exit 1 when a case fails')
    .action((_options, self: Command) => test(self));
}

function test(command: Command): void {
  const engine = new PolicyEngine(readCedarWasm(), policySetOf(readPolicyFiles(policyTree)));
  const { cases, failures } = runPolicyCases(engine, readPolicyCases(policyTree));
  if (optionsOf(command).json === true) printJson({ cases, failures });
  else if (failures.length === 0) console.log(good(`${cases} cases, all as expected`));
  else {
    console.log(bad(`${failures.length} of ${cases} cases are not as expected:`));
    printTable(
      ['case', 'expected', 'answered'],
      failures.map((failure) => [failure.case, failure.expected, failure.actual]),
    );
  }
  process.exitCode = failures.length === 0 ? 0 : 1;
}

export function lintCommand(): Command {
  return new Command('lint')
    .description('look for policies that decide nothing, permit too much or give no reason; exit 1 for any')
    .action((_options, self: Command) => lint(self));
}

function lint(command: Command): void {
  const wasm = readCedarWasm();
  const files = readPolicyFiles(policyTree);
  const set = policySetOf(files);
  const tables = runPolicyCases(new PolicyEngine(wasm, set), readPolicyCases(policyTree));
  const findings = [
    ...validatePolicySet(wasm, set).map(({ policyId, message }) => ({ policyId, problem: message })),
    ...lintPolicies(wasm, set, tables, rolesIn(files)),
  ];
  if (optionsOf(command).json === true) printJson({ policies: Object.keys(set.policies).length, findings });
  else if (findings.length === 0)
    console.log(good(`${Object.keys(set.policies).length} policies, nothing to object to`));
  else
    printTable(
      ['policy', 'what is wrong with it'],
      findings.map(({ policyId, problem }) => [policyId, problem]),
    );
  process.exitCode = findings.length === 0 ? 0 : 1;
}

/** Roles that a stage is declared for or that somebody answers for. */
function rolesIn(files: PolicyFiles): string[] {
  const entries = [...autonomyPolicyIn(files).stages, ...approverPolicyIn(files).agentOwners];
  return entries.map(({ agentRole }) => agentRole);
}

export function schemaCommand(): Command {
  return new Command('schema')
    .description('the Cedar schema of the action catalogue; exit 1 when the one in the tree differs')
    .option('--write', `write it to policies/${schemaFile}`)
    .action((_options, self: Command) => schema(self));
}

function schema(command: Command): void {
  const text = policySchemaFor(catalogue);
  const path = join(policyTree, schemaFile);
  const options = optionsOf<{ write?: true }>(command);
  if (options.write === true) writeFileSync(path, text);
  const isCurrent = readFileSync(path, 'utf8') === text;
  if (options.json === true) printJson({ isCurrent, schema: text });
  else if (options.write === true) console.log(good(`written to policies/${schemaFile}`));
  else {
    process.stdout.write(text);
    if (!isCurrent) console.error(bad(`policies/${schemaFile} differs; run again with --write`));
  }
  process.exitCode = isCurrent ? 0 : 1;
}

export function matrixCommand(): Command {
  return new Command('matrix')
    .description('who may do what: each role, action and tier with the stage and what follows from it')
    .option('--environment <name>', 'where; without it, the stage that --stage names, or local')
    .option(
      '--live',
      'as the stack decides: by the policies published there and the stages set at run time, not by the tree',
    )
    .action((_options, self: Command) => matrix(self));
}

async function matrix(command: Command): Promise<void> {
  const { stage = 'local', live, json, ...given } = optionsOf<{ environment?: string; live?: true }>(command);
  const { environment = stage } = given;
  const connection = live === true ? await connectFor(command) : undefined;
  const files = connection === undefined ? readPolicyFiles(policyTree) : await publishedFiles(connection);
  mustBeKnown('environment', environment, knownNamesIn(files, stage).environments);
  const set = policySetOf(files);
  const stages = connection === undefined ? new Map<string, StageSet>() : await liveStages(connection);
  const rows = accessMatrix(
    decisionRules(files, readCedarWasm()),
    catalogueExamples(),
    { environment, agentRoles: rolesOf(set), nowEpochMs: Date.now() },
    (agentRole, actionClass) => stages.get(itemKeys.stage({ environment, agentRole, actionClass }).sk),
  );
  if (json === true) printJson({ environment, rows });
  else {
    printTable(
      ['role', 'action', 'tier', 'stage', 'what happens', 'because'],
      rows.map((row) => [
        row.agentRole,
        row.action,
        row.tier,
        row.stage ?? '',
        outcomeOf(row),
        row.outcome === 'deny' ? row.reason : row.determiningPolicies.join(', '),
      ]),
    );
  }
}

function outcomeOf({ outcome, quorum }: AccessRow): string {
  return outcome === 'require-approval' ? `${quorum} approval${quorum === 1 ? '' : 's'}` : outcome;
}

async function liveStages({ database, tables }: Connection): Promise<Map<string, StageSet>> {
  const { pk } = itemKeys.stage({ environment: '', agentRole: '', actionClass: '' });
  const items = await database.query(tables.controls, pk);
  return new Map(items.map((item) => [String(item['sk']), stageSetOf(item)]));
}
