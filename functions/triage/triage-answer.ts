import * as z from 'zod/mini';

const answerSchema = z.strictObject({
  diagnosis: z.string().check(z.maxLength(2_000)),
  confidence: z.number().check(z.gte(0), z.lte(1)),
  proposals: z
    .array(
      z.strictObject({
        /** Any text: what is not in the catalogue becomes a plan that is denied, so that it is on record. */
        action: z.string().check(z.maxLength(100)),
        parameters: z.record(z.string(), z.unknown()),
        reason: z.string().check(z.maxLength(500)),
      }),
    )
    .check(z.maxLength(3)),
});

/** A model's answer to a triage prompt. Every text in it is untrusted. */
export type TriageAnswer = z.output<typeof answerSchema>;

/** The same as JSON Schema, for the model's server; without keywords that grammar compilers stumble over. */
export const triageAnswerJsonSchema: Readonly<Record<string, unknown>> = toPlainSchema();

/** `undefined` when the value is not a triage answer: extra members, wrong types, out of range. */
export function parseTriageAnswer(value: unknown): TriageAnswer | undefined {
  return z.safeParse(answerSchema, value).data;
}

function toPlainSchema(): Record<string, unknown> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(answerSchema, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.propertyNames;
    },
  });
  return schema;
}
