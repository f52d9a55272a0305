import type { LedgerEntry } from '../functions/audit/ledger-entry.ts';
import { type ChangeRecord, parseChange } from '../functions/change/change-record.ts';
import type { Plan } from '../functions/change/plan.ts';
import type { Item } from '../functions/platform/dynamodb.ts';
import { InterlockError } from '../functions/platform/errors.ts';
import { incidentChain, itemKeys } from '../functions/platform/item-keys.ts';
import type { Connection } from './connection.ts';
import { printable } from './output.ts';

/** A change with everything it rests on; what is missing is `undefined`. */
export interface ChangeFile {
  readonly change: ChangeRecord;
  readonly plan: Plan | undefined;
  readonly decision: Item | undefined;
  readonly approval: Item | undefined;
  /** The whole chain of its incident. */
  readonly entries: readonly LedgerEntry[];
}

/** @throws InterlockError `cli.no-change`. */
export async function readChangeFile(
  { database, ledger, tables }: Connection,
  changeId: string,
): Promise<ChangeFile> {
  const item = await database.get(tables.operations, itemKeys.change(changeId));
  if (item === undefined) {
    throw new InterlockError(
      'cli.no-change',
      `there is no change ${printable(changeId)}; \`interlock change list\` shows those there are`,
    );
  }
  const change = parseChange(item);
  const { incidentId, planDigest } = change;
  const [planItem, decision, entries] = await Promise.all([
    database.get(tables.operations, itemKeys.plan(incidentId, planDigest)),
    database.get(tables.operations, itemKeys.decision(incidentId, planDigest)),
    ledger.read(incidentChain(incidentId)),
  ]);
  const approvalId: unknown = decision?.['approvalId'];
  const approval =
    typeof approvalId !== 'string'
      ? undefined
      : await database.get(tables.operations, itemKeys.approval(approvalId));
  return { change, plan: planItem?.['plan'] as Plan | undefined, decision, approval, entries };
}
