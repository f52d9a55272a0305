import {
  type FunctionConfiguration,
  type LambdaClient,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { FunctionContext, ParameterContext } from './context.ts';
import type { GapCollector } from './gap-collector.ts';

const maxVersions = 5;
const maxAliases = 10;
/** Versions are listed oldest first, 50 a page: a function with more than 1,000 shows none, which is a gap. */
const maxVersionPages = 20;
/** Longer values cannot be named by a plan (see `ssm.put-parameter`). */
const maxValueCharacters = 1_024;

/** A function's aliases and newest published versions. */
export async function readFunction(
  lambda: LambdaClient,
  arn: string,
  gaps: GapCollector,
  abortSignal: AbortSignal,
): Promise<FunctionContext | undefined> {
  const functionName = /:function:([A-Za-z0-9_-]{1,64})$/.exec(arn)?.[1];
  if (functionName === undefined) return undefined;
  return gaps.attempt(`function ${functionName}`, async () => {
    const { Aliases = [] } = await lambda.send(
      new ListAliasesCommand({ FunctionName: functionName, MaxItems: maxAliases }),
      { abortSignal },
    );
    const versions = await gaps.attempt(`versions of ${functionName}`, () =>
      publishedVersions(lambda, functionName, abortSignal),
    );
    return {
      functionName,
      aliases: Aliases.slice(0, maxAliases).flatMap(({ Name, FunctionVersion }) =>
        Name === undefined || FunctionVersion === undefined
          ? []
          : [{ aliasName: Name, version: FunctionVersion }],
      ),
      versions: versions ?? [],
    };
  });
}

async function publishedVersions(
  lambda: LambdaClient,
  functionName: string,
  abortSignal: AbortSignal,
): Promise<FunctionContext['versions']> {
  const published: FunctionConfiguration[] = [];
  let Marker: string | undefined;
  for (let page = 0; page < maxVersionPages; page++) {
    const { Versions = [], NextMarker } = await lambda.send(
      new ListVersionsByFunctionCommand({ FunctionName: functionName, Marker }),
      { abortSignal },
    );
    published.push(...Versions.filter(({ Version }) => /^[0-9]+$/.test(Version ?? '')));
    if (NextMarker === undefined || NextMarker === '') {
      return published
        .sort((a, b) => Number(b.Version) - Number(a.Version))
        .slice(0, maxVersions)
        .map(({ Version = '', Description = '', LastModified = '' }) => ({
          version: Version,
          description: Description.slice(0, 200),
          lastModified: LastModified,
        }));
    }
    Marker = NextMarker;
  }
  throw new RangeError('too many versions');
}

/** A parameter's type, and its value if it is a plain one. Never asks for decryption. */
export async function readParameter(
  ssm: SSMClient,
  arn: string,
  gaps: GapCollector,
  abortSignal: AbortSignal,
): Promise<ParameterContext | undefined> {
  // An ARN does not tell `name` from `/name`. Plans can only name the second kind; the first becomes a gap.
  const path = arn.slice(arn.lastIndexOf(':') + 1).replace(/^parameter\//, '/');
  return gaps.attempt(`parameter ${path}`, async () => {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: path, WithDecryption: false }), {
      abortSignal,
    });
    const { Name: name = path, Type: type = 'unknown', Value: value } = Parameter ?? {};
    if (type !== 'String' || value === undefined) return { name, type };
    if (value.length <= maxValueCharacters) return { name, type, value };
    gaps.add(`the value of parameter ${path} is longer than ${maxValueCharacters} characters`);
    return { name, type };
  });
}
