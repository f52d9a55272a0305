import { describe, expect, it } from 'vitest';
import { parseRoutingPolicy, useCasePolicy } from '../../functions/routing/routing-policy.ts';
import policyFile from '../../policies/routing.json' with { type: 'json' };
import { useCase } from './questions.ts';

const parse = (changes: Record<string, unknown>) =>
  parseRoutingPolicy({ version: 1, useCases: { triage: useCase(changes) } });

describe('routing policy', () => {
  it('accepts the file that is shipped, with triage on our own endpoint first', () => {
    const policy = parseRoutingPolicy(policyFile);
    expect(useCasePolicy(policy, 'triage')).toMatchObject({ preferred: 'self-hosted', fallback: 'bedrock' });
  });

  it.each(['unknown', 'Triage', '__proto__', 'constructor', 'toString', ''])(
    'has no rules for use case "%s"',
    (name) => {
      expect(useCasePolicy(parseRoutingPolicy(policyFile), name)).toBeUndefined();
    },
  );

  it.each([
    ['an unknown member', { surprise: true }],
    ['an unknown runtime', { preferred: 'openai' }],
    ['a missing deadline', { deadlinesMs: { bedrock: 1 } }],
    ['a deadline of nothing', { deadlinesMs: { 'self-hosted': 0, bedrock: 1 } }],
    ['a deadline of over 80 seconds', { deadlinesMs: { 'self-hosted': 80_001, bedrock: 1 } }],
    ['a confidence above 1', { confidenceThreshold: 1.01 }],
    ['a fallback to itself', { fallback: 'self-hosted' }],
    ['restricted data with a way to Bedrock', { dataClass: 'restricted' }],
    ['restricted data on Bedrock', { dataClass: 'restricted', preferred: 'bedrock', fallback: null }],
    ['an unknown data class', { dataClass: 'secret' }],
    ['more than a megabyte', { maxAnswerBytes: 1_048_577 }],
  ])('refuses %s', (_what, changes) => {
    expect(() => parse(changes)).toThrow(expect.objectContaining({ code: 'routing.invalid-policy' }));
  });

  it('accepts restricted data that stays local', () => {
    expect(parse({ dataClass: 'restricted', fallback: null }).useCases.triage?.fallback).toBeNull();
  });
});
