import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import validator from 'asl-validator';
import { beforeAll, describe, expect, test } from 'vitest';
import { longestApprovalSeconds } from '../../functions/approvals/approval-times.ts';
import { treeRoot } from '../../infra/platform/tree.ts';
import { synthesis } from './synthesis.ts';
import { type CloudTemplate, readable, resourcesOf } from './template.ts';

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: unknown;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly MaxAttempts: number }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Default?: string;
  readonly Next?: string;
}
interface Machine {
  readonly QueryLanguage: string;
  readonly TimeoutSeconds: unknown;
  readonly States: Readonly<Record<string, State>>;
}

/** The JSONata functions that the machines use; asl-validator does not notice a misspelt one. */
const knownFunctions = new Set(['count', 'exists', 'lookup', 'string', 'substring']);

const names = readdirSync(join(treeRoot, 'state-machines'))
  .filter((file) => file.endsWith('.asl.json'))
  .map((file) => file.slice(0, -'.asl.json'.length));

let template: CloudTemplate;
beforeAll(async () => {
  template = (await synthesis('prod')).template;
});

/** As CloudFormation would hand it to Step Functions: the template's definition with its substitutions made. */
function deployed(name: string): { text: string; substitutions: Record<string, string> } {
  const file = readFileSync(join(treeRoot, 'state-machines', `${name}.asl.json`), 'utf8');
  const machine = resourcesOf(template, 'AWS::StepFunctions::StateMachine').find(
    ({ Properties }) => Properties.DefinitionString === file,
  );
  if (machine === undefined) throw new Error(`the template does not carry ${name}.asl.json as it stands`);
  const substitutions = Object.fromEntries(
    Object.entries(machine.Properties.DefinitionSubstitutions).map(([key, value]) => [
      key,
      readable(template, value).replace(/<([^<>]+)>/g, (_, path: string) => arnOf(path)),
    ]),
  );
  const text = file.replace(/\$\{(\w+)\}/g, (whole, key: string) => substitutions[key] ?? whole);
  return { text, substitutions };
}

function arnOf(path: string): string {
  const kind = path.endsWith('StateMachine')
    ? 'states:us-east-1:111122223333:stateMachine'
    : 'lambda:us-east-1:111122223333:function';
  return `arn:aws:${kind}:${path.replaceAll('/', '-')}`;
}

const machineOf = (name: string): Machine => JSON.parse(deployed(name).text);
const statesOf = (name: string) => Object.entries(machineOf(name).States);
const tasksOf = (name: string) => statesOf(name).filter(([, { Type }]) => Type === 'Task');

test('both machines are here', () => {
  expect(names.toSorted()).toEqual(['change', 'incident']);
});

describe.each(names)('%s', (name) => {
  test('every name is substituted, and nothing is substituted that no state uses', () => {
    const file = readFileSync(join(treeRoot, 'state-machines', `${name}.asl.json`), 'utf8');
    const used = new Set([...file.matchAll(/\$\{(\w+)\}/g)].map(([, key]) => key));
    expect([...used].toSorted()).toEqual(Object.keys(deployed(name).substitutions).toSorted());
    expect(deployed(name).text).not.toContain('${');
  });

  test('is valid ASL in JSONata', async () => {
    const { isValid, errors } = await validator(machineOf(name));
    expect(errors).toEqual([]);
    expect(isValid).toBe(true);
    expect(machineOf(name).QueryLanguage).toBe('JSONata');
  });

  test('every variable is assigned somewhere, and every function exists in JSONata', () => {
    const { text } = deployed(name);
    const assigned = new Set<string>();
    JSON.parse(text, (key, value: unknown) => {
      if (key === 'Assign') for (const variable of Object.keys(value as object)) assigned.add(variable);
      return value;
    });
    const expressions = [...text.matchAll(/"\{%(.*?)%\}"/g)].map(([, expression]) => expression ?? '');
    const used = expressions.flatMap((expression) =>
      [...expression.matchAll(/\$([A-Za-z_]\w*)(\s*\()?/g)].map(([, word, call]) => ({
        word,
        call: call !== undefined,
      })),
    );
    expect(used.length).toBeGreaterThan(10);
    const unknown = used.filter(({ word = '', call }) =>
      call ? !knownFunctions.has(word) : word !== 'states' && !assigned.has(word),
    );
    expect(unknown).toEqual([]);
  });

  test('every task has a static timeout, a named retry and a catch', () => {
    expect(tasksOf(name).length).toBeGreaterThan(2);
    for (const [state, task] of tasksOf(name)) {
      expect(
        task.TimeoutSeconds,
        `${state}: a number, since a computed timeout fails in the emulator`,
      ).toBeTypeOf('number');
      expect(task.Retry?.length, `${state} has no Retry`).toBeGreaterThan(0);
      const retried = task.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals) ?? [];
      expect(retried, `${state}: name what is retried`).not.toContain('States.ALL');
      const caught = task.Catch?.flatMap(({ ErrorEquals }) => ErrorEquals) ?? [];
      expect(caught, `${state} lets some error through`).toContain('States.ALL');
    }
    expect(machineOf(name).TimeoutSeconds).toBeTypeOf('number');
  });

  test('every choice has a default', () => {
    const choices = statesOf(name).filter(([, { Type }]) => Type === 'Choice');
    expect(choices.length).toBeGreaterThan(0);
    for (const [state, choice] of choices)
      expect(choice.Default, `${state} has no Default`).toBeTypeOf('string');
  });

  test('state names are sentences that begin with a verb, and every one is reachable', () => {
    const machine = machineOf(name);
    const follows = ({ Next, Default, Choices = [], Catch = [] }: State) =>
      [Next, Default, ...Choices.map((choice) => choice.Next), ...Catch.map((caught) => caught.Next)].filter(
        (next) => next !== undefined,
      );
    const reached = new Set([(machine as unknown as { StartAt: string }).StartAt]);
    for (const state of reached) {
      const found = machine.States[state];
      if (found === undefined) throw new Error(`${state} does not exist`);
      for (const next of follows(found)) reached.add(next);
    }
    expect([...reached].toSorted()).toEqual(Object.keys(machine.States).toSorted());
    for (const state of reached) expect(state).toMatch(/^[A-Z][a-z-]+( [a-z-]+)+$/);
  });

  test('mutating steps run one after the other: no Map, no Parallel', () => {
    const types = statesOf(name).map(([, { Type }]) => Type);
    expect(types.filter((type) => type === 'Map' || type === 'Parallel')).toEqual([]);
  });

  test('every custom error name exists in code', () => {
    const source = sourceOf(join(treeRoot, 'functions'));
    const custom = statesOf(name)
      .flatMap(([, { Retry = [], Catch = [] }]) => [...Retry, ...Catch])
      .flatMap(({ ErrorEquals }) => ErrorEquals)
      .filter((error) => !/^(States|Lambda|StepFunctions)\./.test(error));
    for (const error of new Set(custom)) expect(source, `no class ${error}`).toContain(`class ${error} `);
  });

  test('its execution data is not logged', () => {
    const machine = resourcesOf(template, 'AWS::StepFunctions::StateMachine').find(({ Properties }) =>
      Properties.DefinitionString.includes(name === 'change' ? 'Take the snapshot' : 'Triage the signal'),
    );
    expect(machine?.Properties.LoggingConfiguration).toMatchObject({
      Level: 'ERROR',
      IncludeExecutionData: false,
    });
    expect(machine?.Properties.StateMachineType).toBe('STANDARD');
  });
});

