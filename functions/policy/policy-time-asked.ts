import { policyToJson } from '@cedar-policy/cedar-wasm/web';

/**
 * Whether the answer of any of these policies may depend on when they are asked. One that cannot be parsed counts
 * as asking, and so does a member `time` of anything else: asking too often costs little, never asking lets a
 * change start inside a freeze.
 *
 * @param policies Id → text of exactly one policy. Cedar's module must have been started.
 */
export function policiesAskForTime(policies: Readonly<Record<string, string>>): boolean {
  return Object.values(policies).some((text) => {
    const parsed = policyToJson(text);
    return parsed.type === 'failure' || parsed.json.conditions.some(({ body }) => asks(body));
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
