import {
  GetFunctionConcurrencyCommand,
  LambdaClient,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import type { FunctionContext } from '../workload-resources.ts';
import { collectPages, type ResourceReader, shortText } from './resource-reader.ts';

const maxVersions = 5;
const maxAliases = 10;
/** Versions are listed oldest first, 50 a page: a function with more than 1,000 shows none, which is a gap. */
const maxVersionPages = 20;

/** A function's aliases, newest published versions and reserved concurrency. */
export function lambdaFunctions(
  lambda = new LambdaClient({ maxAttempts: 2 }),
): ResourceReader<FunctionContext> {
  return {
    type: 'lambda:function',
    what: 'function',
    resource: /^function:([A-Za-z0-9_-]{1,64})$/,
    read: async ([functionName = ''], { gaps, abortSignal }) => {
      const { Aliases = [] } = await lambda.send(
        new ListAliasesCommand({ FunctionName: functionName, MaxItems: maxAliases }),
        { abortSignal },
      );
      const [versions, reservedConcurrency] = await Promise.all([
        gaps.attempt(`versions of ${functionName}`, () =>
          publishedVersions(lambda, functionName, abortSignal),
        ),
        gaps.attempt(`reserved concurrency of ${functionName}`, async () => {
          const command = new GetFunctionConcurrencyCommand({ FunctionName: functionName });
          const { ReservedConcurrentExecutions } = await lambda.send(command, { abortSignal });
          return ReservedConcurrentExecutions ?? ('none' as const);
        }),
      ]);
      return {
        functionName,
        ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
        aliases: Aliases.slice(0, maxAliases).flatMap(({ Name, FunctionVersion }) =>
          Name === undefined || FunctionVersion === undefined
            ? []
            : [{ aliasName: Name, version: FunctionVersion }],
        ),
        versions: versions ?? [],
      };
    },
  };
}

async function publishedVersions(
  lambda: LambdaClient,
  functionName: string,
  abortSignal: AbortSignal,
): Promise<FunctionContext['versions']> {
  const { items, isPartial } = await collectPages(maxVersionPages, async (Marker) => {
    const { Versions = [], NextMarker } = await lambda.send(
      new ListVersionsByFunctionCommand({ FunctionName: functionName, Marker }),
      { abortSignal },
    );
    return { items: Versions, next: NextMarker };
  });
  if (isPartial) throw new RangeError('too many versions');
  return items
    .filter(({ Version }) => /^[0-9]+$/.test(Version ?? ''))
    .toSorted((a, b) => Number(b.Version) - Number(a.Version))
    .slice(0, maxVersions)
    .map(({ Version = '', Description, LastModified = '' }) => ({
      version: Version,
      description: shortText(Description),
      lastModified: LastModified,
    }));
}
