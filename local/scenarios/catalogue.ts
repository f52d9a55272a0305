import { aliasRollback } from './alias-rollback.ts';
import { denied } from './denied.ts';
import { failedValidation } from './failed-validation.ts';
import { killSwitch } from './kill-switch.ts';
import { lowRisk } from './low-risk.ts';
import type { Scenario } from './scenario.ts';
import { storm } from './storm.ts';

/** Every scenario, the default first. */
export const scenarios: readonly Scenario[] = [
  aliasRollback,
  lowRisk,
  failedValidation,
  denied,
  storm,
  killSwitch,
];

export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name);
}
