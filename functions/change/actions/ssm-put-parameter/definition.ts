import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';
import { shellWord } from '../../shell-word.ts';
import { safeguardParts, safeguardWords, speaksOfSafeguard } from './safeguard-name.ts';

const schema = z.strictObject({
  /** Full name with its path, as in `/checkout/flags/new-pricing`. */
  name: z.string().check(z.regex(/^(\/[A-Za-z0-9_.-]{1,64}){1,15}$/)),
  /** Value it holds now; the change is refused if that is no longer so. */
  fromValue: z.string().check(z.maxLength(1_024)),
  /** Value it shall hold, at most 1,024 characters. */
  toValue: z.string().check(z.minLength(1), z.maxLength(1_024)),
});

export type PutParameterParameters = z.output<typeof schema>;

/** Values a feature flag takes; anything else is configuration, which can break more than one feature. */
const flagValues = new Set(['on', 'off', 'true', 'false', 'enabled', 'disabled']);

/** Sets a plain SSM parameter: a feature flag or a configuration value. Secrets (SecureString) are refused. */
export const putParameter: ActionDefinition<PutParameterParameters> = {
  id: 'ssm.put-parameter',
  actionClass: 'configuration',
  summary: 'Set an existing plain SSM parameter (a feature flag or a configuration value) to another value.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: ({ name, fromValue, toValue }) =>
    flagValues.has(fromValue) && flagValues.has(toValue) && !speaksOfSafeguard(name) ? 'low' : 'medium',
  tierRule: `low where a flag is switched between ${codes([...flagValues])}; medium for any other value, and for a name that speaks of a safeguard, in its path or as a part of a word: ${codes(safeguardParts)}; or as a word of its own: ${codes(safeguardWords)}. What a name does not tell, its owner protects with the tag \`interlock:protected\`.`,
  target: ({ name }) => ({ type: 'ssm-parameter', id: name, key: `ssm-parameter/${name}` }),
  effect: ({ fromValue, toValue }) => ({ before: fromValue, after: toValue }),
  targetArn: ({ name }, { partition, region, account }) =>
    `arn:${partition}:ssm:${region}:${account}:parameter${name}`,
  blastRadius: () => ({ resources: 1, capacityPercent: 100 }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ name }) => [
      `write the value from the snapshot back to ${name}`,
      'read the parameter back and compare it with the snapshot',
    ],
  },
  successCriteria: ({ toValue }) => [{ kind: 'read-back', expected: toValue }],
  runbook: ({ name, fromValue, toValue }) => [
    `aws ssm get-parameter --name ${name}`,
    putCommand(name, toValue),
    `to undo: ${putCommand(name, fromValue)}`,
  ],
  permissions: [
    {
      actions: ['ssm:GetParameter', 'ssm:PutParameter'],
      resource: { service: 'ssm', resource: 'parameter', resourceName: '*', separator: '/' },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to parameters tagged for this environment.',
    },
  ],
  examples: [
    { name: '/checkout/flags/new-pricing', fromValue: 'on', toValue: 'off' },
    { name: '/checkout/price-list', fromValue: 'autumn', toValue: 'summer' },
    { name: '/checkout/flags/require-login', fromValue: 'true', toValue: 'false' },
  ],
};

function codes(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}

/** As JSON: an argument that begins with `file://` or `--` would be read as something else than a value. */
function putCommand(name: string, value: string): string {
  const input = JSON.stringify({ Name: name, Value: value, Overwrite: true });
  return `aws ssm put-parameter --cli-input-json ${shellWord(input)}`;
}
