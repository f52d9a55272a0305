/** Closed words that policies, events and plans must be parsed into before any rule looks at them. */

/** Least to most urgent. */
export const severities = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** Which queue carries a signal: P0 is served first. */
export const priorities = ['P0', 'P1', 'P2'] as const;
export type Priority = (typeof priorities)[number];

/** Least to most dangerous. */
export const riskTiers = ['low', 'medium', 'high'] as const;
export type RiskTier = (typeof riskTiers)[number];

/** Least to most autonomous: design pattern "tiered autonomy", stages A to D. */
export const autonomyStages = ['observe', 'suggest', 'auto-low', 'guarded'] as const;
export type AutonomyStage = (typeof autonomyStages)[number];

/**
 * How an incident can end. `resolved`: a change made the problem go away. `recovered`: it went away by itself while
 * people were asked. Any other may have left it where it was.
 */
export const incidentResults = [
  'resolved',
  'recovered',
  'recommended',
  'denied',
  'rejected',
  'stopped',
  'rolled-back',
  'needs-person',
] as const;
export type IncidentResult = (typeof incidentResults)[number];

/**
 * How an exception to the allowlist stands. `in-force`: approved, and permits now. `expired`: approved, its end has
 * passed, and it is ignored. `waiting`: nobody has decided yet. `lapsed`: nobody decided before its end.
 */
export const exceptionStates = ['in-force', 'expired', 'waiting', 'lapsed', 'rejected', 'revoked'] as const;
export type ExceptionState = (typeof exceptionStates)[number];
