import type { Place } from '../change/action-definition.ts';
import type { WorkloadResources } from './workload-resources.ts';

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

/** What belongs to a workload: the resources that its owner tagged for it and for this environment. */
export interface Membership {
  /** Where they are. */
  readonly place: Place;
  readonly arns: readonly string[];
}

/** Resources of the kinds that not every workload has. */
export type OtherResources = Partial<Omit<WorkloadResources, 'functions' | 'parameters'>>;

/** Everything triage could read about an incident; what could not be read stands in `gaps`. */
export interface TriageContext extends Pick<WorkloadResources, 'functions' | 'parameters'> {
  readonly alarm?: AlarmContext;
  readonly workload?: string;
  /** What the workload was found to consist of; absent when that is not known, and then nothing belongs to it. */
  readonly membership?: Membership;
  /** Resources of the other kinds; a kind of which there are none is left out. */
  readonly otherResources?: OtherResources;
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
