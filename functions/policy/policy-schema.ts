import type { PolicyParameters } from './policy-set.ts';

/** What the schema needs of an action of the catalogue. */
export interface SchemaAction {
  readonly id: string;
  /** JSON Schema of the action's parameters. */
  readonly parametersJsonSchema: object;
}

/** JSON Schema type of a parameter → Cedar type. Lists, fractions and either-or no policy can see. */
const cedarTypes: ReadonlyMap<unknown, string> = new Map([
  ['string', 'String'],
  ['integer', 'Long'],
  ['boolean', 'Bool'],
]);

/**
 * The Cedar schema of a catalogue, in Cedar's own syntax: each action with the parameters it takes, so that a
 * policy which names a parameter that does not exist cannot be built. In the order of the action ids.
 */
export function policySchemaFor(catalogue: readonly SchemaAction[]): string {
  const actions = catalogue.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(actionText);
  return `${head}\n${actions.join('\n')}}\n`;
}

/** The parameters that policies see: those whose type the schema declares, as they were parsed. */
export function policyParametersOf(parametersJsonSchema: object, parameters: object): PolicyParameters {
  const values = new Map<string, unknown>(Object.entries(parameters));
  const visible: Record<string, PolicyParameters[string]> = {};
  for (const { name, type, members } of visibleMembers(parametersJsonSchema)) {
    const value = values.get(name);
    // A required one that is left out makes the request invalid, which denies.
    if (type === 'String' && typeof value === 'string') visible[name] = value;
    if (type === 'Long' && Number.isSafeInteger(value)) visible[name] = Number(value);
    if (type === 'Bool' && typeof value === 'boolean') visible[name] = value;
    if (members !== undefined && typeof value === 'object' && value !== null)
      visible[name] = policyParametersOf(members, value);
  }
  return visible;
}

/**
 * All text among the parameters in lower case, one a line, for forbids that look for a word however it is
 * written and wherever it hides: also in members that no policy can see by name, and in the names of those.
 */
export function parameterTextOf(parameters: object): string {
  const lines: string[] = [];
  const collect = (value: unknown, depth: number): void => {
    if (typeof value === 'string') lines.push(value);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (depth > 0 && !Array.isArray(value)) lines.push(name);
      collect(member, depth + 1);
    }
  };
  collect(parameters, 0);
  return lines.join('\n').toLowerCase();
}

interface VisibleMember {
  readonly name: string;
  readonly isRequired: boolean;
  /** A Cedar type, or `record` with the members' own schema. */
  readonly type: string;
  readonly members?: object;
}

function visibleMembers(schema: object): VisibleMember[] {
  const { properties = {}, required = [] } = schema as {
    properties?: Readonly<Record<string, { type?: unknown; properties?: object }>>;
    required?: readonly string[];
  };
  return Object.entries(properties).flatMap(([name, property]): VisibleMember[] => {
    const isRequired = required.includes(name);
    if (property.type === 'object' && property.properties !== undefined)
      return [{ name, isRequired, type: 'record', members: property }];
    const type = cedarTypes.get(property.type);
    return type === undefined ? [] : [{ name, type, isRequired }];
  });
}

function actionText({ id, parametersJsonSchema }: SchemaAction): string {
  return `  action ${JSON.stringify(id)} appliesTo {
    principal: AgentRole,
    resource: Target,
    context: {
      environment: String,
      tier: String,
      parameters: ${recordText(parametersJsonSchema, '      ')},
      textLower: String,
      blastRadius: BlastRadius,
      history: History,
      time: Time,
    },
  };
`;
}

function recordText(schema: object, indent: string): string {
  const lines = visibleMembers(schema).map(({ name, type, isRequired, members }) => {
    const written = members === undefined ? type : recordText(members, `${indent}  `);
    return `${indent}  ${JSON.stringify(name)}${isRequired ? '' : '?'}: ${written},\n`;
  });
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}${indent}}`;
}

const head = `// Who may propose what on which target. The tier, stage and approval rule come after these policies.
// Written by \`npx interlock policy schema --write\` from the action catalogue; the build refuses any difference.
namespace Interlock {
  // The role an agent acts in.
  entity AgentRole;

  // What a change acts on: \`kind\` is the target's type, \`name\` its own name, \`nameLower\` the same in lower case.
  entity Target = {
    kind: String,
    name: String,
    nameLower: String,
    environment: String,
  } tags String;

  // In every context, \`textLower\` is all text among the parameters in lower case, hidden ones and the names of
  // those included, one a line.

  // How much one change touches; a capacity may be raised by more than 100 percent.
  type BlastRadius = {
    resources: Long,
    capacityPercent: Long,
  };

  // Changes started in this environment since midnight UTC.
  type History = {
    changesToday: Long,
    changesTodayOfAction: Long,
    changesTodayOnTarget: Long,
  };

  // UTC. \`weekday\` is mon, tue, wed, thu, fri, sat or sun; \`monthDay\` is month * 100 + day.
  type Time = {
    now: datetime,
    weekday: String,
    hourUtc: Long,
    monthDay: Long,
  };
`;
