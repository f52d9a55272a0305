import {
  GetAliasCommand,
  LambdaClient,
  LambdaServiceException,
  PreconditionFailedException,
  ResourceNotFoundException,
  UpdateAliasCommand,
} from '@aws-sdk/client-lambda';
import type { StepInHand, TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import { type AliasState, aliasAfter } from './alias-target.ts';
import type { ShiftAliasParameters } from './definition.ts';

/**
 * Reads and moves one Lambda alias; every write names the revision it follows, so no foreign write is lost. A
 * write is sent once: repeated by the SDK after a lost answer, it would be refused because of itself.
 */
export class AliasClient implements TargetClient<ShiftAliasParameters, AliasState> {
  readonly #reader: LambdaClient;
  readonly #writer: LambdaClient;

  constructor(
    reader: LambdaClient = new LambdaClient({}),
    writer: LambdaClient = new LambdaClient({ maxAttempts: 1 }),
  ) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read({ functionName, aliasName }: ShiftAliasParameters): Promise<TargetReading<AliasState>> {
    try {
      const alias = await this.#reader.send(
        new GetAliasCommand({ FunctionName: functionName, Name: aliasName }),
      );
      if (alias.FunctionVersion === undefined || alias.RevisionId === undefined) {
        return { outcome: 'refused', reason: 'the alias was read without version or revision' };
      }
      return {
        outcome: 'found',
        state: {
          functionVersion: alias.FunctionVersion,
          additionalWeights: alias.RoutingConfig?.AdditionalVersionWeights ?? {},
          revisionId: alias.RevisionId,
        },
      };
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw unavailableIfTransient(error, 'Lambda');
      return { outcome: 'refused', reason: 'the function or its alias does not exist' };
    }
  }

  apply(
    parameters: ShiftAliasParameters,
    snapshot: AliasState,
    step?: StepInHand<AliasState>,
  ): Promise<TargetWrite> {
    const { revisionId } = step?.current ?? snapshot;
    return this.#point(parameters, { ...aliasAfter(parameters, step?.index), revisionId });
  }

  restore(parameters: ShiftAliasParameters, snapshot: AliasState, current: AliasState): Promise<TargetWrite> {
    return this.#point(parameters, { ...snapshot, revisionId: current.revisionId });
  }

  /** @param to.revisionId The write that this one follows. */
  async #point(
    { functionName, aliasName }: ShiftAliasParameters,
    { functionVersion, additionalWeights, revisionId }: AliasState,
  ): Promise<TargetWrite> {
    try {
      await this.#writer.send(
        new UpdateAliasCommand({
          FunctionName: functionName,
          Name: aliasName,
          FunctionVersion: functionVersion,
          RoutingConfig: { AdditionalVersionWeights: { ...additionalWeights } },
          RevisionId: revisionId,
        }),
      );
      return { outcome: 'written' };
    } catch (error) {
      if (error instanceof PreconditionFailedException) return { outcome: 'target-changed' };
      const thrown = unavailableIfTransient(error, 'Lambda');
      // Lambda refused the request, so nothing was written; anything else may have been and is thrown.
      if (thrown instanceof LambdaServiceException && thrown.$fault === 'client') {
        return { outcome: 'failed', reason: `Lambda refused the alias update: ${thrown.name}` };
      }
      throw thrown;
    }
  }
}
