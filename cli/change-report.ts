import type { LedgerEntry } from '../functions/audit/ledger-entry.ts';
import type { ChangeRecord } from '../functions/change/change-record.ts';
import { isTerminal } from '../functions/change/change-status.ts';
import type { Plan } from '../functions/change/plan.ts';
import { snapshotKeptUntil } from '../functions/change/undo.ts';
import { parseJson } from '../functions/platform/parse-json.ts';

/** Whether a person may still have a change undone, and until when its snapshot is kept. */
export type WayBack =
  | { readonly outcome: 'possible'; readonly untilEpochMs: number }
  | { readonly outcome: 'impossible'; readonly reason: string };

/**
 * Undoing takes a change that was kept, a plan with a tested way back, and a snapshot that still exists. The
 * state machine decides again when it is asked: this only spares people a refusal that is certain.
 */
export function wayBackOf(
  change: ChangeRecord,
  plan: Pick<Plan, 'rollbackPlan'> | undefined,
  retentionDays: number,
  nowEpochMs: number,
): WayBack {
  if (change.status !== 'kept') {
    return impossible(`only a kept change can be undone, and this one is ${change.status}`);
  }
  if (plan?.rollbackPlan === undefined) return impossible('its plan is not readable, so nothing says how');
  if (plan.rollbackPlan.kind === 'irreversible') {
    return impossible(`it is irreversible: ${plan.rollbackPlan.reason}`);
  }
  const untilEpochMs = snapshotKeptUntil(change, retentionDays * 86_400_000);
  if (untilEpochMs === undefined) return impossible('no snapshot of it is on record');
  return untilEpochMs > nowEpochMs
    ? { outcome: 'possible', untilEpochMs }
    : impossible(
        `its snapshot was kept for ${retentionDays} days, until ${new Date(untilEpochMs).toISOString()}`,
      );
}

/** Entries of an incident's chain that are about one change, its plan or its approval. */
export function entriesAbout(
  change: ChangeRecord,
  approvalId: string | undefined,
  entries: readonly LedgerEntry[],
): LedgerEntry[] {
  return entries.filter(({ detail }) =>
    detail['changeId'] === undefined
      ? detail['planDigest'] === change.planDigest ||
        (approvalId !== undefined && detail['approvalId'] === approvalId)
      : detail['changeId'] === change.changeId,
  );
}

/**
 * How long a change took, or has taken so far; `undefined` for one that never started. One that was kept was over
 * then, whenever a person undid it.
 */
export function durationMsOf(change: ChangeRecord, nowEpochMs: number): number | undefined {
  if (change.startedAtEpochMs === undefined) return undefined;
  const end = change.keptAtEpochMs ?? (isTerminal(change.status) ? change.updatedAtEpochMs : nowEpochMs);
  return Math.max(0, end - change.startedAtEpochMs);
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90m`, `24h` or `7d` in milliseconds; `undefined` for anything else. */
export function parsePeriod(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9][0-9]{0,4})([mhd])$/.exec(text) ?? [];
  const ms = unitMs[unit];
  return count === undefined || ms === undefined ? undefined : Number(count) * ms;
}

/** How the change machine says an undo ended; anything it does not say counts as not undone. */
export interface UndoEnd {
  readonly restored: boolean;
  /** `kept`: the target did not stand as the change left it, so it was left alone. */
  readonly outcome: string;
  readonly reason: string;
}

/**
 * @param status Of the execution, as Step Functions names it.
 * @param output Its output as JSON text, when it succeeded.
 */
export function undoEndOf(status: string, output: string | undefined): UndoEnd {
  const unreadable = {
    restored: false,
    outcome: status.toLowerCase(),
    reason:
      'the execution ended without saying how; recovery finishes the change, look at it again in a few minutes',
  };
  if (status !== 'SUCCEEDED') return unreadable;
  const said = parseJson(output) as { outcome?: unknown; reason?: unknown } | null | undefined;
  if (typeof said?.outcome !== 'string') return unreadable;
  const reason = typeof said.reason === 'string' ? said.reason : 'no reason given';
  return { restored: said.outcome === 'rolled-back', outcome: said.outcome, reason };
}

/** Says how an undo that did not restore the target ended, and what to do now. */
export function notUndoneText({ outcome, reason }: UndoEnd, { changeId, targetKey }: ChangeRecord): string[] {
  if (outcome !== 'kept') return [`not undone (${outcome}): ${reason}`];
  return [
    reason,
    `The change stays kept; nobody was paged and nothing counts against it. Look at ${targetKey ?? 'its target'}:`,
    'change it by hand, or with a new change, if it is not as it should be. To undo this change after all, first',
    `set the target as the change had left it (\`interlock change show ${changeId}\` says how).`,
  ];
}

function impossible(reason: string): WayBack {
  return { outcome: 'impossible', reason };
}
