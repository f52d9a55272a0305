import { parseRoutingPolicy, type UseCasePolicy } from '../../functions/routing/routing-policy.ts';

export const schema = {
  type: 'object',
  properties: {
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    text: { type: 'string', maxLength: 50 },
  },
  required: ['confidence', 'text'],
  additionalProperties: false,
};

export const question = { system: 'You answer.', user: 'What is it?', schema };

/** A use case as an operator would write it, with some members changed. */
export function useCase(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    description: 'test',
    dataClass: 'internal',
    preferred: 'self-hosted',
    fallback: 'bedrock',
    confidenceThreshold: 0.5,
    maxTokens: 256,
    maxAnswerBytes: 20_000,
    deadlinesMs: { 'self-hosted': 400, bedrock: 2_000 },
    ...changes,
  };
}

export function policyOf(changes: Record<string, unknown> = {}): UseCasePolicy {
  const policy = parseRoutingPolicy({ version: 1, useCases: { triage: useCase(changes) } }).useCases.triage;
  if (policy === undefined) throw new Error('the use case is missing');
  return policy;
}
