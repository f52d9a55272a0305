import { shiftAlias } from '../change/actions/lambda-shift-alias/definition.ts';
import { putParameter } from '../change/actions/ssm-put-parameter/definition.ts';

/** Tags by which a workload opts in; see `docs/data-model.md` and the README. */
export const tagNames = {
  environment: 'interlock:environment',
  workload: 'interlock:workload',
  probeUrl: 'interlock:probe-url',
} as const;

/** The alarm as CloudWatch describes it. Every text in it is untrusted: whoever may edit the alarm wrote it. */
export interface AlarmContext {
  readonly name: string;
  readonly state: string;
  readonly description: string;
  readonly stateReason: string;
  /** Newest first, at most ten. */
  readonly history: readonly { readonly at: string; readonly summary: string }[];
}

/** One Lambda function of the workload. */
export interface FunctionContext {
  readonly functionName: string;
  readonly aliases: readonly { readonly aliasName: string; readonly version: string }[];
  /** Published versions, newest first, at most five. `description` is untrusted text. */
  readonly versions: readonly {
    readonly version: string;
    readonly description: string;
    readonly lastModified: string;
  }[];
}

/** One SSM parameter of the workload. `value` only for a plain `String` that a plan could name. */
export interface ParameterContext {
  readonly name: string;
  readonly type: string;
  readonly value?: string;
}

/** Everything triage could read about an incident; what could not be read stands in `gaps`. */
export interface TriageContext {
  readonly alarm?: AlarmContext;
  readonly workload?: string;
  readonly functions: readonly FunctionContext[];
  readonly parameters: readonly ParameterContext[];
  /** From the tag of the workload's functions, never from a model. */
  readonly probeUrls: readonly string[];
  /** One sentence for each thing that could not be read, for people. */
  readonly gaps: readonly string[];
}

/** Nothing could be read: triage goes on with the signal alone. */
export function emptyContext(gaps: readonly string[]): TriageContext {
  return { functions: [], parameters: [], probeUrls: [], gaps };
}

/** A URL that a probe may be sent to: http or https, no credentials in it, at most 256 characters (a tag's limit). */
export function parseProbeUrl(tag: string | undefined): string | undefined {
  if (tag === undefined || tag.length > 256 || !URL.canParse(tag)) return undefined;
  const url = new URL(tag);
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  return isHttp && url.username === '' && url.password === '' ? url.href : undefined;
}

/**
 * The lock keys of everything in the inventory that an action could change. A plan for anything else has no
 * target: an agent may only touch what the incident's workload was found to consist of, whatever it was told.
 */
export function targetKeysOf(context: TriageContext): ReadonlySet<string> {
  const anyVersion = { fromVersion: '1', toVersion: '1' };
  const anyValue = { fromValue: '', toValue: '' };
  return new Set([
    ...context.functions.flatMap(({ functionName, aliases }) =>
      aliases.map(({ aliasName }) => shiftAlias.target({ functionName, aliasName, ...anyVersion }).key),
    ),
    ...context.parameters.map(({ name }) => putParameter.target({ name, ...anyValue }).key),
  ]);
}
