import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';

/** Where a model runs: on our own endpoint (OpenAI-compatible), or on Amazon Bedrock (Converse). */
export const runtimes = ['self-hosted', 'bedrock'] as const;
export type Runtime = (typeof runtimes)[number];

const positiveInteger = (limit: number) => z.int().check(z.gte(1), z.lte(limit));

const useCaseSchema = z
  .strictObject({
    description: z.string().check(z.maxLength(300)),
    /** `restricted` data never leaves our own endpoint: such a use case may not name Bedrock at all. */
    dataClass: z.enum(['public', 'internal', 'restricted']),
    /** Asked first. */
    preferred: z.enum(runtimes),
    /** Asked when the preferred one is down, invalid or unsure; `null` fails instead. */
    fallback: z.nullable(z.enum(runtimes)),
    /** An answer that reports less confidence than this (0…1) is worth asking the fallback. */
    confidenceThreshold: z.number().check(z.gte(0), z.lte(1)),
    /** Most tokens a model may write. */
    maxTokens: positiveInteger(32_768),
    /** Most bytes of a runtime's whole response; reading stops there. */
    maxAnswerBytes: positiveInteger(1_048_576),
    /** From sending to the last byte of the answer; both together end before the function's own 180 seconds. */
    deadlinesMs: z.strictObject({
      'self-hosted': positiveInteger(80_000),
      bedrock: positiveInteger(80_000),
    }),
  })
  .check(
    z.refine(
      ({ dataClass, preferred, fallback }) =>
        dataClass !== 'restricted' || (preferred === 'self-hosted' && fallback === null),
      { error: 'restricted data may not be sent to bedrock', path: ['fallback'] },
    ),
    z.refine(({ preferred, fallback }) => preferred !== fallback, {
      error: 'fallback must differ from preferred',
      path: ['fallback'],
    }),
  );

const policySchema = z.strictObject({
  version: z.literal(1),
  useCases: z.record(z.string().check(z.regex(/^[a-z][a-z-]{0,40}$/)), useCaseSchema),
});

/** How one use case is routed. */
export type UseCasePolicy = z.output<typeof useCaseSchema>;

/** The whole of `policies/routing.json`. */
export type RoutingPolicy = z.output<typeof policySchema>;

/**
 * Strict: an unknown member, a restricted use case that could leak, or a missing deadline refuses the file.
 *
 * @throws InvalidInputError `routing.invalid-policy` naming the members at fault.
 */
export function parseRoutingPolicy(json: unknown): RoutingPolicy {
  const parsed = z.safeParse(policySchema, json);
  if (parsed.success) return parsed.data;
  const members = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(root)'} ${issue.message}`);
  throw new InvalidInputError('routing.invalid-policy', `policies/routing.json: ${members.join('; ')}`);
}

/** The rules of a use case, by own name only: an unknown one (or `constructor`) has none, so it is refused. */
export function useCasePolicy(policy: RoutingPolicy, useCase: string): UseCasePolicy | undefined {
  return Object.hasOwn(policy.useCases, useCase) ? policy.useCases[useCase] : undefined;
}