test('waiting for a person ends in a state that does not continue to the change by itself', () => {
  const waits = tasksOf('incident').filter(([, { Resource }]) => Resource?.endsWith('.waitForTaskToken'));
  expect(waits).toHaveLength(1);
  for (const [, wait] of waits) {
    expect(wait.TimeoutSeconds).toBe(14_400);
    const timeout = wait.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes('States.Timeout'));
    expect(timeout?.Next).toBe('Settle the approval');
    const tooLate = wait.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes('ApprovalTooLateError'));
    expect(tooLate?.Next).toBe('Pass over the plan');
  }
  const follow = machineOf('incident').States['Follow the approval'];
  expect(follow?.Default).toBe('Note the rejection');
});

test('the incident machine outlasts the longest wait for a person and everything around it', () => {
  const perPlan = new Set(['Decide the plan', 'Pre-check the plan', 'Write the recommendation']);
  const others = tasksOf('incident')
    .filter(([, { Resource }]) => !Resource?.endsWith('.waitForTaskToken'))
    .map(([name, { TimeoutSeconds, Retry = [] }]) => {
      const attempts = Retry.reduce((sum, { MaxAttempts }) => sum + MaxAttempts, 1);
      // Triage hands over up to three plans; only one of them is ever asked for or carried out.
      return (perPlan.has(name) ? 3 : 1) * attempts * Number(TimeoutSeconds);
    });
  expect(others.length).toBeGreaterThanOrEqual(7);
  const oneRound = others.reduce((sum, seconds) => sum + seconds, longestApprovalSeconds);
  // Planned anew once, when somebody else changed the target: then people are asked again.
  const longest = 2 * oneRound;
  expect(longest).toBeLessThan(Number(machineOf('incident').TimeoutSeconds));
});

test('a plan goes back to triage at most once', () => {
  const machine = machineOf('incident');
  const into = statesOf('incident').filter(([, { Next, Default, Choices = [] }]) =>
    [Next, Default, ...Choices.map((choice) => choice.Next)].includes('Triage the signal'),
  );
  expect(into.map(([name]) => name).toSorted()).toEqual(['Follow the change', 'Set the bounds']);
  expect(machine.States['Follow the change']).toMatchObject({
    Choices: [{ Condition: "{% $refusal = 'target-changed' and $round = 1 %}", Assign: { round: 2 } }],
    Default: 'Close the incident',
  });
});

test.each(['change', 'incident'])(
  'the %s machine knows the function of every action in the catalogue',
  async (name) => {
    const { catalogue } = await import('../../functions/change/catalogue.ts');
    const functions = JSON.parse(deployed(name).substitutions['ActionFunctionArns'] ?? '');
    expect(Object.keys(functions).toSorted()).toEqual(catalogue.map(({ id }) => id).toSorted());
    expect(new Set(Object.values(functions)).size).toBe(catalogue.length);
  },
);

function sourceOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.ts'))
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
    .join('\n');
}
