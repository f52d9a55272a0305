import * as z from 'zod/mini';
import type { RiskTier } from '../../../platform/vocabulary.ts';
import type { ActionDefinition } from '../../action-definition.ts';

/** Default quota of a table in most Regions; a table above it is for people. */
const maxCapacityUnits = 40_000;

const capacityUnits = z.int().check(z.minimum(1), z.maximum(maxCapacityUnits));

const schema = z.strictObject({
  tableName: z.string().check(z.regex(/^[A-Za-z0-9_.][A-Za-z0-9_.-]{2,254}$/)),
  /** Capacity units the table is provisioned with now; the change is refused if that is no longer so. */
  fromReadCapacityUnits: capacityUnits,
  fromWriteCapacityUnits: capacityUnits,
  /** Capacity units it shall be provisioned with. */
  toReadCapacityUnits: capacityUnits,
  toWriteCapacityUnits: capacityUnits,
});

export type SetCapacityParameters = z.output<typeof schema>;

/**
 * Sets the provisioned capacity of a table; its indexes keep theirs. DynamoDB raises as often as asked but
 * lowers only a few times a UTC day, so that a rollback of a raise may be refused by DynamoDB and then goes
 * to a person.
 */
export const setCapacity: ActionDefinition<SetCapacityParameters> = {
  id: 'dynamodb.set-capacity',
  actionClass: 'capacity',
  summary:
    'Set the provisioned read and write capacity units of a DynamoDB table. On-demand tables are refused.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: tierOf,
  target: ({ tableName }) => ({
    type: 'dynamodb-table',
    id: tableName,
    key: `dynamodb-table/${tableName}`,
  }),
  effect: (parameters) => ({
    before: capacityText(parameters.fromReadCapacityUnits, parameters.fromWriteCapacityUnits),
    after: capacityText(parameters.toReadCapacityUnits, parameters.toWriteCapacityUnits),
  }),
  targetArn: ({ tableName }, { partition, region, account }) =>
    `arn:${partition}:dynamodb:${region}:${account}:table/${tableName}`,
  blastRadius: (parameters) => ({
    resources: 1,
    capacityPercent: Math.max(
      ...movesOf(parameters).map(({ from, to }) => Math.ceil((100 * Math.abs(to - from)) / from)),
    ),
  }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ tableName, fromReadCapacityUnits, fromWriteCapacityUnits }) => [
      `provision ${tableName} with ${capacityText(fromReadCapacityUnits, fromWriteCapacityUnits)} again, as read in the snapshot`,
      'read the table back and compare it with the snapshot',
    ],
  },
  successCriteria: ({ toReadCapacityUnits, toWriteCapacityUnits }) => [
    { kind: 'read-back', expected: capacityText(toReadCapacityUnits, toWriteCapacityUnits) },
  ],
  runbook: (parameters) => [
    `aws dynamodb describe-table --table-name ${parameters.tableName}`,
    updateCommand(parameters.tableName, parameters.toReadCapacityUnits, parameters.toWriteCapacityUnits),
    `aws dynamodb wait table-exists --table-name ${parameters.tableName}`,
    `to undo: ${updateCommand(parameters.tableName, parameters.fromReadCapacityUnits, parameters.fromWriteCapacityUnits)}`,
  ],
  permissions: [
    {
      actions: ['dynamodb:DescribeTable', 'dynamodb:UpdateTable'],
      resource: { service: 'dynamodb', resource: 'table', resourceName: '*', separator: '/' },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to tables tagged for this environment.',
    },
  ],
  examples: [
    {
      tableName: 'orders',
      fromReadCapacityUnits: 10,
      fromWriteCapacityUnits: 10,
      toReadCapacityUnits: 20,
      toWriteCapacityUnits: 10,
    },
    {
      tableName: 'orders',
      fromReadCapacityUnits: 100,
      fromWriteCapacityUnits: 50,
      toReadCapacityUnits: 60,
      toWriteCapacityUnits: 50,
    },
    {
      tableName: 'orders',
      fromReadCapacityUnits: 100,
      fromWriteCapacityUnits: 50,
      toReadCapacityUnits: 100,
      toWriteCapacityUnits: 20,
    },
  ],
};

/** How people and a `read-back` criterion see a capacity. */
export function capacityText(readCapacityUnits: number, writeCapacityUnits: number): string {
  return `${readCapacityUnits} read and ${writeCapacityUnits} write capacity units`;
}

/**
 * Raising up to double costs little and throttles nobody; lowering below half may throttle a live workload.
 */
function tierOf(parameters: SetCapacityParameters): RiskTier {
  const moves = movesOf(parameters);
  if (moves.some(({ from, to }) => 2 * to < from)) return 'high';
  return moves.every(({ from, to }) => to >= from && to <= 2 * from) ? 'low' : 'medium';
}

function movesOf(parameters: SetCapacityParameters): { readonly from: number; readonly to: number }[] {
  return [
    { from: parameters.fromReadCapacityUnits, to: parameters.toReadCapacityUnits },
    { from: parameters.fromWriteCapacityUnits, to: parameters.toWriteCapacityUnits },
  ];
}

function updateCommand(tableName: string, readUnits: number, writeUnits: number): string {
  return `aws dynamodb update-table --table-name ${tableName} --provisioned-throughput ReadCapacityUnits=${readUnits},WriteCapacityUnits=${writeUnits}`;
}
