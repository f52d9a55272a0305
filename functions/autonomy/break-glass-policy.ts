import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';

/** No break-glass is ever longer than this, whatever the policy says. */
export const longestBreakGlassMinutes = 15;

/** `arn`, partition, service, region, account, resource. */
const arnFields = 6;

const schema = z.strictObject({
  version: z.literal(1),
  /** Patterns of caller ARNs; `*` stands for any characters within one part between `:` and `/`. */
  roles: z.array(z.string().check(z.maxLength(512), z.refine(isCallerPattern))).check(z.minLength(1)),
  maximumMinutes: z.int().check(z.gte(1), z.lte(longestBreakGlassMinutes)),
});

/** Who may break the glass, and for how long at most (`policies/break-glass.json`). */
export type BreakGlassPolicy = z.output<typeof schema>;

/** @throws InvalidInputError `break-glass.invalid` naming the members at fault. */
export function parseBreakGlassPolicy(json: unknown): BreakGlassPolicy {
  const parsed = z.safeParse(schema, json);
  if (parsed.success) return parsed.data;
  const members = parsed.error.issues.map((issue) => issue.path.join('.') || issue.code).join(', ');
  throw new InvalidInputError(
    'break-glass.invalid',
    `policies/break-glass.json has missing, unknown or malformed members: ${members}; a role is an IAM user or assumed-role ARN whose type is written out`,
  );
}

/** Whether this caller may break the glass. */
export function mayBreakGlass(policy: BreakGlassPolicy, callerArn: string): boolean {
  return policy.roles.some((pattern) => matches(pattern, callerArn));
}

/** A user, or a session of a role that is named: a pattern that lets in whoever signs in is refused. */
function isCallerPattern(pattern: string): boolean {
  const [arn, partition, service, region, , resource] = fieldsOf(pattern);
  if (fieldsOf(pattern).length !== arnFields || arn !== 'arn' || region !== '') return false;
  if (partition === '' || partition === '*' || resource === undefined) return false;
  const [type, ...names] = resource.split('/');
  if (names.length === 0 || names.some((name) => name === '')) return false;
  if (service === 'iam') return type === 'user' && names.at(-1) !== '*';
  return service === 'sts' && type === 'assumed-role' && names.length === 2 && names[0] !== '*';
}

function fieldsOf(arn: string): string[] {
  return arn.split(':');
}

/** Part by part: no `*` reaches over a `:` or a `/`, so no name can stand in for an account or a role. */
function matches(pattern: string, arn: string): boolean {
  const wanted = pattern.split(/[:/]/);
  const given = arn.split(/[:/]/);
  const separators = (text: string) => text.replaceAll(/[^:/]/g, '');
  return (
    separators(pattern) === separators(arn) &&
    wanted.every((part, index) => matchesPart(part, given[index] ?? ''))
  );
}

/** `*` is any run of characters, none included; everything else is itself. Linear: each piece is looked for once. */
function matchesPart(pattern: string, text: string): boolean {
  const pieces = pattern.split('*');
  const [first = '', ...rest] = pieces;
  if (rest.length === 0) return pattern === text;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return text.endsWith(last) && text.length - last.length >= from;
}
