import * as z from 'zod/mini';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { EpochMs } from '../platform/clock.ts';
import { type IncidentResult, incidentResults } from '../platform/vocabulary.ts';
import { oneLine } from './bounded-text.ts';
import { endings } from './incident-execution.ts';

/** Which incident ended, how and why. */
export interface IncidentClose {
  readonly incidentId: string;
  readonly result: IncidentResult;
  /** One line, at most 500 characters. */
  readonly reason: string;
}

const incidentId = z.string().check(z.regex(/^inc-[0-9a-f]{20}$/));

/** The last step of the incident state machine. A long reason is cut: an incident must never stay open for it. */
const taskInput = z.pipe(
  z.strictObject({ incidentId, result: z.enum(incidentResults), reason: z.string() }),
  z.transform(
    ({ reason, ...close }): IncidentClose => ({
      ...close,
      reason: oneLine(reason, 500) || 'no reason was given',
    }),
  ),
);

/** EventBridge "Step Functions Execution Status Change" of an incident execution; it is named after its incident. */
const executionEnded = z.pipe(
  z.looseObject({
    source: z.literal('aws.states'),
    'detail-type': z.literal('Step Functions Execution Status Change'),
    detail: z.looseObject({ name: incidentId, status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']) }),
  }),
  z.transform(
    ({ detail }): IncidentClose => ({
      incidentId: detail.name,
      result: 'needs-person',
      reason: `the incident's execution ${endings[detail.status]}`,
    }),
  ),
);

/** Both ways an incident is closed: its own last step, or the end of an execution that never got there. */
export const closeInput = z.union([taskInput, executionEnded]);

export function closingEntry(
  { incidentId: id, result, reason }: IncidentClose,
  cooldown: { readonly closesAtEpochMs: EpochMs } | undefined,
  now: EpochMs,
): LedgerEvent {
  return {
    type: 'incident.closed',
    atEpochMs: now,
    actor: { kind: 'system', id: 'close-incident' },
    detail: {
      incidentId: id,
      result,
      reason,
      ...(cooldown === undefined ? {} : { cooldownUntilEpochMs: cooldown.closesAtEpochMs }),
    },
  };
}

/** Nobody has to act on these. */
const quietResults = ['resolved', 'recovered'] as const satisfies readonly IncidentResult[];

type ToldResult = Exclude<IncidentResult, (typeof quietResults)[number]>;

/** Whether a person is told how an incident ended. */
export function needsTelling(result: IncidentResult): result is ToldResult {
  return !quietResults.some((quiet) => quiet === result);
}

/**
 * What an incident really ended in: one that was to close as recovered, and whose problem has come back meanwhile,
 * goes to a person. Nothing would report that problem again.
 */
export function asItStands(close: IncidentClose, isRecovered: boolean): IncidentClose {
  if (close.result !== 'recovered' || isRecovered) return close;
  return {
    ...close,
    result: 'needs-person',
    reason: 'the problem went away while people were asked, and came back',
  };
}

const meanings: Readonly<Record<ToldResult, { what: string; next: string }>> = {
  recommended: {
    what: 'Interlock has a recommendation and changed nothing',
    next: 'Read the recommendation and carry it out yourself if you agree.',
  },
  denied: {
    what: 'Policy denied what was proposed; nothing was changed',
    next: 'Fix the problem by hand; if the denial is wrong, change the policy.',
  },
  rejected: {
    what: 'The proposed change was not approved; nothing was changed',
    next: 'Fix the problem by hand.',
  },
  stopped: {
    what: 'Interlock was stopped before it changed anything',
    next: 'Fix the problem by hand; check who engaged the kill switch before switching it off.',
  },
  'rolled-back': {
    what: 'A change was made, did not help, and was undone',
    next: 'The problem is still there: fix it by hand.',
  },
  'needs-person': {
    what: 'Interlock could not bring this to an end by itself',
    next: 'Look at the incident first: a change may have been made; then fix the problem by hand.',
  },
};

/**
 * What a person is told when an incident ended and somebody has to act: what, why, what to do next.
 *
 * @param about What the incident is about; untrusted text, shown as a quotation.
 */
export function closingMessage(
  { incidentId: id, result, reason }: IncidentClose,
  about: {
    readonly title: string;
    readonly resource: string;
    readonly severity: string;
    readonly environment: string;
  },
): { readonly subject: string; readonly message: string } | undefined {
  if (!needsTelling(result)) return undefined;
  const { what, next } = meanings[result];
  return {
    subject: `Interlock: incident ${id} needs you (${result})`,
    message: [
      `${what}.`,
      '',
      `What: ${about.severity} problem with ${oneLine(about.resource)} in ${about.environment}, reported as "${oneLine(about.title)}"`,
      `Why: ${reason}`,
      `Next: ${next}`,
      '',
      `Timeline: interlock incident show ${id}`,
    ].join('\n'),
  };
}
