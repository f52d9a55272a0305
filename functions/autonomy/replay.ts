import { canonicalJson } from '../platform/canonical-json.ts';
import { decide } from './decision.ts';
import type { Decision, DecisionInput, DecisionRules } from './decision-input.ts';

/** A stored decision made again. */
export interface Replay {
  readonly outcome: 'identical' | 'different';
  readonly again: Decision;
  /** Members that are not the same, with both values. */
  readonly differences: readonly {
    readonly member: string;
    readonly stored: string;
    readonly again: string;
  }[];
}

const members = [
  'outcome',
  'quorum',
  'clause',
  'reason',
  'determiningPolicies',
  'tier',
  'stage',
  'stageVersion',
  'breakGlass',
  'peopleOnly',
  'exceptionIds',
] as const satisfies readonly (keyof Decision)[];

/** Makes a decision again from its stored inputs; under the policies it was made under nothing may differ. */
export function replayDecision(
  stored: Decision & { readonly inputs: DecisionInput },
  rules: DecisionRules,
): Replay {
  const again = decide(stored.inputs, rules);
  const differences = members.flatMap((member) => {
    const [before, after] = [text(stored[member]), text(again[member])];
    return before === after ? [] : [{ member, stored: before, again: after }];
  });
  return { outcome: differences.length === 0 ? 'identical' : 'different', again, differences };
}

function text(value: unknown): string {
  return value === undefined ? 'none' : canonicalJson(value);
}
