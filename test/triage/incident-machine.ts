import { readFileSync } from 'node:fs';
import { type Definition, type Ending, interpret } from '../change/asl-interpreter.ts';

/** A call that the incident machine made, in order. */
export interface MachineCall {
  readonly to: string;
  readonly state: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What each function answers; what it throws is matched by its name. */
export type Answers = (call: MachineCall) => unknown;

/**
 * The incident machine as deployed, in words that the interpreter of the change machine understands: the nested
 * execution and the wait for a token are calls like any other, and the last task leads to an end of its own.
 */
function incidentMachine(): Definition {
  const text = readFileSync(new URL('../../state-machines/incident.asl.json', import.meta.url), 'utf8')
    .replaceAll(
      '${ActionFunctionArns}',
      JSON.stringify({ 'lambda.shift-alias': 'shift-alias', 'ssm.put-parameter': 'put-parameter' }),
    )
    .replaceAll('${ApprovalSeconds}', '60')
    .replace(/\$\{(\w+)FunctionArn\}/g, (_, name: string) => name)
    .replaceAll('$states.result.Output', '$states.result.Payload')
    .replaceAll('$states.result.outcome', '$states.result.Payload.outcome')
    .replaceAll('{% $states.context.Task.Token %}', 'token');
  const definition = JSON.parse(text) as Definition;
  const { 'Carry out the change': change, 'Close the incident': close } = definition.States;
  if (change === undefined || close === undefined) throw new Error('the incident machine lost a state');
  const { Input } = change.Arguments as unknown as { Input: unknown };
  return {
    ...definition,
    States: {
      ...definition.States,
      'Carry out the change': { ...change, Arguments: { FunctionName: 'Change', Payload: Input } },
      'Close the incident': { ...close, Next: 'End here' },
      'End here': { Type: 'Pass', End: true },
    },
  };
}

/** Runs one incident to its end. */
export async function runIncident(
  answers: Answers,
): Promise<{ readonly ending: Ending; readonly calls: readonly MachineCall[] }> {
  const calls: MachineCall[] = [];
  const ending = await interpret(
    incidentMachine(),
    { incidentId: 'inc-1' },
    {
      invoke: async (to, payload, state) => {
        const call = { to, state, payload: payload as Readonly<Record<string, unknown>> };
        calls.push(call);
        return answers(call);
      },
      pass: () => undefined,
    },
  );
  return { ending, calls };
}
