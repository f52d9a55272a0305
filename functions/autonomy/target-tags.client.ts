import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import type { Place } from '../change/action-definition.ts';
import type { ResolvedAction } from '../change/catalogue.ts';
import { touchedArns } from '../change/touched-resources.ts';
import type { TagReading } from './decision-input.ts';

/** For all attempts together; a decision waits no longer. */
const patienceMs = 8_000;

/** What owners protect by; `policies/forbid-protected-targets.cedar` looks at it. */
const protectedTag = 'interlock:protected';

type Tags = readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[];

/**
 * Reads the tags of what a plan would change: those of its target, which counts as protected when anything else
 * that the parameters name is. Never throws: what cannot be read is for the policies to judge.
 */
export class TargetTagsClient {
  readonly #tagging = new ResourceGroupsTaggingAPIClient({});
  readonly #autoScaling = new AutoScalingClient({});
  readonly #place: Place;

  /** @param place Where the targets are. */
  constructor(place: Place) {
    this.#place = place;
  }

  async tagsOf(proposal: Extract<ResolvedAction, { outcome: 'resolved' }>): Promise<TagReading> {
    const abortSignal = AbortSignal.timeout(patienceMs);
    const arns = new Set(touchedArns(proposal, this.#place));
    return merged(await Promise.all([...arns].map((arn) => this.#tagsOf(arn, abortSignal))));
  }

  async #tagsOf(arn: string, abortSignal: AbortSignal): Promise<TagReading> {
    try {
      const tags = await this.#find(arn, abortSignal);
      // The API leaves out both what does not exist and what never had a tag.
      return tags === undefined ? unreadable('nothing with tags has its ARN') : readingOf(tags);
    } catch (error) {
      return unreadable(error instanceof Error ? error.name : 'not readable');
    }
  }

  async #find(arn: string, abortSignal: AbortSignal): Promise<Tags | undefined> {
    if (arn.split(':')[2] === 'autoscaling') return this.#findGroup(arn, abortSignal);
    const command = new GetResourcesCommand({ ResourceARNList: [arn] });
    const { ResourceTagMappingList = [] } = await this.#tagging.send(command, { abortSignal });
    return ResourceTagMappingList.find(({ ResourceARN }) => ResourceARN === arn)?.Tags;
  }

  /** `GetResources` is documented to list none of these, and their ARN holds an id that only this API knows. */
  async #findGroup(arn: string, abortSignal: AbortSignal): Promise<Tags | undefined> {
    const name = arn.split(':autoScalingGroupName/')[1];
    if (name === undefined) return undefined;
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
    const { AutoScalingGroups = [] } = await this.#autoScaling.send(command, { abortSignal });
    const group = AutoScalingGroups.find(({ AutoScalingGroupARN = '' }) => isNamed(AutoScalingGroupARN, arn));
    return group === undefined ? undefined : (group.Tags ?? []);
  }
}

/** A `*` stands for one part of an ARN, whatever it is. */
function isNamed(arn: string, pattern: string): boolean {
  const parts = arn.split(':');
  const wanted = pattern.split(':');
  return (
    parts.length === wanted.length && wanted.every((part, index) => part === '*' || part === parts[index])
  );
}

function readingOf(tags: Tags): TagReading {
  const read = tags.map(({ Key = '', Value = '' }) => [Key, Value] as const);
  // Stored with the decision, this one would be lost, and the decision could not be made again.
  return read.some(([key]) => key === '__proto__')
    ? unreadable('one of them cannot be stored')
    : { reading: 'read', tags: Object.fromEntries(read) };
}

/**
 * The target's tags, protected if any of the resources is: any value but `false` protects. One that could not be
 * read may be the protected one.
 */
function merged(readings: readonly TagReading[]): TagReading {
  let protection: string | undefined;
  for (const reading of readings) {
    if (reading.reading === 'unreadable') return reading;
    const value = reading.tags[protectedTag];
    if (value !== undefined && value !== 'false') protection ??= value;
  }
  const [target] = readings;
  if (target?.reading !== 'read') return unreadable('there is no known target');
  return protection === undefined
    ? target
    : { reading: 'read', tags: { ...target.tags, [protectedTag]: protection } };
}

function unreadable(reason: string): TagReading {
  return { reading: 'unreadable', reason };
}
