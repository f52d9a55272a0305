import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ChangeRecord } from '../../functions/change/change-record.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { incidentChain } from '../../functions/platform/item-keys.ts';
import { readChangeFile } from '../change-file.ts';
import { entriesAbout, notUndoneText, type UndoEnd, undoEndOf, wayBackOf } from '../change-report.ts';
import type { Connection } from '../connection.ts';
import { bad, good, printable, printJson } from '../output.ts';
import { UndoExecutions } from '../undo-executions.ts';
import { timelineLine } from './incident.ts';
import { connectFor, optionsOf } from './options.ts';

/** The change machine takes no longer one. */
const maxReasonCharacters = 300;

/** Has a kept change undone by the change machine, and follows it to its end. */
export async function rollBackChange(changeId: string, command: Command): Promise<void> {
  const connection = await connectFor(command);
  const { reason: given, waitSeconds, json } = optionsOf<{ reason: string; waitSeconds: number }>(command);
  const reason = printable(given).trim();
  if (reason === '' || reason.length > maxReasonCharacters) {
    throw new InterlockError(
      'cli.no-reason',
      `--reason takes 1 to ${maxReasonCharacters} characters, and has ${reason.length}; say why in a sentence`,
    );
  }
  const { change, plan } = await readChangeFile(connection, changeId);
  const wayBack = wayBackOf(change, plan, connection.snapshotRetentionDays, Date.now());
  if (wayBack.outcome === 'impossible') {
    throw new InterlockError(
      'cli.no-way-back',
      `change ${changeId} cannot be undone: ${printable(wayBack.reason)}; see \`interlock change show ${changeId}\``,
    );
  }
  const requestedBy = await connection.caller();
  if (requestedBy === 'unknown') {
    throw new InterlockError(
      'cli.unknown-person',
      'a rollback needs a person on record, but STS did not say who you are; check your credentials',
    );
  }
  const executions = new UndoExecutions(connection.changeStateMachineArn, connection.clientConfig);
  const { incidentId, planDigest, action = '' } = change;
  const started = await executions.start({ changeId, incidentId, planDigest, action, requestedBy, reason });
  const say = (line: string): void => {
    if (json !== true) console.log(line);
  };
  say(started.outcome === 'started' ? `started ${started.name}` : `${started.name} is under way already`);
  const end = await follow(connection, change, executions, started.name, waitSeconds, say);
  if (end === undefined) {
    if (json === true) printJson({ changeId, execution: started.name, outcome: 'under-way' });
    say(bad(`still under way after ${waitSeconds} s; see \`interlock change show ${changeId}\``));
    process.exitCode = 3;
    return;
  }
  if (json === true) printJson({ changeId, execution: started.name, ...end });
  if (end.restored) say(good('restored from the snapshot and read back'));
  else {
    const [how = '', ...whatNow] = notUndoneText(end, change).map(printable);
    say(bad(how));
    for (const line of whatNow) say(line);
  }
  process.exitCode = end.restored ? 0 : 1;
}

/** Prints each new entry about the change until its execution ends; `undefined` when time is up. */
async function follow(
  { ledger }: Connection,
  change: ChangeRecord,
  executions: UndoExecutions,
  name: string,
  waitSeconds: number,
  say: (line: string) => void,
): Promise<UndoEnd | undefined> {
  const deadline = Date.now() + waitSeconds * 1_000;
  const chain = incidentChain(change.incidentId);
  let shown = entriesAbout(change, undefined, await ledger.read(chain)).length;
  for (;;) {
    // The execution is looked at first: what it wrote before it ended is then in what is read next.
    const seen = await executions.describe(name);
    const entries = entriesAbout(change, undefined, await ledger.read(chain));
    for (const entry of entries.slice(shown)) say(timelineLine(entry));
    shown = Math.max(shown, entries.length);
    if (seen !== undefined && seen.status !== 'RUNNING') return undoEndOf(seen.status, seen.output);
    if (Date.now() >= deadline) return undefined;
    await sleep(1_000);
  }
}
