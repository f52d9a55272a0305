import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';
import { malformedMembers } from '../platform/malformed-members.ts';

/** No break-glass is ever longer than this, whatever the policy says. */
export const longestBreakGlassMinutes = 15;

/** `arn`, partition, service, region, account, resource. */
const arnFields = 6;

/** Account of the local stack, whose users anybody may be who runs it. */
const localAccount = '000000000000';

const callerPattern = z.string().check(z.maxLength(512), z.refine(isCallerPattern));

const schema = z.strictObject({
  version: z.literal(1),
  /**
   * Patterns of caller ARNs; `*` stands for any characters within one part between `:` and `/`. As an account it
   * means the one that is deployed to, whichever that is: no other account's caller reaches its tables. What
   * names the local stack's account holds in environment `local` alone.
   */
  roles: z
    .array(
      z.union([
        callerPattern.check(z.refine((role) => !namesLocalAccount(role))),
        z
          .strictObject({ environment: z.string().check(z.minLength(1)), role: callerPattern })
          .check(z.refine(({ environment, role }) => environment === 'local' || !namesLocalAccount(role))),
      ]),
    )
    .check(z.minLength(1)),
  maximumMinutes: z.int().check(z.gte(1), z.lte(longestBreakGlassMinutes)),
});

/** Who may break the glass in one environment, and for how long at most. */
export interface BreakGlassPolicy {
  /** Patterns of caller ARNs. */
  readonly roles: readonly string[];
  readonly maximumMinutes: number;
}

/**
 * Reads `policies/break-glass.json` for an environment: entries of other environments are checked and left out.
 *
 * @throws InvalidInputError `break-glass.invalid` naming the members at fault.
 */
export function parseBreakGlassPolicy(json: unknown, environment: string): BreakGlassPolicy {
  const parsed = z.safeParse(schema, json);
  if (parsed.success) {
    const { roles, maximumMinutes } = parsed.data;
    const ofAll = roles.map((entry) => (typeof entry === 'string' ? { environment, role: entry } : entry));
    const here = ofAll.filter((entry) => entry.environment === environment);
    return { roles: here.map(({ role }) => role), maximumMinutes };
  }
  const members = malformedMembers(parsed.error);
  throw new InvalidInputError(
    'break-glass.invalid',
    `policies/break-glass.json has missing, unknown or malformed members: ${members}; a role is an IAM user or assumed-role ARN whose type is written out, and one that names account ${localAccount} stands as { "environment": "local", "role": … }`,
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

/** Also by a pattern such as `0*`; a lone `*` is whichever account is deployed to. */
function namesLocalAccount(pattern: string): boolean {
  const account = fieldsOf(pattern)[4] ?? '';
  return account !== '*' && matchesPart(account, localAccount);
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
