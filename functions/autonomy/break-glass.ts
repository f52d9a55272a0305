import type { AnnouncementWords } from '../audit/announcement.ts';
import type { Finding } from '../audit/finding.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { type BreakGlassPolicy, longestBreakGlassMinutes, mayBreakGlass } from './break-glass-policy.ts';
import type { StageReading } from './stage.ts';

const minuteMs = 60_000;

/** How long a break-glass lasts unless somebody says otherwise. */
export const defaultBreakGlassMinutes = 10;

/** The longest reason, in UTF-16 units. */
const reasonMaxCharacters = 500;

/** A person took it upon themselves that the changes of one incident need no approval, for minutes. */
export interface BreakGlass {
  readonly incidentId: string;
  readonly environment: string;
  /** ARN of the caller. */
  readonly openedBy: string;
  readonly reason: string;
  readonly openedAtEpochMs: EpochMs;
  readonly expiresAtEpochMs: EpochMs;
}

/** What a person wants. */
export interface BreakGlassRequest {
  readonly incidentId: string;
  readonly by: string;
  readonly reason: string;
  readonly minutes: number;
}

/** What it is judged on. */
export interface BreakGlassSubject {
  /** `undefined` when there is no such incident. */
  readonly incidentStatus: 'open' | 'closed' | undefined;
  /**
   * Stages where plans of the incident wait for approval; where none does yet, the stages of the environment.
   */
  readonly stages: readonly Pick<StageReading, 'stage'>[];
  readonly existing: BreakGlass | undefined;
}

export type BreakGlassRefusal =
  | 'not-allowed'
  | 'no-reason'
  | 'reason-too-long'
  | 'too-long'
  | 'no-incident'
  | 'incident-closed'
  | 'not-guarded'
  | 'already-open';

/** Why the glass stays whole; `undefined` when it may be broken. */
export function breakGlassRefusal(
  policy: BreakGlassPolicy,
  request: BreakGlassRequest,
  { incidentStatus, stages, existing }: BreakGlassSubject,
  now: EpochMs,
): BreakGlassRefusal | undefined {
  const { by, reason, minutes, incidentId } = request;
  if (!mayBreakGlass(policy, by)) return 'not-allowed';
  if (reason.trim() === '') return 'no-reason';
  if (reason.length > reasonMaxCharacters) return 'reason-too-long';
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > policy.maximumMinutes) return 'too-long';
  if (incidentStatus === undefined) return 'no-incident';
  if (incidentStatus === 'closed') return 'incident-closed';
  if (!stages.some(({ stage }) => stage === 'guarded')) return 'not-guarded';
  return isBreakGlassLive(existing, incidentId, now) ? 'already-open' : undefined;
}

/**
 * Whether it is broken at this moment. A clock that ran ahead where it was opened, or an end
 * that somebody wrote by hand, makes it no longer: it counts from its opening, strictly before its end, and
 * never beyond fifteen minutes.
 */
export function isBreakGlassLive(
  breakGlass: Pick<BreakGlass, 'incidentId' | 'openedAtEpochMs' | 'expiresAtEpochMs'> | undefined,
  incidentId: string,
  now: EpochMs,
): boolean {
  return (
    breakGlass !== undefined &&
    breakGlass.incidentId === incidentId &&
    breakGlass.openedAtEpochMs <= now &&
    now < breakGlass.expiresAtEpochMs &&
    now - breakGlass.openedAtEpochMs < longestBreakGlassMinutes * minuteMs
  );
}

/** Whether a change of this incident, in this environment, needs no approval at this moment. */
export function sparesApproval(
  breakGlass:
    | Pick<BreakGlass, 'incidentId' | 'environment' | 'openedAtEpochMs' | 'expiresAtEpochMs'>
    | undefined,
  { incidentId, environment }: { readonly incidentId: string; readonly environment: string },
  now: EpochMs,
): boolean {
  return breakGlass?.environment === environment && isBreakGlassLive(breakGlass, incidentId, now);
}

/** {@link sparesApproval} as the condition of a transaction that starts a change. */
export function breakGlassCheck(
  controlsTable: string,
  subject: { readonly incidentId: string; readonly environment: string },
  now: EpochMs,
): Write & { readonly kind: 'check' } {
  return {
    kind: 'check',
    table: controlsTable,
    key: itemKeys.breakGlass(subject.incidentId),
    condition:
      'incidentId = :incident AND environment = :environment AND openedAtEpochMs <= :now' +
      ' AND openedAtEpochMs > :longest AND expiresAtEpochMs > :now',
    values: {
      ':incident': subject.incidentId,
      ':environment': subject.environment,
      ':now': now,
      ':longest': now - longestBreakGlassMinutes * minuteMs,
    },
  };
}

export function newBreakGlass(
  { incidentId, by, reason, minutes }: BreakGlassRequest,
  environment: string,
  now: EpochMs,
): BreakGlass {
  return {
    incidentId,
    environment,
    openedBy: by,
    reason,
    openedAtEpochMs: now,
    expiresAtEpochMs: now + minutes * minuteMs,
  };
}

/** Every opening is reviewed by somebody else. */
export function breakGlassFinding(breakGlass: BreakGlass): Finding {
  const { incidentId, environment, openedBy, reason, openedAtEpochMs, expiresAtEpochMs } = breakGlass;
  return {
    findingId: `break-glass-${incidentId}-${openedAtEpochMs}`,
    kind: 'break-glass-review',
    summary: `${openedBy} broke the glass for incident ${incidentId}: ${reason}`,
    openedAtEpochMs,
    detail: { incidentId, environment, openedBy, reason, expiresAtEpochMs },
  };
}

export function breakGlassEntry(breakGlass: BreakGlass): LedgerEvent {
  const { incidentId, environment, openedBy, reason, openedAtEpochMs, expiresAtEpochMs } = breakGlass;
  return {
    type: 'break-glass.opened',
    atEpochMs: openedAtEpochMs,
    actor: { kind: 'person', id: openedBy },
    detail: { incidentId, environment, reason, expiresAtEpochMs },
  };
}

/** What everybody is told. */
export function breakGlassWords(breakGlass: BreakGlass): AnnouncementWords {
  const { incidentId, environment, openedBy, reason, expiresAtEpochMs } = breakGlass;
  return {
    title: `Glass broken for incident ${incidentId}`,
    lines: [
      `${openedBy} broke the glass for incident ${incidentId} in ${environment}.`,
      `Until ${new Date(expiresAtEpochMs).toISOString()} its changes need no approval; policies, limits and kill switches still hold.`,
      `Reason: ${reason}`,
      'To stop it: `interlock kill-switch on`. The review is a finding: `interlock findings`.',
    ],
  };
}
