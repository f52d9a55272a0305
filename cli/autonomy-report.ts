import type { RaiseEvidence } from '../functions/autonomy/raise-evidence.ts';
import { placeName } from '../functions/autonomy/stage.ts';
import type { StageEvidence } from '../functions/autonomy/stage-evidence.ts';
import type { UndecidedRequest } from '../functions/autonomy/stage-request.store.ts';
import type { StageRequest } from '../functions/autonomy/stage-request.ts';
import { InterlockError } from '../functions/platform/errors.ts';
import { instant, printable } from './output.ts';

/** Evidence in words, two spaces in: the whole window, and apart from it what happened since the last change. */
export function evidenceLines({ sinceLastChange, lastLowering, ...whole }: RaiseEvidence): string[] {
  return [
    ...windowLines(whole),
    ...(sinceLastChange === undefined
      ? ['  the stage did not change in that time']
      : [
          '  of that since the last change of the stage:',
          ...windowLines(sinceLastChange).map((line) => `  ${line}`),
        ]),
    ...(lastLowering === undefined
      ? []
      : [
          `  last lowered ${instant(lastLowering.atEpochMs)} by ${printable(lastLowering.by)}: ${printable(lastLowering.reason)}${
            lastLowering.findingId === undefined ? '' : ` (finding ${printable(lastLowering.findingId)})`
          }`,
        ]),
  ];
}

function windowLines(evidence: StageEvidence): string[] {
  const { ended, kept, rolledBack, rollbackFailed, successPercent, rollbackPercent } = evidence;
  const tiers = Object.entries(evidence.byTier).map(
    ([tier, counts]) =>
      `  tier ${tier}: ${counts.decided} decided, ${counts.started} carried out, ${counts.kept} kept, ${counts.rolledBack} rolled back, ${counts.rollbackFailed} not even rolled back`,
  );
  return [
    `  from ${instant(evidence.afterEpochMs)} to ${instant(evidence.untilEpochMs)}`,
    ...(tiers.length === 0 ? ['  nothing was decided or carried out here'] : tiers),
    ended === 0
      ? '  no change ended: there is no success rate'
      : `  success ${successPercent} % (${kept} of ${ended}), rollback ${rollbackPercent} % (${rolledBack + rollbackFailed} of ${ended})`,
    `  incidents in the environment: ${evidence.incidents} (${evidence.incidentsPerDay} a day), in the same time before: ${evidence.incidentsBefore} (${evidence.incidentsPerDayBefore} a day)`,
    `  proposals denied for what they were: ${evidence.denials}; agent cut off in ${evidence.cutOffs} incidents`,
  ];
}

/**
 * The evidence that a request was made on beside that of now, figure by figure; the last word of a line says where
 * they differ.
 */
export function comparisonLines(frozen: RaiseEvidence, current: RaiseEvidence): string[] {
  const [then, now] = [new Map(figuresOf(frozen)), new Map(figuresOf(current))];
  const rows = [...new Set([...then.keys(), ...now.keys()])].map((name) => {
    const [before, after] = [then.get(name) ?? 'none', now.get(name) ?? 'none'];
    return [name, before, after, before === after || name.endsWith('until') ? '' : 'DIFFERS'] as const;
  });
  const table = [['evidence', 'as asked', 'now', ''] as const, ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return table.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function figuresOf({ sinceLastChange, lastLowering, ...whole }: RaiseEvidence): [string, string][] {
  return [
    ...countsOf(whole),
    ...(sinceLastChange === undefined
      ? []
      : countsOf(sinceLastChange).map(([name, value]): [string, string] => [
          `since last change: ${name}`,
          value,
        ])),
    ['last lowered', lastLowering === undefined ? 'never' : instant(lastLowering.atEpochMs)],
  ];
}

/** What is not in a request of an earlier version was not counted then. */
function countsOf(evidence: StageEvidence): [string, string][] {
  const count = (value: number | undefined) => (value === undefined ? 'not counted' : String(value));
  return [
    ['until', instant(evidence.untilEpochMs)],
    ...Object.entries(evidence.byTier).map(([tier, counts]): [string, string] => [
      `tier ${tier}: decided, carried out`,
      `${counts.decided}, ${counts.started}`,
    ]),
    ['changes kept', count(evidence.kept)],
    ['changes rolled back', count(evidence.rolledBack)],
    ['changes not even rolled back', count(evidence.rollbackFailed)],
    ['proposals denied', count(evidence.denials)],
    ['incidents in which it was cut off', count(evidence.cutOffs)],
    ['incidents in the environment', count(evidence.incidents)],
  ];
}

/** A request in words. */
export function requestLines(request: StageRequest): string[] {
  return [
    `${request.requestId}: ${printable(placeName(request))} from ${request.from} to ${request.to}`,
    `  asked by ${printable(request.requestedBy)}, ${instant(request.requestedAtEpochMs)}`,
    `  because ${printable(request.reason)}`,
    `  to be approved before ${instant(request.expiresAtEpochMs)}`,
    ...evidenceLines(request.evidence),
  ];
}

/** Why a request was not decided, as an error of the command line. */
export function requestRefusal(result: UndecidedRequest, requestId: string, by: string): InterlockError {
  return new InterlockError(`cli.request-${result.outcome}`, refusalText(result, printable(requestId), by));
}

function refusalText(result: UndecidedRequest, requestId: string, by: string): string {
  switch (result.outcome) {
    case 'unknown':
      return `there is no request ${requestId}; \`interlock autonomy requests\` lists those that wait`;
    case 'already-decided':
      return `request ${requestId} was decided already; \`interlock autonomy history\` says how`;
    case 'expired':
      return `request ${requestId} expired ${instant(result.request.expiresAtEpochMs)}; ask again on fresh evidence`;
    case 'unknown-person':
      return `request ${requestId} is decided by people, but STS names the caller ${printable(by)}; sign in as a user or a role session`;
    case 'same-person':
      return `request ${requestId} was made by ${printable(result.request.requestedBy)} and you are ${printable(by)}: a second person has to approve it`;
    case 'agent-owner':
      return `you answer for agent ${printable(result.request.agentRole)} (policies/approvers.json): somebody else has to approve request ${requestId}`;
    case 'stage-changed':
      return `the stage of ${printable(placeName(result.request))} changed since request ${requestId} was made on version ${result.request.againstVersion}; ask again on fresh evidence`;
    case 'changed-since-shown':
      return `request ${requestId} changed since it was shown to you, so nothing was raised; look at it again, and at who wrote it`;
    case 'policies-changed':
      return `the policies were published anew meanwhile, so nothing was raised; look at request ${requestId} again`;
  }
}
