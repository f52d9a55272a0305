// The full zod (not `zod/mini`) because only it builds a validator from a JSON Schema; the routing function is
// the one bundle that carries it, and a model call outlasts its load time by far.
import { fromJSONSchema, safeParse } from 'zod';
import type { JsonValue } from '../platform/canonical-json.ts';
import { InvalidInputError } from '../platform/errors.ts';

/** A model's text once it is known to be JSON of the shape asked for, or why it is not. */
export type ModelAnswer =
  | { readonly outcome: 'valid'; readonly answer: JsonValue }
  | { readonly outcome: 'invalid'; readonly detail: string };

/** Deeper answers are refused unread: nothing we ask for nests further. */
const maxDepth = 32;

/**
 * Builds the check for one JSON Schema. The text may be wrapped in one Markdown code fence, as small models do;
 * anything else around the JSON, a `__proto__` member anywhere, or nesting beyond 32 levels is invalid.
 *
 * @throws InvalidInputError `routing.invalid-schema` when the schema itself cannot be used.
 * @example answerReader({ type: 'object' })('```json\n{}\n```') // { outcome: 'valid', answer: {} }
 */
export function answerReader(schema: Readonly<Record<string, unknown>>): (text: string) => ModelAnswer {
  const validator = compile(schema);
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(withoutCodeFence(text));
    } catch {
      return { outcome: 'invalid', detail: `not JSON (${text.length} characters)` };
    }
    const structure = structuralFault(value, maxDepth);
    if (structure !== undefined) return { outcome: 'invalid', detail: structure };
    const parsed = safeParse(validator, value);
    if (parsed.success) return { outcome: 'valid', answer: parsed.data as JsonValue };
    const issues = parsed.error.issues.slice(0, 5).map((issue) => `${placeOf(issue.path)} ${issue.code}`);
    return { outcome: 'invalid', detail: `does not match the schema: ${issues.join(', ')}`.slice(0, 300) };
  };
}

/** The self-reported confidence of an answer whose schema has one, 0…1. */
export function confidenceOf(answer: JsonValue): number | undefined {
  if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, 'confidence')) return undefined;
  const { confidence } = answer as { confidence: unknown };
  return typeof confidence === 'number' && confidence >= 0 && confidence <= 1 ? confidence : undefined;
}

function compile(schema: Readonly<Record<string, unknown>>) {
  try {
    return fromJSONSchema(schema);
  } catch (cause) {
    throw new InvalidInputError('routing.invalid-schema', 'the JSON Schema asked for cannot be used', {
      cause,
    });
  }
}

function withoutCodeFence(text: string): string {
  const fenced = /^\s*```[a-z]{0,10}\s*\n([\s\S]*?)\n?\s*```\s*$/i.exec(text);
  return fenced?.[1] ?? text;
}

/** `JSON.parse` makes `__proto__` an own member; later copies would turn it into a prototype, so it never passes. */
function structuralFault(value: unknown, depthLeft: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depthLeft === 0) return `nested deeper than ${maxDepth} levels`;
  if (Object.hasOwn(value, '__proto__')) return 'has a member named __proto__';
  for (const member of Object.values(value)) {
    const fault = structuralFault(member, depthLeft - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Member names below the schema's own may be the model's words: only plain ones are repeated. */
function placeOf(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (/^[A-Za-z0-9_-]{1,40}$/.test(String(part)) ? String(part) : '?'));
  return parts.join('.') || '(root)';
}
