import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';
import { severities } from '../platform/vocabulary.ts';
import { bounded, hasInvisible, oneLine } from './bounded-text.ts';
import { type BusEvent, membersOf } from './event.ts';
import type { Resource } from './fingerprint.ts';

/** What one class of event says, before severity and fingerprint are added. */
export type Reading =
  | {
      readonly kind: 'problem' | 'recovery';
      readonly resource: Resource;
      readonly title: string;
      readonly detail: string;
      readonly alarmName?: string;
      readonly requestedBy?: string;
    }
  | { readonly kind: 'record'; readonly rule: string };

/** A name is shown to approvers and sent to APIs: what cannot be seen in it would let two names look the same. */
const visibleName = (maxLength: number) =>
  z.string().check(
    z.minLength(1),
    z.maxLength(maxLength),
    z.refine((name) => !hasInvisible(name), 'holds invisible characters'),
  );

/** CloudWatch's limit on alarm names is 255. */
const alarmName = visibleName(255);

const alarm = z.looseObject({
  alarmName,
  state: z.looseObject({
    value: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
    reason: z.optional(z.string()),
    actionsSuppressedBy: z.optional(z.string()),
  }),
});

/** "CloudWatch Alarm State Change": metric, metric math, anomaly detection and composite alarms share it. */
export function readAlarm({ detail }: BusEvent): Reading {
  const { alarmName: name, state, ...rest } = read(alarm, detail, 'CloudWatch alarm event');
  if (state.value === 'INSUFFICIENT_DATA')
    return {
      kind: 'record',
      rule: `recorded: alarm ${name} has too little data to tell whether there is a problem`,
    };
  // A composite alarm that its suppressor holds back reports again when the suppression ends.
  if (state.value === 'ALARM' && state.actionsSuppressedBy !== undefined)
    return {
      kind: 'record',
      rule: `recorded: CloudWatch suppresses the actions of composite alarm ${name} (${oneLine(state.actionsSuppressedBy, 40)})`,
    };
  return {
    kind: state.value === 'OK' ? 'recovery' : 'problem',
    resource: { type: 'cloudwatch-alarm', id: name },
    alarmName: name,
    title: oneLine(`Alarm ${name} is in ${state.value}${state.reason ? `: ${state.reason}` : ''}`),
    // Name and state first: they must survive if a long configuration is cut.
    detail: bounded(JSON.stringify({ alarmName: name, state, ...rest })),
  };
}

const alarmConfiguration = z.looseObject({ alarmName, operation: z.enum(['create', 'update', 'delete']) });

/** "CloudWatch Alarm Configuration Change". */
export function readAlarmConfiguration({ detail }: BusEvent): Reading {
  const { alarmName: name, operation } = read(alarmConfiguration, detail, 'alarm configuration event');
  return { kind: 'record', rule: `recorded: alarm ${name} was ${operation}d; nobody has to act on that` };
}

/** Our own event is parsed strictly; only its free texts are cut instead of refused, so that no problem is lost. */
const custom = z.strictObject({
  /** The sender's own name for this kind of problem, such as `checkout.payment-errors`. */
  class: z.string().check(z.maxLength(64), z.regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/)),
  severity: z.enum(severities),
  resource: z.strictObject({
    type: z.string().check(z.maxLength(64), z.regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/)),
    id: visibleName(512),
  }),
  title: z.string().check(z.minLength(1)),
  /** The person behind it, as their identity provider names them: they may not approve what comes of it. */
  requestedBy: z.optional(visibleName(256)),
  detail: z.optional(z.union([z.string(), z.record(z.string(), z.unknown())])),
});

/** `interlock.signal`: a problem that a customer's own code reports. */
export function readCustom({ detail }: BusEvent): Reading {
  const {
    class: name,
    resource,
    title,
    requestedBy,
    detail: more,
  } = read(custom, detail, 'interlock.signal');
  return {
    kind: 'problem',
    resource,
    title: oneLine(title) || name,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    detail: bounded(JSON.stringify({ class: name, ...(more === undefined ? {} : { detail: more }) })),
  };
}

function read<Schema extends z.ZodMiniType>(
  schema: Schema,
  detail: unknown,
  subject: string,
): z.output<Schema> {
  const parsed = z.safeParse(schema, detail);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    'intake.malformed-event',
    `${subject} has missing, unknown or malformed members in its detail: ${membersOf(parsed.error)}`,
  );
}
