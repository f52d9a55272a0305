/** An ARN that STS can name as the caller: six parts, the last with a type and a name. */
const callerArn = /^arn:[^:]+:(?:iam|sts):[^:]*:[^:]*:(?:.*\/)?([^:/]+)$/;

/**
 * Who stands behind an ARN, as far as a second person can be told from the first: the user's name or the
 * session's, so that one person in two roles or paths is one. `undefined` when nobody is known to stand there.
 *
 * A role whose sessions may be named at will cannot tell two people apart: its trust policy must require
 * `sts:RoleSessionName` (or a login that sets it), see `docs/operator-roles.md`.
 *
 * @example personOf('arn:aws:sts::111122223333:assumed-role/Operator/ana@example.com') // 'ana@example.com'
 */
export function personOf(arn: string): string | undefined {
  return callerArn.exec(arn)?.[1]?.toLowerCase();
}
