import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ActionDefinition,
  type Permission,
  reversalOf,
  stepsOf,
} from '../functions/change/action-definition.ts';
import { catalogue } from '../functions/change/catalogue.ts';
import type { SuccessCriterion } from '../functions/change/plan.ts';
import { partsOf } from '../test/change/actions/contract.ts';
import { notOnTheEmulator } from '../test/change/actions/emulator-exceptions.ts';

/** Where the pages stand. */
export const pagesFolder = join(import.meta.dirname, 'actions');

const place = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const generated =
  '<!-- Generated from the action catalogue by `npm run docs:actions`; do not edit by hand. -->';

/** File name → text of each page and of their index, as the catalogue stands now. */
export async function actionPages(): Promise<ReadonlyMap<string, string>> {
  const pages = await Promise.all(
    catalogue.map(async (definition) => {
      const { newClient } = await partsOf(definition.id);
      return [fileOf(definition), pageOf(definition, newClient().dryRun !== undefined)] as const;
    }),
  );
  return new Map([['README.md', indexPage()], ...pages]);
}

function fileOf({ id }: ActionDefinition): string {
  return `${id.replace('.', '-')}.md`;
}

function indexPage(): string {
  const rows = catalogue.map((definition) => {
    const { id, actionClass, summary, examples } = definition;
    const tiers = unique(examples.map((example) => definition.tier(example)));
    const kinds = unique(examples.map((example) => reversalOf(definition, example).kind));
    const wayBack = kinds.map((kind) => (kind === 'irreversible' ? 'none' : 'snapshot')).join(' or ');
    return `| [\`${id}\`](${fileOf(definition)}) | ${actionClass} | ${tiers.join(', ')} | ${wayBack} | ${summary} |`;
  });
  return text([
    generated,
    '',
    '# Actions',
    '',
    `The ${catalogue.length} kinds of change that an agent may propose. What is not listed here cannot be proposed, and what is`,
    'listed happens only if a policy permits it and the autonomy stage or people agree. To add one, see',
    '[Adding an action](../adding-an-action.md).',
    '',
    '| Action | Class | Tier | Way back | What it does |',
    '|---|---|---|---|---|',
    ...rows,
  ]);
}

function pageOf(definition: ActionDefinition, hasDryRun: boolean): string {
  const { id, summary, actionClass, permissions, examples, tierRule } = definition;
  const [first] = examples;
  const folder = id.replace('.', '-');
  return text([
    generated,
    '',
    `# \`${id}\``,
    '',
    summary,
    '',
    `- **Class**: \`${actionClass}\` (autonomy stages and approvers are set for it)`,
    `- **Target**: \`${definition.target(first).type}\`; one change at a time for each`,
    ...(tierRule === undefined ? [] : [`- **Tier**: ${tierRule}`]),
    `- **Code**: [\`functions/change/actions/${folder}/\`](../../functions/change/actions/${folder}/)`,
    '',
    '## Parameters',
    '',
    'Nothing else is taken: an unknown member refuses the plan.',
    '',
    '| Name | Type | Needed | Limits |',
    '|---|---|---|---|',
    ...parameterRows(definition.parametersJsonSchema as JsonSchema, ''),
    '',
    '## Examples',
    ...examples.flatMap((example, number) => exampleLines(definition, example, number + 1)),
    '',
    '## Way back',
    '',
    ...wayBackLines(definition),
    '',
    '## Dry run',
    '',
    hasDryRun
      ? 'Before anybody decides, the API is asked whether the call would be allowed.'
      : 'The API has none: whether the role may make the call shows when it is made.',
    '',
    '## What its role may do',
    '',
    'Beside what every action needs (its snapshots, the state of its change, alarms and metrics), under the',
    'boundary that forbids identity, audit and Interlock itself:',
    '',
    '| Calls | On | Only tagged | Why no closer |',
    '|---|---|---|---|',
    ...permissions.map(permissionRow),
    ...emulatorLines(id),
  ]);
}

function exampleLines(definition: ActionDefinition, example: object, number: number): string[] {
  const { before, after } = definition.effect(example);
  const { resources, capacityPercent } = definition.blastRadius(example);
  const steps = stepsOf(definition, example);
  return [
    '',
    `### Example ${number}: tier ${definition.tier(example)}`,
    '',
    '```json',
    JSON.stringify(example, undefined, 2),
    '```',
    '',
    `- **Target**: \`${definition.target(example).id}\` (\`${definition.targetArn(example, place)}\`)`,
    `- **Effect**: ${before} → ${after}`,
    `- **Blast radius**: ${resources} ${resources === 1 ? 'resource' : 'resources'}, ${capacityPercent} % of its capacity`,
    ...(steps.length === 0
      ? []
      : [
          `- **Steps**: ${steps.map(({ name, criteria }) => `${name} (${criteria.map(criterionText).join('; ') || 'no criteria of its own'})`).join(' → ')}`,
        ]),
    `- **Validated by**: ${[...definition.successCriteria(example).map(criterionText), "the incident's alarm and the workload's probes"].join('; ')}`,
    '',
    'By hand:',
    '',
    '```sh',
    ...definition.runbook(example).map(runbookLine),
    '```',
  ];
}

