import { type PolicyJson, policyToJson } from '@cedar-policy/cedar-wasm/web';

/** A policy whose answer depends on the tags of the target. */
export interface TagPolicy {
  readonly id: string;
  readonly effect: PolicyJson['effect'];
}

/**
 * Which policies ask for tags, in the order of their ids. One that cannot be parsed counts as asking.
 *
 * @param policies Id → text of exactly one policy. Cedar's module must have been started.
 */
export function policiesAskingForTags(policies: Readonly<Record<string, string>>): TagPolicy[] {
  return Object.entries(policies)
    .flatMap(([id, text]): TagPolicy[] => {
      const parsed = policyToJson(text);
      if (parsed.type === 'failure') return [{ id, effect: 'permit' }];
      const { effect, conditions } = parsed.json;
      return conditions.some(({ body }) => asks(body)) ? [{ id, effect }] : [];
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Looks for the two operators in a parsed expression; the same words in a text or as a member's name ask nothing. */
function asks(expression: unknown): boolean {
  if (Array.isArray(expression)) return expression.some(asks);
  if (typeof expression !== 'object' || expression === null) return false;
  return Object.entries(expression).some(([operator, operand]) => {
    if (operator === 'hasTag' || operator === 'getTag') return true;
    if (operator === 'Value') return false;
    return operator === 'Record' ? Object.values(operand as object).some(asks) : asks(operand);
  });
}
