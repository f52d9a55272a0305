import * as z from 'zod/mini';

/**
 * The part of EventBridge's pattern language that the taxonomy may use. Few operators on purpose: the same
 * pattern becomes an EventBridge rule and is evaluated here, and both must agree.
 */
export type Matcher =
  | string
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly exists: boolean }
  | {
      readonly 'anything-but':
        | readonly string[]
        | { readonly prefix: readonly string[] }
        | { readonly suffix: readonly string[] };
    };

/** Fields are all required to match; the matchers of one field are alternatives. */
export interface FieldPattern {
  readonly [field: string]: readonly Matcher[] | FieldPattern;
}

/** `source` and `detail-type` are required, so that no rule can match everything on the bus. */
export interface EventPattern {
  readonly source: readonly string[];
  readonly 'detail-type': readonly string[];
  readonly detail?: FieldPattern | undefined;
}

const text = z.string().check(z.minLength(1));
const texts = z.array(text).check(z.minLength(1));

const matcher = z.union([
  text,
  z.strictObject({ prefix: text }),
  z.strictObject({ suffix: text }),
  z.strictObject({ exists: z.boolean() }),
  z.strictObject({
    'anything-but': z.union([texts, z.strictObject({ prefix: texts }), z.strictObject({ suffix: texts })]),
  }),
]);

const fieldPattern: z.ZodMiniType<FieldPattern> = z.record(
  text,
  z.union([z.array(matcher).check(z.minLength(1)), z.lazy(() => fieldPattern)]),
);

/** Strict: an operator outside {@link Matcher} refuses the taxonomy. */
export const eventPattern = z.strictObject({
  source: texts,
  'detail-type': texts,
  detail: z.optional(fieldPattern),
});

/** Whether EventBridge would route this event by this pattern. */
export function matchesPattern(pattern: EventPattern, event: unknown): boolean {
  const { detail, ...envelope } = pattern;
  return matchesFields(envelope, event) && (detail === undefined || matchesFields({ detail }, event));
}

function matchesFields(pattern: FieldPattern, value: unknown): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    const found = ownMember(value, field);
    return isMatchers(expected) ? matchesLeaf(expected, found) : matchesFields(expected, found);
  });
}

function isMatchers(expected: readonly Matcher[] | FieldPattern): expected is readonly Matcher[] {
  return Array.isArray(expected);
}

/** An array matches when one of its elements does; an object is no leaf, so it does not exist as one. */
function matchesLeaf(matchers: readonly Matcher[], found: unknown): boolean {
  const leaves = (Array.isArray(found) ? found : [found]).filter(
    (leaf) => leaf !== undefined && (leaf === null || typeof leaf !== 'object'),
  );
  return matchers.some((expected) =>
    typeof expected === 'object' && 'exists' in expected
      ? expected.exists === leaves.length > 0
      : leaves.some((leaf) => matchesValue(expected, leaf)),
  );
}

function matchesValue(expected: Exclude<Matcher, { exists: boolean }>, leaf: unknown): boolean {
  if (typeof expected === 'string') return leaf === expected;
  if ('prefix' in expected) return typeof leaf === 'string' && leaf.startsWith(expected.prefix);
  if ('suffix' in expected) return typeof leaf === 'string' && leaf.endsWith(expected.suffix);
  const excluded = expected['anything-but'];
  if ('prefix' in excluded) return !excluded.prefix.some((prefix) => matchesValue({ prefix }, leaf));
  if ('suffix' in excluded) return !excluded.suffix.some((suffix) => matchesValue({ suffix }, leaf));
  return !excluded.some((value) => value === leaf);
}

/** Own properties only: `constructor` and `__proto__` are not members of an event that does not carry them. */
export function ownMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** The value at a dotted path of own members, or `undefined`. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce(ownMember, value);
}
