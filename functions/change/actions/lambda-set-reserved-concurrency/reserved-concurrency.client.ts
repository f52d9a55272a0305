import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { lookThenWrite } from '../look-then-write.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { Concurrency, SetReservedConcurrencyParameters } from './definition.ts';
import type { ReservedConcurrencyState } from './reserved-concurrency-target.ts';

/**
 * Reads and sets the reserved concurrency of one function. Lambda knows neither a condition nor a revision
 * here: what somebody else writes in the moment between the look and the write is lost to ours.
 */
export class ReservedConcurrencyClient
  implements TargetClient<SetReservedConcurrencyParameters, ReservedConcurrencyState>
{
  readonly #reader: LambdaClient;
  readonly #writer: LambdaClient;

  constructor(
    reader: LambdaClient = new LambdaClient({}),
    writer: LambdaClient = new LambdaClient({ maxAttempts: 1 }),
  ) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read({
    functionName,
  }: SetReservedConcurrencyParameters): Promise<TargetReading<ReservedConcurrencyState>> {
    try {
      const { ReservedConcurrentExecutions: reserved = 'none' } = await this.#reader.send(
        new GetFunctionConcurrencyCommand({ FunctionName: functionName }),
      );
      return { outcome: 'found', state: { reserved } };
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw unavailableIfTransient(error, 'Lambda');
      return { outcome: 'refused', reason: 'the function does not exist' };
    }
  }

  apply(
    parameters: SetReservedConcurrencyParameters,
    snapshot: ReservedConcurrencyState,
  ): Promise<TargetWrite> {
    return this.#set(parameters, parameters.toConcurrency, snapshot);
  }

  restore(
    parameters: SetReservedConcurrencyParameters,
    snapshot: ReservedConcurrencyState,
    current: ReservedConcurrencyState,
  ): Promise<TargetWrite> {
    return this.#set(parameters, snapshot.reserved, current);
  }

  #set(
    parameters: SetReservedConcurrencyParameters,
    concurrency: Concurrency,
    follows: ReservedConcurrencyState,
  ): Promise<TargetWrite> {
    const FunctionName = parameters.functionName;
    return lookThenWrite({
      service: 'Lambda',
      read: () => this.read(parameters),
      isStill: ({ reserved }) => reserved === follows.reserved,
      write: async () => {
        await (concurrency === 'none'
          ? this.#writer.send(new DeleteFunctionConcurrencyCommand({ FunctionName }))
          : this.#writer.send(
              new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: concurrency }),
            ));
        return { outcome: 'written' };
      },
    });
  }
}
