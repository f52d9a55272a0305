import type { EpochMs } from '../platform/clock.ts';
import { type Severity, severities } from '../platform/vocabulary.ts';
import type { IncidentClass } from './taxonomy.ts';

/** Cooldown window of one problem, as it stands in `Controls`. */
export interface CooldownWindow {
  /** The incident that the window belongs to: the latest one for this problem. */
  readonly incidentId: string;
  readonly severity: Severity;
  readonly openedAtEpochMs: EpochMs;
  /** How long the window stays open after the incident closed. */
  readonly cooldownSeconds: number;
  /** 0 for the first incident after a quiet period; each follower adds one. */
  readonly backoffLevel: number;
  readonly incidentOpen: boolean;
  /** Set when the incident closed. */
  readonly closesAtEpochMs?: EpochMs;
  /** The last report of the problem while its incident is open, of those that are a second apart. */
  readonly reportedAtEpochMs?: EpochMs;
  /** When the problem went away while its incident was open, unless it has been reported again since. */
  readonly recoveredAtEpochMs?: EpochMs;
  /** Whether the incident's execution is known to have been started. */
  readonly executionStarted: boolean;
  /** When the problem came back during the cooldown, unless it has recovered since or a person was told. */
  readonly suppressedAtEpochMs?: EpochMs;
  /** The event that said so. */
  readonly suppressedEventId?: string;
}

export type CooldownPolicy = Pick<IncidentClass, 'cooldownSeconds' | 'backoff'>;

/** What to do about a problem that was reported, and why. */
export type Admission =
  | {
      readonly decision: 'open';
      readonly because: 'no-window' | 'cooldown-over' | 'quiet-period-over';
      readonly cooldownSeconds: number;
      readonly backoffLevel: number;
    }
  | {
      readonly decision: 'pierce';
      readonly because: 'severity-rose';
      readonly supersedes: string;
      readonly cooldownSeconds: number;
      readonly backoffLevel: number;
    }
  | { readonly decision: 'suppress'; readonly because: 'incident-open'; readonly incidentId: string }
  | {
      readonly decision: 'suppress';
      readonly because: 'cooling-down';
      readonly incidentId: string;
      readonly untilEpochMs: EpochMs;
    };

/** Whether a window still suppresses: while its incident is open, then up to but not including its closing time. */
export function isOpen(window: CooldownWindow, now: EpochMs): boolean {
  return window.incidentOpen || now < closingTime(window);
}

/** Whether a recovery at that time ends the problem that the window remembers. */
export function recoversFrom({ suppressedAtEpochMs }: CooldownWindow, recoveredAtEpochMs: EpochMs): boolean {
  return suppressedAtEpochMs !== undefined && suppressedAtEpochMs <= recoveredAtEpochMs;
}

/** EventBridge dates an event to the second: reports that are less apart count as one, which keeps a storm cheap. */
const reportsApartMs = 1_000;

/** Whether a report says that a problem which had gone away is back. In the same second is in doubt: it is back. */
export function isReturn({ recoveredAtEpochMs }: CooldownWindow, reportedAtEpochMs: EpochMs): boolean {
  return recoveredAtEpochMs !== undefined && reportedAtEpochMs >= recoveredAtEpochMs;
}

/** Whether a report is remembered by the window of its open incident, so that an older recovery counts for nothing. */
export function isNews(window: CooldownWindow, reportedAtEpochMs: EpochMs): boolean {
  return (
    reportedAtEpochMs >= (window.reportedAtEpochMs ?? 0) + reportsApartMs ||
    isReturn(window, reportedAtEpochMs)
  );
}

/** Whether a recovery is older than another event of the same open incident: it says nothing then. */
export function isStale(window: CooldownWindow, recoveredAtEpochMs: EpochMs): boolean {
  const { reportedAtEpochMs = 0, recoveredAtEpochMs: knownAtEpochMs = 0 } = window;
  return recoveredAtEpochMs < Math.max(reportedAtEpochMs, knownAtEpochMs);
}

/**
 * Decides whether a reported problem opens an incident. An open window suppresses it unless the severity rose
 * above the window's; then a new incident supersedes the old one, at the same backoff level, because worse is
 * not the same as again.
 */
export function admit(
  window: CooldownWindow | undefined,
  severity: Severity,
  policy: CooldownPolicy,
  now: EpochMs,
): Admission {
  if (window === undefined)
    return {
      decision: 'open',
      because: 'no-window',
      cooldownSeconds: policy.cooldownSeconds,
      backoffLevel: 0,
    };
  const { incidentId } = window;
  if (isOpen(window, now)) {
    if (severities.indexOf(severity) > severities.indexOf(window.severity))
      return {
        decision: 'pierce',
        because: 'severity-rose',
        supersedes: incidentId,
        cooldownSeconds: cooldownAt(policy, window.backoffLevel),
        backoffLevel: window.backoffLevel,
      };
    return window.incidentOpen
      ? { decision: 'suppress', because: 'incident-open', incidentId }
      : { decision: 'suppress', because: 'cooling-down', incidentId, untilEpochMs: closingTime(window) };
  }
  const quiet = now - closingTime(window) >= policy.backoff.resetAfterQuietSeconds * 1_000;
  const backoffLevel = quiet ? 0 : window.backoffLevel + 1;
  return {
    decision: 'open',
    because: quiet ? 'quiet-period-over' : 'cooldown-over',
    cooldownSeconds: cooldownAt(policy, backoffLevel),
    backoffLevel,
  };
}

/** `cooldownSeconds × factor^level`, at most `maximumSeconds`, in whole seconds. */
export function cooldownAt({ cooldownSeconds, backoff }: CooldownPolicy, level: number): number {
  return Math.min(backoff.maximumSeconds, Math.round(cooldownSeconds * backoff.factor ** level));
}

/** A closed window without a closing time would suppress for ever if it counted as open: it counts as over. */
function closingTime(window: CooldownWindow): EpochMs {
  return window.closesAtEpochMs ?? 0;
}
