import { shiftAlias } from '../change/actions/lambda-shift-alias/definition.ts';
import { putParameter } from '../change/actions/ssm-put-parameter/definition.ts';
import type { ResolvedAction } from '../change/catalogue.ts';
import { touchedArns } from '../change/touched-resources.ts';
import type { TriageContext } from './context.ts';

type Proposal = Extract<ResolvedAction, { outcome: 'resolved' }>;

/**
 * An agent may only touch what the incident's workload was found to consist of, whatever it was told: the
 * target, and everything else that the parameters name and the action would touch. An alias and a parameter
 * must have been read themselves: their ARN does not tell them from another alias, or from a secret.
 */
export function isOfWorkload(proposal: Proposal, context: TriageContext): boolean {
  const { membership } = context;
  if (membership === undefined) return false;
  const { definition, parameters } = proposal;
  return (
    touchedArns(proposal, membership.place).every((arn) =>
      membership.arns.some((tagged) => names(arn, tagged)),
    ) &&
    (!mustHaveBeenRead.has(definition.id) || targetKeysOf(context).has(definition.target(parameters).key))
  );
}

const mustHaveBeenRead: ReadonlySet<string> = new Set([shiftAlias.id, putParameter.id]);

/** The lock keys of the aliases and parameters that were read. */
function targetKeysOf({ functions, parameters }: TriageContext): ReadonlySet<string> {
  const anyVersion = { fromVersion: '1', toVersion: '1' };
  const anyValue = { fromValue: '', toValue: '' };
  return new Set([
    ...functions.flatMap(({ functionName, aliases }) =>
      aliases.map(({ aliasName }) => shiftAlias.target({ functionName, aliasName, ...anyVersion }).key),
    ),
    ...parameters.map(({ name }) => putParameter.target({ name, ...anyValue }).key),
  ]);
}

/** Where a definition does not know one part of an ARN it writes `*`: any one part, never the last, the name. */
function names(arn: string, tagged: string): boolean {
  const parts = tagged.split(':');
  const wanted = arn.split(':');
  const last = wanted.length - 1;
  return (
    parts.length === wanted.length &&
    wanted.every((part, index) => part === parts[index] || (part === '*' && index < last))
  );
}
