import type { Decision, DecisionInput, DecisionRules } from '../../functions/autonomy/decision-input.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { describeAction, type ProposedAction } from '../../functions/autonomy/proposed-action.ts';
import { resolveAction } from '../../functions/change/catalogue.ts';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';

export const files = readPolicyFiles();
export const wasm = readCedarWasm();
/** The shipped policies. */
export const shipped: DecisionRules = decisionRules(files, wasm);

export const shiftAlias = {
  functionName: 'checkout',
  aliasName: 'live',
  fromVersion: '2',
  toVersion: '1',
};
export const flagOff = { name: '/checkout/flags/new-pricing', fromValue: 'on', toValue: 'off' };
export const flagKey = 'ssm-parameter//checkout/flags/new-pricing';

export function proposed(action: string, parameters: unknown): ProposedAction {
  return describeAction(action, resolveAction(action, parameters));
}

export function resolved(action: string, parameters: unknown) {
  const described = proposed(action, parameters);
  if (described.outcome !== 'resolved') throw new Error(`${action} must resolve`);
  return described;
}

/** 2026-11-23T00:00:00Z, a Monday. */
export const now = 1_795_392_000_000;

/** A medium-risk change that needs one approval in `guarded`. */
export const base: DecisionInput = {
  nowEpochMs: now,
  killSwitch: { reading: 'released' },
  incidentId: 'inc-1',
  planDigest: 'digest-0',
  environment: 'local',
  planEnvironment: 'local',
  agentRole: 'responder',
  action: proposed('lambda.shift-alias', shiftAlias),
  targetKey: 'lambda-alias/checkout:live',
  targetTags: { reading: 'read', tags: {} },
  confidence: 0.9,
  lowConfidence: false,
  history: { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 },
  denials: [],
  exceptions: [],
};

/** A low-risk change that is carried out by itself in `guarded`. */
export const lowRisk: DecisionInput = {
  ...base,
  action: proposed('ssm.put-parameter', flagOff),
  targetKey: flagKey,
};

/** How much a decision lets happen: 0 the most. */
export function strictness(decision: Decision): number {
  switch (decision.outcome) {
    case 'auto':
      return 0;
    case 'require-approval':
      return decision.quorum;
    case 'recommend':
      return 10;
    case 'deny':
      return 20;
  }
}
