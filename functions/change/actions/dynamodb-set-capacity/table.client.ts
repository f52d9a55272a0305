import {
  DescribeTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { DependencyUnavailableError } from '../../../platform/errors.ts';
import { lookThenWrite } from '../look-then-write.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { SetCapacityParameters } from './definition.ts';
import { type TableState, tableTarget } from './table-target.ts';

/**
 * Reads and sets the provisioned capacity of one table. DynamoDB has no conditional `UpdateTable`, but takes
 * only one at a time: another one under way refuses ours, and the times of the last raise and the last
 * lowering show one that has ended. What starts and ends in the milliseconds between the last look and our
 * write is not seen. A table that is being updated shows its old capacity, so it cannot be judged and is to
 * be asked again.
 */
export class TableClient implements TargetClient<SetCapacityParameters, TableState> {
  readonly #reader: DynamoDBClient;
  readonly #writer: DynamoDBClient;

  constructor(
    reader: DynamoDBClient = new DynamoDBClient({}),
    writer: DynamoDBClient = new DynamoDBClient({ maxAttempts: 1 }),
  ) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read({ tableName }: SetCapacityParameters): Promise<TargetReading<TableState>> {
    try {
      const { Table } = await this.#reader.send(new DescribeTableCommand({ TableName: tableName }));
      return readingOf(Table);
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw unavailableIfTransient(error, 'DynamoDB');
      return { outcome: 'refused', reason: 'the table does not exist' };
    }
  }

  apply(parameters: SetCapacityParameters, snapshot: TableState): Promise<TargetWrite> {
    const { toReadCapacityUnits, toWriteCapacityUnits } = parameters;
    return this.#provision(parameters, toReadCapacityUnits, toWriteCapacityUnits, snapshot);
  }

  restore(
    parameters: SetCapacityParameters,
    snapshot: TableState,
    current: TableState,
  ): Promise<TargetWrite> {
    const { readCapacityUnits, writeCapacityUnits } = snapshot;
    return this.#provision(parameters, readCapacityUnits, writeCapacityUnits, current);
  }

  #provision(
    parameters: SetCapacityParameters,
    readCapacityUnits: number,
    writeCapacityUnits: number,
    follows: TableState,
  ): Promise<TargetWrite> {
    const ProvisionedThroughput = {
      ReadCapacityUnits: readCapacityUnits,
      WriteCapacityUnits: writeCapacityUnits,
    };
    return lookThenWrite({
      service: 'DynamoDB',
      read: () => this.read(parameters),
      isStill: (current) => tableTarget.isUntouched(follows, current),
      write: async () => {
        try {
          await this.#writer.send(
            new UpdateTableCommand({ TableName: parameters.tableName, ProvisionedThroughput }),
          );
          return { outcome: 'written' };
        } catch (error) {
          // Somebody else's update is under way, and ours was not taken.
          if (error instanceof ResourceInUseException) return { outcome: 'target-changed' };
          throw error;
        }
      },
    });
  }
}

/** @throws DependencyUnavailableError while the table is being created or updated. */
function readingOf(table: TableDescription | undefined): TargetReading<TableState> {
  if (table?.TableStatus === 'CREATING' || table?.TableStatus === 'UPDATING') {
    throw new DependencyUnavailableError('change.target-busy', 'the table is being updated; retry');
  }
  if (table?.TableStatus !== 'ACTIVE') {
    return { outcome: 'refused', reason: 'the table is being deleted or is not accessible' };
  }
  // A table that has never been on demand has no summary.
  if ((table.BillingModeSummary?.BillingMode ?? 'PROVISIONED') !== 'PROVISIONED') {
    return { outcome: 'refused', reason: 'the table is on demand and has no provisioned capacity' };
  }
  const { ReadCapacityUnits, WriteCapacityUnits, LastIncreaseDateTime, LastDecreaseDateTime } =
    table.ProvisionedThroughput ?? {};
  if (ReadCapacityUnits === undefined || WriteCapacityUnits === undefined) {
    return { outcome: 'refused', reason: 'the table was read without its capacity' };
  }
  return {
    outcome: 'found',
    state: {
      tableId: table.TableId ?? '',
      readCapacityUnits: ReadCapacityUnits,
      writeCapacityUnits: WriteCapacityUnits,
      raisedAtEpochMs: LastIncreaseDateTime?.getTime() ?? 0,
      loweredAtEpochMs: LastDecreaseDateTime?.getTime() ?? 0,
    },
  };
}
