import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import type { Ownership } from './action-surroundings.ts';

/** Set by CloudFormation itself; nobody else can set a tag of this prefix. */
const stackTag = 'aws:cloudformation:stack-name';

/** Asks by its tags who owns a resource. Never throws: an unknown owner keeps no change from being made. */
export class OwnershipClient {
  readonly #client: ResourceGroupsTaggingAPIClient;

  constructor(client: ResourceGroupsTaggingAPIClient = new ResourceGroupsTaggingAPIClient({})) {
    this.#client = client;
  }

  async ownerOf(arn: string): Promise<Ownership> {
    try {
      const { ResourceTagMappingList = [] } = await this.#client.send(
        new GetResourcesCommand({ ResourceARNList: [arn] }),
      );
      const resource = ResourceTagMappingList.find(({ ResourceARN }) => ResourceARN === arn);
      if (resource === undefined) return { outcome: 'unknown', reason: 'its tags are not known' };
      const stack = resource.Tags?.find(({ Key }) => Key === stackTag)?.Value;
      return stack === undefined ? { outcome: 'not-owned' } : { outcome: 'owned', stack };
    } catch (error) {
      return { outcome: 'unknown', reason: error instanceof Error ? error.name : 'not readable' };
    }
  }
}
