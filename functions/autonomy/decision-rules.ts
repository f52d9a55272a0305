import {
  parseRunbookPolicy,
  type RunbookPolicy,
} from '../change/actions/ssm-run-automation/runbook-policy.ts';
import { InterlockError } from '../platform/errors.ts';
import { parseLimits } from '../policy/limits.ts';
import { PolicyEngine } from '../policy/policy-engine.ts';
import { policySetOf } from '../policy/policy-files.ts';
import { parseAutonomyPolicy } from './autonomy-policy.ts';
import type { DecisionRules } from './decision-input.ts';

const runbooksFile = 'runbooks.json';
const noRunbooks: RunbookPolicy = { version: 1, runbooks: [] };

/**
 * The rules that the policy files of one digest hold: those deployed beside a function, or an archived set.
 *
 * @param files File name → text, as in `policies/`.
 * @throws InterlockError `policy.missing`, `policy.unparsable`, `autonomy.invalid`, `limits.invalid`,
 * `runbooks.invalid`.
 */
export function decisionRules(files: Readonly<Record<string, string>>, wasm: Uint8Array): DecisionRules {
  const engine = new PolicyEngine(wasm, policySetOf(files));
  return {
    autonomy: parseAutonomyPolicy(json(files, 'autonomy.json')),
    limits: parseLimits(json(files, 'limits.json')),
    // Sets archived before this file existed say of no runbook that it may be run.
    runbooks: Object.hasOwn(files, runbooksFile) ? parseRunbookPolicy(json(files, runbooksFile)) : noRunbooks,
    evaluatePolicy: (request, exceptions) => engine.evaluate(request, exceptions),
    policiesAskForTime: engine.asksForTime,
  };
}

function json(files: Readonly<Record<string, string>>, name: string): unknown {
  const text = Object.hasOwn(files, name) ? files[name] : undefined;
  if (text === undefined) throw new InterlockError('policy.missing', `policies/${name} is missing`);
  return JSON.parse(text);
}
