import * as z from 'zod/mini';
import policyFile from '../../policies/routing.json' with { type: 'json' };
import { systemClock } from '../platform/clock.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { bedrockModel, bedrockRuntimeClient } from './bedrock.client.ts';
import { answerReader } from './model-answer.ts';
import { route } from './route.ts';
import { parseRoutingPolicy, useCasePolicy } from './routing-policy.ts';
import type { RoutingResult } from './routing-result.ts';
import { selfHostedModel } from './self-hosted.client.ts';

const settings = readSettings({
  MODEL_BASE_URL: z.optional(z.string()),
  MODEL_NAME: z.optional(z.string()),
  BEDROCK_MODEL_ID: z.optional(z.string()),
  AWS_ENDPOINT_URL_BEDROCK_RUNTIME: z.optional(z.string()),
});
const policy = parseRoutingPolicy(policyFile);
const ask = {
  'self-hosted': selfHostedModel(settings.MODEL_BASE_URL ?? '', settings.MODEL_NAME ?? 'default'),
  bedrock: bedrockModel(
    settings.BEDROCK_MODEL_ID ?? '',
    bedrockRuntimeClient(settings.AWS_ENDPOINT_URL_BEDROCK_RUNTIME ?? ''),
  ),
};

const requestSchema = z.strictObject({
  useCase: z.string().check(z.maxLength(60)),
  system: z.string().check(z.minLength(1), z.maxLength(100_000)),
  user: z.string().check(z.minLength(1), z.maxLength(200_000)),
  schema: z.record(z.string(), z.unknown()),
});

/** Invoked synchronously with a question: picks the model by policy and returns a validated answer with its rationale. */
export const handler = taskHandler(
  requestSchema,
  async ({ useCase, ...question }): Promise<RoutingResult> => {
    const rules = useCasePolicy(policy, useCase);
    if (rules === undefined)
      return { outcome: 'refused', reason: `no routing policy for use case ${useCase}` };
    return route(rules, question, answerReader(question.schema), ask, systemClock);
  },
);
