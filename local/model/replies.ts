import type { Answer } from './answers.ts';

/** How the stand-in names itself wherever an API has a place for a model's name. */
export const standInName = 'scripted-stand-in';

/** Four characters a token, as a rule of thumb: the stand-in has no tokeniser. */
const tokensOf = (text: string): number => Math.ceil(text.length / 4);

/** An OpenAI-compatible chat completion. */
export function chatCompletion(prompt: string, answer: Answer, nowEpochMs: number): object {
  const content = JSON.stringify(answer);
  const usage = { prompt_tokens: tokensOf(prompt), completion_tokens: tokensOf(content) };
  return {
    id: `chatcmpl-${standInName}-${nowEpochMs}`,
    object: 'chat.completion',
    created: Math.floor(nowEpochMs / 1_000),
    model: standInName,
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  };
}

/** An Amazon Bedrock Converse response: a call of the tool that the request forces, or plain text without one. */
export function converseReply(prompt: string, answer: Answer, toolName: string | undefined): object {
  const text = JSON.stringify(answer);
  const block =
    toolName === undefined
      ? { text }
      : { toolUse: { toolUseId: `tooluse_${standInName}`, name: toolName, input: answer } };
  const usage = { inputTokens: tokensOf(prompt), outputTokens: tokensOf(text) };
  return {
    output: { message: { role: 'assistant', content: [block] } },
    stopReason: toolName === undefined ? 'end_turn' : 'tool_use',
    usage: { ...usage, totalTokens: usage.inputTokens + usage.outputTokens },
    metrics: { latencyMs: 1 },
  };
}
