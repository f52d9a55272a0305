import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod/mini';
import { InterlockError, InvalidInputError } from './errors.ts';
import { malformedMembers } from './malformed-members.ts';

/** Structured JSON logs. Log ids, outcomes and counts; never an event, a payload, a token or a prompt. */
export const logger = new Logger({ serviceName: 'interlock' });

/** What a Step Functions task answers: refusals are outcomes, so that no Choice depends on an error's name. */
export interface TaskOutcome {
  readonly outcome: string;
}

/**
 * The edge of every Lambda: adds the function's name and request id to each log line and logs a failure with
 * its code before it goes back to the caller.
 */
export function pipeline<Event, Result>(handle: (event: Event, context: Context) => Promise<Result>) {
  return middy<Event, Result>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .onError(({ error }) => {
      const failure = error instanceof InterlockError ? error : undefined;
      logger.error('failed', {
        errorName: error?.name ?? 'unknown',
        code: failure?.code ?? 'unexpected',
        reason: failure?.message ?? error?.message ?? 'no message',
        retryable: failure?.retryable ?? false,
      });
    })
    .handler(handle);
}

/**
 * A Step Functions task: strict input, a tagged outcome back, both logged by their ids only.
 *
 * @throws InvalidInputError `task.invalid-input` naming the members at fault.
 */
export function taskHandler<Schema extends z.ZodMiniType, Outcome extends TaskOutcome>(
  schema: Schema,
  run: (input: z.output<Schema>) => Promise<Outcome>,
) {
  return pipeline<unknown, Outcome>(async (event) => {
    const parsed = z.safeParse(schema, event);
    if (!parsed.success) {
      const members = malformedMembers(parsed.error);
      throw new InvalidInputError(
        'task.invalid-input',
        `task input has missing, unknown or malformed members: ${members}`,
      );
    }
    const input = parsed.data;
    const outcome = await run(input);
    logger.info('task done', { ...idsOf(input), outcome: outcome.outcome });
    return outcome;
  });
}

const loggedIds = ['incidentId', 'changeId', 'approvalId', 'planDigest', 'operation'] as const;

function idsOf(input: unknown): Record<string, string> {
  if (typeof input !== 'object' || input === null) return {};
  const record = input as Record<string, unknown>;
  return Object.fromEntries(
    loggedIds
      .filter((name) => typeof record[name] === 'string')
      .map((name) => [name, record[name] as string]),
  );
}
