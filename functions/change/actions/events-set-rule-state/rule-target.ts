import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { type SetRuleStateParameters, setRuleState } from './definition.ts';

/** A rule as read: its state, and what else a foreign write would show in. */
export interface RuleState {
  readonly state: 'ENABLED' | 'DISABLED';
  /** Digest of pattern, schedule, description and role: EventBridge gives a rule no version. */
  readonly contentDigest: string;
}

export const ruleTarget: TargetRules<SetRuleStateParameters, RuleState> = {
  definition: setRuleState,
  state: z.strictObject({ state: z.enum(['ENABLED', 'DISABLED']), contentDigest: z.string() }),
  isBefore: ({ fromState }, { state }) => state === fromState,
  isAfter: ({ toState }, { state }) => state === toState,
  isUntouched: (snapshot, current) =>
    snapshot.state === current.state && snapshot.contentDigest === current.contentDigest,
  isRestored: (snapshot, current) => snapshot.state === current.state,
  readBack: ({ state }) => state,
};
