import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { tagNames } from './context.ts';
import { collectPages, type Page, type Reading } from './readers/resource-reader.ts';

/** Of a hundred resources each. */
const maxPages = 10;

export interface TaggedResource {
  readonly arn: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** Finds what carries the tags of one workload and of this environment, in this account and region. */
export class TaggedResourcesClient {
  readonly #tagging = new ResourceGroupsTaggingAPIClient({ maxAttempts: 2 });
  readonly #autoScaling = new AutoScalingClient({ maxAttempts: 2 });
  readonly #environment: string;

  constructor(environment: string) {
    this.#environment = environment;
  }

  /**
   * In the order of their ARNs. What could not be listed is a gap and belongs to nothing.
   *
   * @param types Service, or service and type, as in `ecs:service`.
   */
  async find(workload: string, types: readonly string[], reading: Reading): Promise<TaggedResource[]> {
    const wanted = new Map([
      [tagNames.workload, workload],
      [tagNames.environment, this.#environment],
    ]);
    const found = await Promise.all([
      this.#collect('resources', reading, (next) => this.#resources(wanted, types, next, reading)),
      this.#collect('Auto Scaling groups', reading, (next) => this.#groups(wanted, next, reading)),
    ]);
    const byArn = new Map(
      found
        .flat()
        .filter(({ tags }) => [...wanted].every(([key, value]) => tags.get(key) === value))
        .map((resource) => [resource.arn, resource]),
    );
    return [...byArn.values()].sort((a, b) => (a.arn < b.arn ? -1 : 1));
  }

  async #collect(
    what: string,
    { gaps }: Reading,
    page: (next: string | undefined) => Promise<Page<TaggedResource>>,
  ): Promise<TaggedResource[]> {
    const found = await gaps.attempt(`tagged ${what}`, () => collectPages(maxPages, page));
    if (found?.isPartial === true) gaps.add(`only the first ${maxPages} pages of tagged ${what} were read`);
    return found?.items ?? [];
  }

  async #resources(
    wanted: ReadonlyMap<string, string>,
    types: readonly string[],
    next: string | undefined,
    { abortSignal }: Reading,
  ): Promise<Page<TaggedResource>> {
    const { ResourceTagMappingList = [], PaginationToken } = await this.#tagging.send(
      new GetResourcesCommand({
        ResourceTypeFilters: [...types],
        TagFilters: [...wanted].map(([Key, value]) => ({ Key, Values: [value] })),
        ResourcesPerPage: 100,
        PaginationToken: next,
      }),
      { abortSignal },
    );
    return {
      items: ResourceTagMappingList.flatMap(({ ResourceARN, Tags }) => tagged(ResourceARN, Tags)),
      next: PaginationToken,
    };
  }

  /** `GetResources` is documented to list none of these, whatever their tags. */
  async #groups(
    wanted: ReadonlyMap<string, string>,
    next: string | undefined,
    { abortSignal }: Reading,
  ): Promise<Page<TaggedResource>> {
    const { AutoScalingGroups = [], NextToken } = await this.#autoScaling.send(
      new DescribeAutoScalingGroupsCommand({
        Filters: [...wanted].map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
        MaxRecords: 100,
        NextToken: next,
      }),
      { abortSignal },
    );
    return {
      items: AutoScalingGroups.flatMap(({ AutoScalingGroupARN, Tags }) => tagged(AutoScalingGroupARN, Tags)),
      next: NextToken,
    };
  }
}

function tagged(
  arn: string | undefined,
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): TaggedResource[] {
  if (arn === undefined) return [];
  return [{ arn, tags: new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value])) }];
}
