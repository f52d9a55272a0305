import { InvalidInputError } from '../platform/errors.ts';
import type { Priority, Severity } from '../platform/vocabulary.ts';
import { type Reading, readAlarm, readAlarmConfiguration, readCustom } from './class-readers.ts';
import { type BusEvent, readEvent } from './event.ts';
import { fingerprintOf, type Resource } from './fingerprint.ts';
import {
  type Classification,
  classify,
  type IncidentClass,
  severityOf,
  type Taxonomy,
  type TaxonomyClass,
} from './taxonomy.ts';

/** One event, normalised. `title` and `detail` are untrusted text: data for people and prompts, never more. */
export interface Signal {
  readonly eventId: string;
  /** The taxonomy's class; never a name that the sender chose. */
  readonly class: TaxonomyClass['class'];
  readonly severity: Severity;
  readonly priority: Priority;
  readonly resource: Resource;
  readonly environment: string;
  /** 64 hex digits: the identity of the problem. */
  readonly fingerprint: string;
  /** One line, at most 200 characters. */
  readonly title: string;
  readonly occurredAtEpochMs: number;
  readonly alarmName?: string;
  /** The person behind the signal, where its sender names one: excluded from approving what comes of it. */
  readonly requestedBy?: string;
  /** JSON text, at most 8,192 bytes; cut at the end when longer. */
  readonly detail: string;
}

/** What an event asks of intake. */
export type Arrival =
  | { readonly kind: 'problem'; readonly signal: Signal; readonly cooldown: IncidentClass }
  | { readonly kind: 'recovery'; readonly signal: Signal }
  | { readonly kind: 'record'; readonly eventId: string; readonly class: string; readonly rule: string };

const readers = {
  'cloudwatch.alarm': readAlarm,
  'cloudwatch.alarm-configuration': readAlarmConfiguration,
  'interlock.signal': readCustom,
} as const satisfies Record<TaxonomyClass['class'], (event: BusEvent) => Reading>;

/**
 * Turns the body of a queue message into what intake shall do about it. Pure: the same body always gives the
 * same answer, so whatever is thrown here will be thrown again and the message must be set aside.
 *
 * @param environment The environment that this deployment watches, part of every fingerprint.
 * @throws InvalidInputError always with a stable `intake.…` code; the message names members, never values.
 */
export function readArrival(body: string, taxonomy: Taxonomy, environment: string): Arrival {
  try {
    const event = readEvent(body);
    const found = classify(taxonomy, event.whole);
    if (found === undefined)
      throw new InvalidInputError(
        'intake.unknown-class',
        'event matches no rule of the event taxonomy; add a class or correct the sender',
      );
    return arrivalOf(event, found, environment);
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    // For example text that canonical JSON cannot carry, or nesting that exhausts the stack.
    throw new InvalidInputError('intake.unreadable', 'event cannot be read; correct the sender', {
      cause: error,
    });
  }
}

function arrivalOf(event: BusEvent, { entry, rule, priority }: Classification, environment: string): Arrival {
  const reading = readers[entry.class](event);
  if (reading.kind === 'record' || entry.disposition === 'record') {
    const why = reading.kind === 'record' ? reading.rule : `recorded: ${entry.class} is only noted`;
    return { kind: 'record', eventId: event.id, class: entry.class, rule: why };
  }
  const severity = severityOf(entry, rule, event.whole);
  if (severity === undefined)
    throw new InvalidInputError(
      'intake.unknown-severity',
      `event of class ${entry.class} has no severity that Interlock knows (low, medium, high, critical)`,
    );
  const { kind, ...facts } = reading;
  const signal: Signal = {
    eventId: event.id,
    class: entry.class,
    severity,
    priority,
    environment,
    fingerprint: fingerprintOf(entry, environment, reading.resource, event.whole),
    occurredAtEpochMs: event.occurredAtEpochMs,
    ...facts,
  };
  return kind === 'problem' ? { kind, signal, cooldown: entry } : { kind, signal };
}
