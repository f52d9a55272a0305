import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerReader } from '../../functions/routing/model-answer.ts';
import type { AskModel, ModelReply } from '../../functions/routing/model-runtime.ts';
import { route } from '../../functions/routing/route.ts';
import { routingResultSchema } from '../../functions/routing/routing-result.ts';
import { policyOf, question, schema } from './questions.ts';

const replied = (value: unknown): ModelReply => ({
  outcome: 'replied',
  text: JSON.stringify(value),
  modelId: 'm',
  inputTokens: 10,
  outputTokens: 5,
});
const failed = (kind: 'unavailable' | 'deadline' | 'invalid-answer'): ModelReply => ({
  outcome: 'failed',
  kind,
  detail: 'because',
  modelId: 'm',
});
const sure = { confidence: 0.9, text: 'sure' };
const unsure = { confidence: 0.49, text: 'unsure' };

async function run(selfHosted: ModelReply | Error, bedrock: ModelReply | Error, changes = {}) {
  const asked: string[] = [];
  const answering =
    (runtime: string, reply: ModelReply | Error): AskModel =>
    async () => {
      asked.push(runtime);
      if (reply instanceof Error) throw reply;
      return reply;
    };
  let nowEpochMs = 1_795_392_000_000;
  const clock = () => {
    nowEpochMs += 7;
    return nowEpochMs;
  };
  const ask = { 'self-hosted': answering('self-hosted', selfHosted), bedrock: answering('bedrock', bedrock) };
  const result = await route(policyOf(changes), question, answerReader(schema), ask, clock);
  return { result, asked };
}

describe('route', () => {
  it('uses our own endpoint and leaves Bedrock alone', async () => {
    const { result, asked } = await run(replied(sure), new Error('never'));
    expect(asked).toStrictEqual(['self-hosted']);
    expect(result).toMatchObject({
      outcome: 'answered',
      answer: sure,
      rationale: {
        runtime: 'self-hosted',
        modelId: 'm',
        trigger: 'default',
        lowConfidence: false,
        thresholds: { confidence: 0.5, maxAnswerBytes: 20_000, deadlineMs: 400 },
        inputTokens: 10,
        outputTokens: 5,
        latencyMs: 7,
        attempts: [{ outcome: 'answered' }],
      },
    });
  });

  it.each(['unavailable', 'deadline', 'invalid-answer'] as const)('asks Bedrock after %s', async (kind) => {
    const { result, asked } = await run(failed(kind), replied(sure));
    expect(asked).toStrictEqual(['self-hosted', 'bedrock']);
    expect(result).toMatchObject({
      outcome: 'answered',
      rationale: {
        runtime: 'bedrock',
        trigger: kind,
        attempts: [{ outcome: kind }, { outcome: 'answered' }],
      },
    });
  });

  it('asks Bedrock after a valid reply of the wrong shape, and after a client that threw', async () => {
    const wrong = await run(replied({ hello: 'world' }), replied(sure));
    expect(wrong.result).toMatchObject({ rationale: { runtime: 'bedrock', trigger: 'invalid-answer' } });
    const threw = await run(new TypeError('bug'), replied(sure));
    expect(threw.result).toMatchObject({ rationale: { runtime: 'bedrock', trigger: 'unavailable' } });
  });

  it.each([
    [0.49, ['self-hosted', 'bedrock']],
    [0.5, ['self-hosted']],
    [0.51, ['self-hosted']],
  ])('compares confidence %d with the threshold 0.5', async (confidence, expected) => {
    const { asked } = await run(replied({ confidence, text: '' }), replied(sure));
    expect(asked).toStrictEqual(expected);
  });

  it('keeps an unsure answer when nobody surer could be asked, and says so', async () => {
    const { result } = await run(replied(unsure), failed('unavailable'));
    expect(result).toMatchObject({
      outcome: 'answered',
      answer: unsure,
      rationale: { runtime: 'self-hosted', trigger: 'default', lowConfidence: true },
    });
    const escalated = await run(replied(unsure), replied(sure));
    expect(escalated.result).toMatchObject({
      rationale: { runtime: 'bedrock', trigger: 'low-confidence', lowConfidence: false },
    });
  });

  it('never asks Bedrock about restricted data', async () => {
    const local = { dataClass: 'restricted', fallback: null };
    const { result, asked } = await run(failed('unavailable'), replied(sure), local);
    expect(asked).toStrictEqual(['self-hosted']);
    expect(result).toMatchObject({ outcome: 'all-failed', attempts: [{ outcome: 'unavailable' }] });
  });

  it('reports each failure when every model failed', async () => {
    const { result } = await run(failed('deadline'), failed('unavailable'));
    expect(result).toMatchObject({
      outcome: 'all-failed',
      attempts: [
        { runtime: 'self-hosted', outcome: 'deadline' },
        { runtime: 'bedrock', outcome: 'unavailable' },
      ],
    });
  });

  it('asks each runtime at most once and keeps its contract, whatever comes back', async () => {
    const reply = fc.oneof(
      fc.jsonValue().map(replied),
      fc.constantFrom(replied(sure), replied(unsure), failed('deadline'), failed('unavailable')),
      fc.constant(new Error('boom')),
    );
    await fc.assert(
      fc.asyncProperty(reply, reply, async (selfHosted, bedrock) => {
        const { result, asked } = await run(selfHosted, bedrock);
        expect(new Set(asked).size).toBe(asked.length);
        expect(routingResultSchema.safeParse(JSON.parse(JSON.stringify(result))).success).toBe(true);
      }),
    );
  });
});
