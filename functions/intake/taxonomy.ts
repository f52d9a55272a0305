import * as z from 'zod/mini';
import { InterlockError } from '../platform/errors.ts';
import { type Priority, priorities, type Severity, severities } from '../platform/vocabulary.ts';
import { eventPattern, matchesPattern, ownMember, valueAt } from './event-pattern.ts';

/** Every class of event that intake can read. A new one needs a reader in `signal.ts` as well as a taxonomy entry. */
export const eventClasses = [
  'cloudwatch.alarm',
  'cloudwatch.alarm-configuration',
  'interlock.signal',
] as const;

/** How long a closed window is kept for its backoff level: a quiet period cannot be longer. 30 days. */
export const windowRetentionSeconds = 2_592_000;

const field = z.string().check(z.regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/));
const seconds = z.int().check(z.minimum(1), z.maximum(windowRetentionSeconds));

/** One EventBridge rule and the queue it feeds. `id` names the rule in the stack. */
const ruleSchema = z.strictObject({
  id: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,62}[a-z0-9]$/)),
  priority: z.enum(priorities),
  pattern: eventPattern,
});

const common = {
  class: z.enum(eventClasses),
  description: z.string().check(z.minLength(1)),
  rules: z.array(ruleSchema).check(z.minLength(1)),
};

const incidentClass = z.strictObject({
  ...common,
  disposition: z.literal('incident'),
  severity: z.discriminatedUnion('from', [
    z.strictObject({ from: z.literal('rule'), byRule: z.record(z.string(), z.enum(severities)) }),
    z.strictObject({ from: z.literal('event'), field }),
  ]),
  /** Dotted paths into the event; with class, environment and resource they are the identity of a problem. */
  fingerprintFields: z.array(field),
  /** Dotted paths that differ between two reports of one problem; a fingerprint field may not lie under one. */
  volatileFields: z.array(field),
  /** How long after an incident closed the same problem stays suppressed. */
  cooldownSeconds: seconds,
  backoff: z.strictObject({
    /** Each incident that follows without a quiet period multiplies the cooldown by this. */
    factor: z.number().check(z.minimum(1), z.maximum(10)),
    maximumSeconds: seconds,
    /** After this long without a window the cooldown starts again at `cooldownSeconds`. */
    resetAfterQuietSeconds: seconds,
  }),
});

const recordClass = z.strictObject({ ...common, disposition: z.literal('record') });

const schema = z.strictObject({
  version: z.literal(1),
  classes: z.array(z.discriminatedUnion('disposition', [incidentClass, recordClass])).check(z.minLength(1)),
});

export type Taxonomy = z.output<typeof schema>;
export type TaxonomyClass = Taxonomy['classes'][number];
export type IncidentClass = z.output<typeof incidentClass>;
export type TaxonomyRule = z.output<typeof ruleSchema>;

/**
 * Parses `policies/event-taxonomy.json`; infrastructure generates rules from it and intake reads the same.
 *
 * @throws InterlockError `taxonomy.invalid` naming each fault and where it stands.
 */
export function parseTaxonomy(json: unknown): Taxonomy {
  const parsed = z.safeParse(schema, json);
  const faults = parsed.success
    ? inconsistencies(parsed.data)
    : parsed.error.issues.map((issue) => `${describePath(json, issue.path)}: ${describeIssue(issue)}`);
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new InterlockError(
    'taxonomy.invalid',
    `event taxonomy has ${faults.length} fault(s); correct policies/event-taxonomy.json: ${faults.join('; ')}`,
  );
}

/** `classes[2] (interlock.signal).severity`: a bare index would send the reader counting. */
function describePath(json: unknown, path: readonly PropertyKey[]): string {
  const [first, index, ...rest] = path.map(String);
  if (first !== 'classes' || index === undefined) return path.map(String).join('.') || 'taxonomy';
  const classes = ownMember(json, 'classes');
  const name = ownMember(Array.isArray(classes) ? classes[Number(index)] : undefined, 'class');
  return [`classes[${index}]${typeof name === 'string' ? ` (${name})` : ''}`, ...rest].join('.');
}

/** zod/mini carries no texts of its own. */
function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown member ${issue.keys.join(', ')}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'invalid_type':
      return `must be of type ${issue.expected}`;
    default:
      return `is not allowed (${issue.code})`;
  }
}

function inconsistencies({ classes }: Taxonomy): string[] {
  const ruleIds = classes.flatMap(({ rules }) => rules.map(({ id }) => id));
  return [
    ...repeated(classes.map((entry) => entry.class)).map((name) => `class ${name} is listed twice`),
    ...repeated(ruleIds).map((id) => `rule id ${id} is used twice`),
    ...classes.flatMap((entry) => (entry.disposition === 'incident' ? faultsOf(entry) : [])),
  ];
}

function faultsOf(entry: IncidentClass): string[] {
  const faults: string[] = [];
  const { severity, backoff, cooldownSeconds } = entry;
  if (severity.from === 'rule') {
    const ids = entry.rules.map(({ id }) => id);
    for (const id of ids.filter((known) => !Object.hasOwn(severity.byRule, known)))
      faults.push(`rule ${id} has no severity`);
    for (const id of Object.keys(severity.byRule).filter((named) => !ids.includes(named)))
      faults.push(`severity names rule ${id}, which does not exist`);
  }
  for (const name of entry.fingerprintFields)
    for (const volatile of entry.volatileFields)
      if (`${name}.`.startsWith(`${volatile}.`)) faults.push(`fingerprint field ${name} is volatile`);
  if (backoff.maximumSeconds < cooldownSeconds)
    faults.push(
      `backoff.maximumSeconds ${backoff.maximumSeconds} is below cooldownSeconds ${cooldownSeconds}`,
    );
  return faults.map((fault) => `${entry.class}: ${fault}`);
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/** The longest that any problem can stay suppressed after its incident closed. */
export function longestCooldownSeconds({ classes }: Taxonomy): number {
  return Math.max(
    0,
    ...classes.map((entry) => (entry.disposition === 'incident' ? entry.backoff.maximumSeconds : 0)),
  );
}

/** What the taxonomy says about one event. */
export interface Classification {
  readonly entry: TaxonomyClass;
  readonly rule: TaxonomyRule;
  readonly priority: Priority;
}

/** The class and rule that an event belongs to, or `undefined` when no rule matches it. */
export function classify(taxonomy: Taxonomy, event: unknown): Classification | undefined {
  for (const entry of taxonomy.classes)
    for (const rule of entry.rules)
      if (matchesPattern(rule.pattern, event)) return { entry, rule, priority: rule.priority };
  return undefined;
}

/** How bad an event is, or `undefined` when it says nothing we know: never guessed. */
export function severityOf(entry: IncidentClass, rule: TaxonomyRule, event: unknown): Severity | undefined {
  const { severity } = entry;
  if (severity.from === 'rule') return ownMember(severity.byRule, rule.id) as Severity | undefined;
  return severities.find((known) => known === valueAt(event, severity.field));
}
