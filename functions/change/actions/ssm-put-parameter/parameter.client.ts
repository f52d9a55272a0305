import {
  GetParameterCommand,
  ParameterNotFound,
  PutParameterCommand,
  SSMClient,
  SSMServiceException,
} from '@aws-sdk/client-ssm';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { PutParameterParameters } from './definition.ts';
import type { ParameterState } from './parameter-target.ts';

/**
 * Reads and sets one plain SSM parameter. A SecureString is never decrypted, snapshotted or written. A write is
 * sent once: repeated by the SDK after a lost answer, its version would look like somebody else's write.
 */
export class ParameterClient implements TargetClient<PutParameterParameters, ParameterState> {
  readonly #reader: SSMClient;
  readonly #writer: SSMClient;

  constructor(reader: SSMClient = new SSMClient({}), writer: SSMClient = new SSMClient({ maxAttempts: 1 })) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read({ name }: PutParameterParameters): Promise<TargetReading<ParameterState>> {
    try {
      const { Parameter: found } = await this.#reader.send(
        new GetParameterCommand({ Name: name, WithDecryption: false }),
      );
      if (found?.Type !== 'String' && found?.Type !== 'StringList') {
        return { outcome: 'refused', reason: 'the parameter is not plain text (SecureString is refused)' };
      }
      if (found.Value === undefined || found.Version === undefined) {
        return { outcome: 'refused', reason: 'the parameter was read without value or version' };
      }
      return {
        outcome: 'found',
        state: {
          type: found.Type,
          value: found.Value,
          dataType: found.DataType ?? 'text',
          version: found.Version,
        },
      };
    } catch (error) {
      if (!(error instanceof ParameterNotFound)) throw unavailableIfTransient(error, 'SSM');
      return { outcome: 'refused', reason: 'the parameter does not exist' };
    }
  }

  apply({ name, toValue }: PutParameterParameters, snapshot: ParameterState): Promise<TargetWrite> {
    return this.#put(name, toValue, snapshot, snapshot.version);
  }

  restore(
    { name }: PutParameterParameters,
    snapshot: ParameterState,
    current: ParameterState,
  ): Promise<TargetWrite> {
    return this.#put(name, snapshot.value, snapshot, current.version);
  }

  /**
   * SSM has no conditional write. The version it answers tells whether somebody wrote in the moment between
   * our read and our write; theirs is then lost to ours, which is a failure for a rollback or a person to undo.
   */
  async #put(
    name: string,
    value: string,
    { type, dataType }: ParameterState,
    followsVersion: number,
  ): Promise<TargetWrite> {
    try {
      const { Version } = await this.#writer.send(
        new PutParameterCommand({
          Name: name,
          Value: value,
          Type: type,
          DataType: dataType,
          Overwrite: true,
        }),
      );
      return Version === followsVersion + 1
        ? { outcome: 'written' }
        : { outcome: 'failed', reason: 'somebody else wrote the parameter at the same moment' };
    } catch (error) {
      const thrown = unavailableIfTransient(error, 'SSM');
      // SSM refused the request, so nothing was written; anything else may have been and is thrown.
      if (thrown instanceof SSMServiceException && thrown.$fault === 'client') {
        return { outcome: 'failed', reason: `SSM refused the parameter: ${thrown.name}` };
      }
      throw thrown;
    }
  }
}
