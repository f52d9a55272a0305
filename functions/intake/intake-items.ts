import * as z from 'zod/mini';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Item } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { incidentResults } from '../platform/vocabulary.ts';
import type { Admission, CooldownWindow } from './cooldown.ts';
import type { Signal } from './signal.ts';

/** How long it can be asked what became of an event. */
const eventRetentionSeconds = 90 * 86_400;

/** What became of one event; `docs/data-model.md` describes the item. */
export interface EventRecord {
  readonly eventId: string;
  readonly class: string;
  readonly outcome: 'opened' | 'suppressed' | 'attached' | 'recorded';
  /** A sentence from `explanation.ts`. */
  readonly rule: string;
  readonly incidentId?: string | undefined;
  readonly severity?: string | undefined;
  readonly fingerprint?: string | undefined;
}

export function eventItem(record: EventRecord, now: EpochMs): Item {
  return {
    ...itemKeys.event(record.eventId),
    ...record,
    receivedAtEpochMs: now,
    ttlEpochSeconds: Math.floor(now / 1_000) + eventRetentionSeconds,
  };
}

/** The part of an event record that comes from its signal. */
export function recordedSignal(signal: Signal) {
  const { eventId, class: name, severity, fingerprint } = signal;
  return { eventId, class: name, severity, fingerprint };
}

export function incidentItem(incidentId: string, signal: Signal, now: EpochMs): Item {
  return {
    ...itemKeys.incident(incidentId),
    incidentId,
    status: 'open',
    statusKey: 'INCIDENT#open',
    statusAt: new Date(now).toISOString(),
    signal,
    openedAtEpochMs: now,
  };
}

/** What closing and sweeping need to know of an incident. */
export const storedIncident = z.looseObject({
  incidentId: z.string(),
  status: z.enum(['open', 'closed']),
  openedAtEpochMs: z.number(),
  closedAtEpochMs: z.optional(z.number()),
  /** When the problem was last reported to be over, while the window was open; gone when it came back before the close. */
  recoveredAtEpochMs: z.optional(z.number()),
  result: z.optional(z.enum(incidentResults)),
  resultReason: z.optional(z.string()),
  personToldAtEpochMs: z.optional(z.number()),
  signal: z.looseObject({
    fingerprint: z.string(),
    title: z.string(),
    severity: z.string(),
    environment: z.string(),
    resource: z.looseObject({ type: z.string(), id: z.string() }),
  }),
});
export type StoredIncident = z.output<typeof storedIncident>;

/** A window that has just been claimed: no closing time and no TTL before its incident closes. */
export function windowItem(
  incidentId: string,
  signal: Signal,
  admission: Extract<Admission, { decision: 'open' | 'pierce' }>,
  now: EpochMs,
): Item {
  const window: CooldownWindow = {
    incidentId,
    severity: signal.severity,
    openedAtEpochMs: now,
    cooldownSeconds: admission.cooldownSeconds,
    backoffLevel: admission.backoffLevel,
    incidentOpen: true,
    reportedAtEpochMs: signal.occurredAtEpochMs,
    executionStarted: false,
  };
  return { ...itemKeys.window(signal.fingerprint), ...window };
}

/** The first two entries of an incident's chain. Ids, digests and closed words only: no title, no detail. */
export function openingEntries(
  incidentId: string,
  signal: Signal,
  admission: Extract<Admission, { decision: 'open' | 'pierce' }>,
  policyDigest: string,
  now: EpochMs,
): LedgerEvent[] {
  const { eventId, class: name, severity, priority, fingerprint, environment, resource } = signal;
  const actor = { kind: 'system', id: 'intake' } as const;
  return [
    {
      type: 'signal.received',
      atEpochMs: now,
      actor,
      detail: {
        eventId,
        class: name,
        severity,
        priority,
        fingerprint,
        environment,
        resourceType: resource.type,
        resourceId: resource.id,
        occurredAtEpochMs: signal.occurredAtEpochMs,
      },
    },
    {
      type: 'incident.opened',
      atEpochMs: now,
      actor,
      detail: {
        incidentId,
        eventId,
        because: admission.because,
        cooldownSeconds: admission.cooldownSeconds,
        backoffLevel: admission.backoffLevel,
        policyDigest,
        ...(admission.decision === 'pierce' ? { supersedes: admission.supersedes } : {}),
      },
    },
  ];
}

export function returnEntry(incidentId: string, signal: Signal, now: EpochMs): LedgerEvent {
  return {
    type: 'signal.returned',
    atEpochMs: now,
    actor: { kind: 'system', id: 'intake' },
    detail: { incidentId, eventId: signal.eventId, returnedAtEpochMs: signal.occurredAtEpochMs },
  };
}

export function recoveryEntry(incidentId: string, signal: Signal, now: EpochMs): LedgerEvent {
  return {
    type: 'signal.recovered',
    atEpochMs: now,
    actor: { kind: 'system', id: 'intake' },
    detail: { incidentId, eventId: signal.eventId, recoveredAtEpochMs: signal.occurredAtEpochMs },
  };
}
