import { fileURLToPath } from 'node:url';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  InvokeCommand,
  LambdaClient,
  paginateListFunctions,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { build } from 'esbuild';
import type { FunctionName } from '../../infra/platform/function-entries.ts';
import { storedZip } from '../platform/stored-zip.ts';
import type { ProbeAnswer, ProbeCall } from './role-probe.lambda.ts';

/** One of our deployed Lambdas. */
export interface DeployedFunction {
  readonly arnOfRole: string;
  readonly physicalName: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Every Lambda of the deployed Interlock stack, by the name that `infra/` gives it. */
export async function deployedFunctions(): Promise<ReadonlyMap<string, DeployedFunction>> {
  const functions = new Map<string, DeployedFunction>();
  for await (const page of paginateListFunctions({ client: new LambdaClient({}) }, {})) {
    for (const { Description = '', FunctionName = '', Role = '', Environment } of page.Functions ?? []) {
      if (!Description.startsWith('Interlock ')) continue;
      functions.set(Description.slice('Interlock '.length), {
        arnOfRole: Role,
        physicalName: FunctionName,
        environment: Environment?.Variables ?? {},
      });
    }
  }
  return functions;
}

/** Functions of our own that make any call on the role of one of Interlock's: what they are refused, it is refused. */
export class RoleProbes {
  readonly #client = new LambdaClient({ maxAttempts: 3 });
  readonly #deployed = new Map<FunctionName, string>();

  /** @param names Whose roles to probe. */
  async deploy(
    functions: ReadonlyMap<string, DeployedFunction>,
    names: readonly FunctionName[],
  ): Promise<void> {
    const ZipFile = storedZip('index.mjs', await probeBundle());
    await Promise.all(
      names.map(async (name) => {
        const FunctionName = `probe-${name}`;
        await this.#client.send(
          new CreateFunctionCommand({
            FunctionName,
            Role: functions.get(name)?.arnOfRole,
            Runtime: 'nodejs24.x',
            Handler: 'index.handler',
            Timeout: 20,
            Code: { ZipFile },
          }),
        );
        this.#deployed.set(name, FunctionName);
        await waitUntilFunctionActiveV2(
          { client: this.#client, minDelay: 1, maxWaitTime: 30 },
          { FunctionName },
        );
      }),
    );
  }

  /** @throws Error when the probe itself broke: that says nothing about the role. */
  async call(name: FunctionName, call: ProbeCall): Promise<ProbeAnswer> {
    const { Payload, FunctionError } = await this.#client.send(
      new InvokeCommand({ FunctionName: this.#deployed.get(name), Payload: JSON.stringify(call) }),
    );
    const text = Payload?.transformToString() ?? '';
    // MiniStack 1.5.33, when many functions are called for the first time at once: nothing ran.
    if (text.includes('dictionary changed size during iteration')) return this.call(name, call);
    if (FunctionError !== undefined)
      throw new Error(`the probe on the role of ${name} broke: ${text.slice(0, 200)}`);
    return JSON.parse(text) as ProbeAnswer;
  }

  async remove(): Promise<void> {
    await Promise.all(
      [...this.#deployed.values()].map((FunctionName) =>
        this.#client.send(new DeleteFunctionCommand({ FunctionName })),
      ),
    );
  }
}

async function probeBundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('role-probe.lambda.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);",
    },
  });
  return outputFiles[0]?.text ?? '';
}
