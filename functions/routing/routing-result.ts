import * as z from 'zod/mini';
import type { JsonValue } from '../platform/canonical-json.ts';
import { runtimes } from './routing-policy.ts';

/** Why the runtime that answered was asked: by default, or what was wrong with the one before it. */
export const triggers = ['default', 'unavailable', 'deadline', 'invalid-answer', 'low-confidence'] as const;

const attemptSchema = z.object({
  runtime: z.enum(runtimes),
  modelId: z.string(),
  outcome: z.enum(['answered', 'unavailable', 'deadline', 'invalid-answer', 'low-confidence']),
  /** What was measured, in words; never what the server sent. */
  detail: z.string(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  latencyMs: z.number(),
});

/** One call to one runtime. */
export type Attempt = z.output<typeof attemptSchema>;

const rationaleSchema = z.object({
  runtime: z.enum(runtimes),
  modelId: z.string(),
  trigger: z.enum(triggers),
  /** The limits of `policies/routing.json` that were compared with. */
  thresholds: z.object({ confidence: z.number(), maxAnswerBytes: z.number(), deadlineMs: z.number() }),
  /** The answer used reports less confidence than the threshold, and nobody surer could be asked. */
  lowConfidence: z.boolean(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  latencyMs: z.number(),
  attempts: z.array(attemptSchema),
});

/** Why this model answered: recorded with the answer. Tokens and latency are those of the answer used. */
export type Rationale = z.output<typeof rationaleSchema>;

/** What the routing function returns; its caller parses it with this. */
export const routingResultSchema = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('answered'),
    answer: z.unknown() as unknown as z.ZodMiniType<JsonValue>,
    rationale: rationaleSchema,
  }),
  z.object({ outcome: z.literal('all-failed'), attempts: z.array(attemptSchema) }),
  z.object({ outcome: z.literal('refused'), reason: z.string() }),
]);

export type RoutingResult = z.output<typeof routingResultSchema>;
