import { policyToJson } from '@cedar-policy/cedar-wasm/web';

/**
 * Which policies' answers may depend on when they are asked. One that cannot be parsed counts as asking, and so does
 * a member `time` of anything else: asking too often costs little, never asking lets a change start inside a freeze.
 * A policy asks as a whole: one that names a time and a target together counts as being about the time.
 *
 * @param policies Id → text of exactly one policy. Cedar's module must have been started.
 */
export function policiesAskingForTime(policies: Readonly<Record<string, string>>): string[] {
  return Object.entries(policies).flatMap(([id, text]) => {
    const parsed = policyToJson(text);
    return parsed.type === 'failure' || parsed.json.conditions.some(({ body }) => asks(body)) ? [id] : [];
  });
}

/** Looks for a member `time`, and for the context as a whole, which holds it. */
function asks(expression: unknown): boolean {
  if (Array.isArray(expression)) return expression.some(asks);
  if (typeof expression !== 'object' || expression === null) return false;
  return Object.entries(expression).some(([operator, operand]) => {
    if (operator === 'Value') return false;
    if (operator === 'Var') return operand === 'context';
    if (operator === '.' || operator === 'has') {
      const { left, attr } = operand as { readonly left: unknown; readonly attr: string | readonly string[] };
      return [attr].flat().includes('time') || (!isContext(left) && asks(left));
    }
    return operator === 'Record' ? Object.values(operand as object).some(asks) : asks(operand);
  });
}

function isContext(expression: unknown): boolean {
  return (expression as { readonly Var?: unknown } | null)?.Var === 'context';
}
