import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandOutput,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type AskModel, failureOf, type ModelRequest } from './model-runtime.ts';

/** The tool a model is made to call: Converse has no other way to ask for JSON of a given schema. */
const answerTool = 'answer';

/**
 * @param overriddenEndpoint `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`. The client speaks HTTP/2 to AWS; what stands
 * at another address (the local stand-in) usually speaks HTTP/1.1 only.
 */
export function bedrockRuntimeClient(overriddenEndpoint: string): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    maxAttempts: 2,
    ...(overriddenEndpoint === ''
      ? {}
      : { endpoint: overriddenEndpoint, requestHandler: new NodeHttpHandler({}) }),
  });
}

/**
 * Asks a model on Amazon Bedrock through Converse, with one forced tool call that carries the schema. The
 * deadline covers the SDK's own retry.
 *
 * @param modelId Empty when the environment has no Bedrock model.
 */
export function bedrockModel(modelId: string, client: BedrockRuntimeClient): AskModel {
  return async (request) => {
    const failed = failureOf(modelId);
    if (modelId === '') return failed('unavailable', 'no Bedrock model is configured');
    const deadline = AbortSignal.timeout(request.deadlineMs);
    try {
      const output = await client.send(toCommand(modelId, request), { abortSignal: deadline });
      const text = toolInputOf(output);
      if (text === undefined) return failed('invalid-answer', 'the model did not call the answer tool');
      const bytes = Buffer.byteLength(text, 'utf8');
      if (bytes > request.maxAnswerBytes) {
        return failed('invalid-answer', `answer of ${bytes} bytes exceeds ${request.maxAnswerBytes}`);
      }
      const { inputTokens = 0, outputTokens = 0 } = output.usage ?? {};
      return { outcome: 'replied', text, modelId, inputTokens, outputTokens };
    } catch (error) {
      if (deadline.aborted) return failed('deadline', `no complete answer within ${request.deadlineMs} ms`);
      return failed('unavailable', `Converse failed: ${error instanceof Error ? error.name : 'unknown'}`);
    }
  };
}

function toCommand(modelId: string, { system, user, schema, maxTokens }: ModelRequest): ConverseCommand {
  return new ConverseCommand({
    modelId,
    system: [{ text: system }],
    messages: [{ role: 'user', content: [{ text: user }] }],
    inferenceConfig: { maxTokens, temperature: 0 },
    toolConfig: {
      // The SDK's document type has no readonly members; the schema is plain JSON and only serialised.
      tools: [{ toolSpec: { name: answerTool, inputSchema: { json: schema as never } } }],
      toolChoice: { tool: { name: answerTool } },
    },
  });
}

/** The tool call's input as text, so that answers of both runtimes pass the same check. */
function toolInputOf(output: ConverseCommandOutput): string | undefined {
  const call = output.output?.message?.content?.find((block) => block.toolUse?.name === answerTool)?.toolUse;
  return call?.input === undefined ? undefined : JSON.stringify(call.input);
}
