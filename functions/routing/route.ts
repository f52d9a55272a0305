import type { JsonValue } from '../platform/canonical-json.ts';
import type { Clock } from '../platform/clock.ts';
import { confidenceOf, type ModelAnswer } from './model-answer.ts';
import type { AskModel, ModelReply } from './model-runtime.ts';
import type { Runtime, UseCasePolicy } from './routing-policy.ts';
import type { Attempt, Rationale, RoutingResult } from './routing-result.ts';

/** What a caller of the routing function wants answered. */
export interface Question {
  readonly system: string;
  readonly user: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** One call. Without `answer` it brought nothing usable; with `wrong` it is worth asking somebody else. */
interface Tried {
  readonly attempt: Attempt;
  readonly answer?: JsonValue;
  readonly wrong?: Exclude<Rationale['trigger'], 'default'>;
}

/**
 * The preferred runtime first; the fallback when that one is down, late, invalid or unsure. An unsure answer
 * is kept if the fallback has none, and marked `lowConfidence`. Each runtime is asked at most once.
 *
 *     preferred ── valid and sure ───────────────────────────▶ its answer, trigger `default`
 *         └─ failed / invalid / unsure ─▶ fallback ── valid ──▶ its answer, trigger = what was wrong before
 *                                            └─ failed ──▶ the unsure answer, or `all-failed`
 */
export async function route(
  policy: UseCasePolicy,
  question: Question,
  readAnswer: (text: string) => ModelAnswer,
  ask: Readonly<Record<Runtime, AskModel>>,
  clock: Clock,
): Promise<RoutingResult> {
  const first = await tryRuntime(policy, policy.preferred, question, readAnswer, ask, clock);
  if (first.wrong === undefined || policy.fallback === null) {
    return conclude(policy, first, 'default', [first.attempt]);
  }
  const second = await tryRuntime(policy, policy.fallback, question, readAnswer, ask, clock);
  const attempts = [first.attempt, second.attempt];
  return second.answer === undefined
    ? conclude(policy, first, 'default', attempts)
    : conclude(policy, second, first.wrong, attempts);
}

async function tryRuntime(
  policy: UseCasePolicy,
  runtime: Runtime,
  question: Question,
  readAnswer: (text: string) => ModelAnswer,
  ask: Readonly<Record<Runtime, AskModel>>,
  clock: Clock,
): Promise<Tried> {
  const { maxTokens, maxAnswerBytes } = policy;
  const startedAtEpochMs = clock();
  const reply = await ask[runtime]({
    ...question,
    maxTokens,
    maxAnswerBytes,
    deadlineMs: policy.deadlinesMs[runtime],
  }).catch(
    (error: unknown): ModelReply => ({
      outcome: 'failed',
      kind: 'unavailable',
      detail: `client failed: ${error instanceof Error ? error.name : 'unknown'}`,
      modelId: 'unknown',
    }),
  );
  const latencyMs = Math.max(0, clock() - startedAtEpochMs);
  if (reply.outcome === 'failed') {
    const { kind, detail, modelId } = reply;
    const attempt = { runtime, modelId, outcome: kind, detail, inputTokens: 0, outputTokens: 0, latencyMs };
    return { attempt, wrong: kind };
  }
  const { modelId, inputTokens, outputTokens } = reply;
  const called = { runtime, modelId, inputTokens, outputTokens, latencyMs };
  const read = readAnswer(reply.text);
  if (read.outcome === 'invalid') {
    return {
      attempt: { ...called, outcome: 'invalid-answer', detail: read.detail },
      wrong: 'invalid-answer',
    };
  }
  const { answer } = read;
  const confidence = confidenceOf(answer);
  if (confidence === undefined || confidence >= policy.confidenceThreshold) {
    return { attempt: { ...called, outcome: 'answered', detail: 'valid' }, answer };
  }
  const detail = `confidence ${confidence} below ${policy.confidenceThreshold}`;
  return { attempt: { ...called, outcome: 'low-confidence', detail }, answer, wrong: 'low-confidence' };
}

function conclude(
  policy: UseCasePolicy,
  { answer, attempt, wrong }: Tried,
  trigger: Rationale['trigger'],
  attempts: Attempt[],
): RoutingResult {
  if (answer === undefined) return { outcome: 'all-failed', attempts };
  const { runtime, modelId, inputTokens, outputTokens, latencyMs } = attempt;
  const thresholds = {
    confidence: policy.confidenceThreshold,
    maxAnswerBytes: policy.maxAnswerBytes,
    deadlineMs: policy.deadlinesMs[runtime],
  };
  const used = { runtime, modelId, trigger, thresholds, inputTokens, outputTokens, latencyMs };
  return {
    outcome: 'answered',
    answer,
    rationale: { ...used, lowConfidence: wrong !== undefined, attempts },
  };
}