/** A command as it is, a sentence as a comment. */
function runbookLine(line: string): string {
  return line.startsWith('aws ') ? line : `# ${line}`;
}

function wayBackLines(definition: ActionDefinition): string[] {
  const lines = definition.examples.map((example, index) => {
    const reversal = reversalOf(definition, example);
    const which = definition.examples.length > 1 ? `Example ${index + 1}: ` : '';
    return reversal.kind === 'irreversible'
      ? `${which}**irreversible**: ${reversal.reason.replace(/\.$/, '')}. It is never automatic, is made at most once, and a failed validation goes to a person.`
      : `${which}from the snapshot that is kept before the change: ${reversal.steps(example).join('; ')}.`;
  });
  const plain = unique(lines.map((line) => line.replace(/^Example \d+: /, '')));
  return plain.length === 1 ? plain : lines.flatMap((line, index) => (index === 0 ? [line] : ['', line]));
}

function permissionRow({ actions, resource, onlyTagged, why }: Permission): string {
  const on =
    resource === '*'
      ? '*'
      : `${resource.service}: ${[resource.resource, resource.resourceName].filter((part) => part !== undefined).join(resource.separator ?? '/')}`;
  const calls = actions.map((action) => `\`${action}\``).join(', ');
  return `| ${calls} | \`${on}\` | ${onlyTagged ? 'yes' : 'no'} | ${cell(why)} |`;
}

function emulatorLines(id: string): string[] {
  const reason = Object.hasOwn(notOnTheEmulator, id) ? notOnTheEmulator[id] : undefined;
  return reason === undefined
    ? []
    : [
        '',
        '## On the local emulator',
        '',
        `${reason} Its contract tests run against a stand-in of these calls.`,
      ];
}

function criterionText(criterion: SuccessCriterion): string {
  switch (criterion.kind) {
    case 'read-back':
      return `read back as \`${criterion.expected}\``;
    case 'alarm-ok':
      return `alarm \`${criterion.alarmName}\` is OK`;
    case 'http-probe':
      return `${criterion.url} answers ${criterion.expectStatus}`;
    case 'metric':
      return `${criterion.statistic} of ${criterion.namespace} ${criterion.metricName} is ${criterion.comparison} ${criterion.threshold} over ${criterion.periodSeconds} s`;
  }
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly [limit: string]: unknown;
}

/** How a limit of JSON Schema reads; those that are not listed say nothing that the type does not. */
const limitTexts: Readonly<Record<string, (value: unknown) => string>> = {
  pattern: (value) => `\`${String(value)}\``,
  minLength: (value) => `at least ${String(value)} characters`,
  maxLength: (value) => `at most ${String(value)} characters`,
  minimum: (value) => `at least ${String(value)}`,
  maximum: (value) => `at most ${String(value)}`,
  exclusiveMinimum: (value) => `above ${String(value)}`,
  exclusiveMaximum: (value) => `below ${String(value)}`,
  minItems: (value) => `at least ${String(value)} items`,
  maxItems: (value) => `at most ${String(value)} items`,
  enum: (value) => (value as readonly unknown[]).map((one) => `\`${String(one)}\``).join(' or '),
  const: (value) => `\`${String(value)}\``,
  description: String,
};

function parameterRows({ properties = {}, required = [] }: JsonSchema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const isMap = schema.properties === undefined && typeof schema.additionalProperties === 'object';
    const limited = isMap ? schema.additionalProperties : (schema.items ?? schema);
    const type = isMap
      ? `map of ${limited.type ?? 'any'}`
      : schema.items === undefined
        ? (schema.type ?? 'any')
        : `list of ${limited.type ?? 'any'}`;
    const limits = Object.entries({ ...schema, ...limited }).flatMap(([limit, value]) =>
      Object.hasOwn(limitTexts, limit) ? [limitTexts[limit]?.(value) ?? ''] : [],
    );
    const needed = required.includes(name) ? 'yes' : 'no';
    return [
      `| \`${prefix}${name}\` | ${type} | ${needed} | ${cell(limits.join(', '))} |`,
      ...parameterRows(schema, `${prefix}${name}.`),
    ];
  });
}

/** Text of a table cell: a bar would end it. */
function cell(value: string): string {
  return value.replaceAll('|', '\\|');
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

if (import.meta.main) {
  mkdirSync(pagesFolder, { recursive: true });
  const pages = await actionPages();
  for (const name of readdirSync(pagesFolder)) if (!pages.has(name)) rmSync(join(pagesFolder, name));
  for (const [name, page] of pages) writeFileSync(join(pagesFolder, name), page);
}
