import * as z from 'zod/mini';

const id = z.string().check(z.minLength(1), z.maxLength(100));
const digest = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const reason = z.string().check(z.maxLength(500));
const fencingToken = z.int().check(z.positive());

/** What the `change` state machine asks of change control, one member per step of the protocol. Strict. */
export const changeRequest = z.discriminatedUnion('operation', [
  z.strictObject({
    operation: z.literal('acquire-lock'),
    changeId: id,
    incidentId: id,
    planDigest: digest,
  }),
  z.strictObject({
    operation: z.literal('record-snapshot'),
    changeId: id,
    fencingToken,
    snapshotDigest: digest,
    /** CloudFormation stack that owns the target; empty when none is known to. */
    ownerStack: z.string().check(z.maxLength(128)),
  }),
  z.strictObject({ operation: z.literal('authorise'), changeId: id, fencingToken }),
  z.strictObject({
    operation: z.literal('record'),
    changeId: id,
    fencingToken,
    event: z.enum([
      'executed',
      'step-validated',
      'execute-failed',
      'execute-refused',
      'execute-stopped',
      'validated',
      'validation-failed',
      'rollback-started',
      'rolled-back',
      'rollback-failed',
      'undo-refused',
    ]),
    reason: z.optional(reason),
    /** Index of the step that `executed` and the validations are about. */
    step: z.optional(z.int().check(z.nonnegative(), z.maximum(100))),
  }),
  /** The change cannot be judged: a person is to say whether it may stay. */
  z.strictObject({ operation: z.literal('ask-person'), changeId: id, fencingToken, reason }),
  /** A person undoes a change that was kept. */
  z.strictObject({
    operation: z.literal('reopen'),
    changeId: id,
    requestedBy: z.string().check(z.minLength(1), z.maxLength(300)),
    reason: z.string().check(z.minLength(1), z.maxLength(300)),
    execution: z.string().check(z.minLength(1), z.maxLength(80)),
  }),
  /** Ends a change that has not started; with or without a lock. */
  z.strictObject({
    operation: z.literal('refuse'),
    changeId: id,
    incidentId: id,
    planDigest: digest,
    result: z.enum(['refused', 'stopped']),
    reason,
  }),
  z.strictObject({ operation: z.literal('release'), changeId: id, fencingToken }),
  z.strictObject({ operation: z.literal('take-over'), changeId: id, fencingToken }),
]);
export type ChangeRequest = z.output<typeof changeRequest>;
