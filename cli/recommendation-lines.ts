import type { PreCheck, Recommendation } from '../functions/autonomy/recommendation.ts';
import { bad, dim, good, printable } from './output.ts';

const marks: Readonly<Record<PreCheck['result'], string>> = {
  pass: good('✓'),
  fail: bad('✗'),
  unknown: dim('?'),
};

/** A recommendation as a person reads it: what, how much, how dangerous, what was checked, what to type. */
export function recommendationLines(made: Recommendation): string[] {
  const { impact, risk } = made;
  const asked = made.outcome === 'recommend' ? 'recommended to people' : 'put before approvers';
  const resources = `${impact.resources} ${impact.resources === 1 ? 'resource' : 'resources'}`;
  return [
    printable(made.summary),
    `  ${asked}: ${printable(risk.reason)} (${risk.clause})`,
    `  impact    ${resources}, ${impact.capacityPercent} % of the target's capacity or traffic`,
    `  risk      ${risk.tier}, ${risk.reversal === 'irreversible' ? bad('cannot be undone') : 'can be undone'}`,
    ...risk.wayBack.map((step) => `            ${printable(step)}`),
    ...(made.ownerStack === undefined
      ? []
      : [`  owner     stack ${printable(made.ownerStack)}: change its template too, or this drifts from it`]),
    '  checks',
    ...made.checks.map(
      ({ name, result, reason }) => `    ${marks[result]} ${printable(name)}  ${dim(printable(reason))}`,
    ),
    '  by hand',
    ...made.runbook.map((line) => `    ${printable(line)}`),
  ];
}
