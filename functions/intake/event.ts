import * as z from 'zod/mini';
import type { EpochMs } from '../platform/clock.ts';
import { InvalidInputError } from '../platform/errors.ts';

/**
 * Largest event that is read, in bytes: half of what EventBridge carries and many times the largest alarm
 * event, so that reading one stays cheap whoever sent it.
 */
const maxEventBytes = 131_072;

/** The envelope is EventBridge's and may grow: members that we do not read are tolerated. */
const envelope = z.looseObject({
  id: z.string().check(z.regex(/^[\x21-\x7e]{1,128}$/)),
  time: z.string().check(z.maxLength(64)),
  detail: z.record(z.string(), z.unknown()),
});

/** One EventBridge event whose envelope can be relied on. */
export interface BusEvent {
  readonly id: string;
  readonly occurredAtEpochMs: EpochMs;
  readonly detail: Readonly<Record<string, unknown>>;
  /** The whole event, for patterns and fingerprints. */
  readonly whole: object;
}

/**
 * Reads the body of a queue message.
 *
 * @throws InvalidInputError `intake.oversize`, `intake.malformed-json` or `intake.malformed-event`.
 */
export function readEvent(body: string): BusEvent {
  const bytes = Buffer.byteLength(body, 'utf8');
  if (bytes > maxEventBytes)
    throw new InvalidInputError(
      'intake.oversize',
      `event has ${bytes} bytes, intake reads at most ${maxEventBytes}; send ids instead of payloads`,
    );
  const parsed = z.safeParse(envelope, parseJson(body));
  if (!parsed.success) throw malformed(membersOf(parsed.error));
  const { id, time, detail } = parsed.data;
  const occurredAtEpochMs = Date.parse(time);
  if (!Number.isFinite(occurredAtEpochMs)) throw malformed('time');
  return { id, occurredAtEpochMs, detail, whole: parsed.data };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new InvalidInputError(
      'intake.malformed-json',
      'message is not JSON; only EventBridge events belong in this queue',
      { cause },
    );
  }
}

/** The members at fault, never their values. */
export function membersOf(error: z.core.$ZodError): string {
  return error.issues
    .map((issue) => [...issue.path, ...(issue.code === 'unrecognized_keys' ? ['unknown member'] : [])])
    .map((path) => path.map(String).join('.') || 'the whole of it')
    .join(', ');
}

function malformed(members: string): InvalidInputError {
  return new InvalidInputError(
    'intake.malformed-event',
    `event is not a complete EventBridge event; missing or malformed: ${members}`,
  );
}
