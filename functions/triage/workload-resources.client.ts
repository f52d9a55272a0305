import { appConfigEnvironments } from './readers/appconfig-environments.client.ts';
import { autoScalingGroups } from './readers/auto-scaling-groups.client.ts';
import { deadLetterQueues } from './readers/dead-letter-queues.client.ts';
import { dynamodbTables } from './readers/dynamodb-tables.client.ts';
import { ec2Instances } from './readers/ec2-instances.client.ts';
import { ecsServices } from './readers/ecs-services.client.ts';
import { eventRules } from './readers/event-rules.client.ts';
import { lambdaFunctions } from './readers/lambda-functions.client.ts';
import type { Reading, ResourceReader } from './readers/resource-reader.ts';
import { ssmParameters, ssmRunbooks } from './readers/ssm.client.ts';
import { stateMachines } from './readers/state-machines.client.ts';
import type { WorkloadResources } from './workload-resources.ts';

/** Enough for any workload a person could review; more is a gap. */
const maxResourcesPerType = 10;

/** One for each kind of resource. */
export type ResourceReaders = {
  readonly [Kind in keyof WorkloadResources]: ResourceReader<WorkloadResources[Kind][number]>;
};

/** A new kind is a file in `readers/`, a line here and its grants in `infra/triage/`. */
export function resourceReaders(): ResourceReaders {
  return {
    functions: lambdaFunctions(),
    parameters: ssmParameters(),
    ecsServices: ecsServices(),
    autoScalingGroups: autoScalingGroups(),
    dynamodbTables: dynamodbTables(),
    deadLetterQueues: deadLetterQueues(),
    eventRules: eventRules(),
    stateMachines: stateMachines(),
    instances: ec2Instances(),
    appConfigEnvironments: appConfigEnvironments(),
    runbooks: ssmRunbooks(),
  };
}

/**
 * Reads what stands behind ARNs, all of it at the same time; ARNs of a kind that nobody reads are passed over.
 *
 * @param arns In the order in which they are read and shown; of each kind the first ten.
 */
export async function readResources(
  readers: ResourceReaders,
  arns: readonly string[],
  reading: Reading,
): Promise<WorkloadResources> {
  const kinds = Object.entries<ResourceReader<unknown>>(readers);
  const found = await Promise.all(
    kinds.map(async ([kind, reader]) => [kind, await readKind(reader, arns, reading)] as const),
  );
  return Object.fromEntries(found) as unknown as WorkloadResources;
}

async function readKind<Found>(
  reader: ResourceReader<Found>,
  arns: readonly string[],
  reading: Reading,
): Promise<Found[]> {
  const ofKind = arns.flatMap((arn) => {
    const names = namesIn(arn, reader);
    return names === undefined ? [] : [{ arn, names }];
  });
  if (ofKind.length > maxResourcesPerType) {
    reading.gaps.add(
      `only ${maxResourcesPerType} of ${ofKind.length} resources of type ${reader.type} were read`,
    );
  }
  const found = await Promise.all(
    ofKind
      .slice(0, maxResourcesPerType)
      .map(({ arn, names }) =>
        reading.gaps.attempt(`${reader.what} ${names.filter((name) => name !== '').join('/')}`, () =>
          reader.read(names, reading, arn),
        ),
      ),
  );
  return found.filter((each) => each !== undefined);
}

/** `undefined` unless the ARN is of the reader's kind. */
function namesIn(arn: string, { type, resource }: ResourceReader<unknown>): string[] | undefined {
  const [, , service, , , ...rest] = arn.split(':');
  if (service !== type.split(':')[0]) return undefined;
  return resource
    .exec(rest.join(':'))
    ?.slice(1)
    .map((name: string | undefined) => name ?? '');
}
