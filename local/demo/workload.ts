import {
  GetAliasCommand,
  GetFunctionCommand,
  LambdaClient,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { demo } from './names.ts';

/** The demo workload through AWS's own API, as its owners and their deploy pipeline would use it. */
export class Workload {
  readonly #lambda = new LambdaClient({});
  readonly #ssm = new SSMClient({});
  /** URL of the checkout. */
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Tells Interlock where to probe the workload: its owners' opt-in, once its address is known. */
  async publishProbeUrl(): Promise<void> {
    const { Configuration } = await this.#lambda.send(
      new GetFunctionCommand({ FunctionName: demo.functionName }),
    );
    await this.#lambda.send(
      new TagResourceCommand({
        Resource: Configuration?.FunctionArn,
        Tags: { 'interlock:probe-url': this.url },
      }),
    );
  }

  /** Version that the alias points to. */
  async liveVersion(): Promise<string> {
    const { FunctionVersion } = await this.#lambda.send(
      new GetAliasCommand({ FunctionName: demo.functionName, Name: demo.aliasName }),
    );
    return FunctionVersion ?? '';
  }

  async flag(): Promise<string> {
    const { Parameter } = await this.#ssm.send(new GetParameterCommand({ Name: demo.parameterName }));
    return Parameter?.Value ?? '';
  }

  /** Whether a parameter of this name exists at all. */
  async parameterExists(name: string): Promise<boolean> {
    try {
      await this.#ssm.send(new GetParameterCommand({ Name: name }));
      return true;
    } catch (error) {
      if ((error as Error).name === 'ParameterNotFound') return false;
      throw error;
    }
  }

  async setFlag(value: 'on' | 'off'): Promise<void> {
    await this.#ssm.send(
      new PutParameterCommand({ Name: demo.parameterName, Value: value, Overwrite: true }),
    );
  }

  /**
   * A deploy pipeline's bad day: publishes a version that names a price list the build does not have and moves
   * the alias to it. The good version stays published.
   *
   * @returns the versions before and after
   */
  async releaseBadVersion(): Promise<{ good: string; bad: string }> {
    const good = await this.liveVersion();
    const bad = (await this.#versionDescribed(badRelease)) ?? (await this.#publishBadVersion());
    await this.pointLiveAt(bad);
    return { good, bad };
  }

  async pointLiveAt(version: string): Promise<void> {
    await this.#lambda.send(
      new UpdateAliasCommand({
        FunctionName: demo.functionName,
        Name: demo.aliasName,
        FunctionVersion: version,
      }),
    );
  }

  async #versionDescribed(description: string): Promise<string | undefined> {
    const { Versions = [] } = await this.#lambda.send(
      new ListVersionsByFunctionCommand({ FunctionName: demo.functionName }),
    );
    return Versions.find(({ Description }) => Description === description)?.Version;
  }

  async #publishBadVersion(): Promise<string> {
    const FunctionName = demo.functionName;
    const { Configuration } = await this.#lambda.send(new GetFunctionCommand({ FunctionName }));
    const Variables = { ...Configuration?.Environment?.Variables, PRICE_LIST: demo.badPriceList };
    await this.#lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }),
    );
    await waitUntilFunctionUpdatedV2({ client: this.#lambda, maxWaitTime: 20 }, { FunctionName });
    const { Version = '' } = await this.#lambda.send(
      new PublishVersionCommand({ FunctionName, Description: badRelease }),
    );
    return Version;
  }
}

const badRelease = 'Winter prices';
