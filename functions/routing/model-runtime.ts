/** What every model runtime is asked, in the same words for all of them. */
export interface ModelRequest {
  readonly system: string;
  readonly user: string;
  /** JSON Schema of the answer. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Most tokens the model may write. */
  readonly maxTokens: number;
  /** Most bytes of the response; reading stops there. */
  readonly maxAnswerBytes: number;
  /** Milliseconds from sending to the last byte. */
  readonly deadlineMs: number;
}

/**
 * Why a runtime gave no usable answer: it could not be reached or said no (`unavailable`), did not finish in
 * time (`deadline`), or finished with something that is not what was asked for (`invalid-answer`).
 */
export type ModelFailureKind = 'unavailable' | 'deadline' | 'invalid-answer';

/** What a runtime came back with. `text` is still untrusted: nobody has looked at it yet. */
export type ModelReply =
  | {
      readonly outcome: 'replied';
      readonly text: string;
      readonly modelId: string;
      /** As the runtime reports them; 0 when it does not. */
      readonly inputTokens: number;
      readonly outputTokens: number;
    }
  | {
      readonly outcome: 'failed';
      readonly kind: ModelFailureKind;
      /** Status codes, sizes and limits; never a word of what the server sent. */
      readonly detail: string;
      readonly modelId: string;
    };

/** Asks one runtime. Failures are values; it never throws for what a server does. */
export type AskModel = (request: ModelRequest) => Promise<ModelReply>;

/** The failures of one model, by kind and what was measured. */
export function failureOf(modelId: string) {
  return (kind: ModelFailureKind, detail: string): ModelReply => ({
    outcome: 'failed',
    kind,
    detail,
    modelId,
  });
}
