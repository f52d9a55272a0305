import { Command, InvalidArgumentError } from 'commander';
import { parseChange } from '../../functions/change/change-record.ts';
import { type ChangeStatus, changeStatuses } from '../../functions/change/change-status.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { readChangeFile } from '../change-file.ts';
import { durationMsOf, entriesAbout, parsePeriod, wayBackOf } from '../change-report.ts';
import { dim, good, instant, printable, printJson, printTable } from '../output.ts';
import { rollBackChange } from './change-roll-back.ts';
import { timelineLine } from './incident.ts';
import { connectFor, optionsOf } from './options.ts';

/** How many changes of one status a list shows, unless it is told. */
const shownPerStatus = 50;

/** What was changed, on whose say, and the way back. */
export function changeCommand(): Command {
  const command = new Command('change').description('list changes, show one, or undo one that was kept');
  command
    .command('list')
    .description('changes, newest first')
    .option('--status <status>', `only those in it: ${changeStatuses.join(', ')}`, parseStatus)
    .option('--since <period>', 'only those that came into their status since: 90m, 24h, 7d', parseSince)
    .option('--limit <n>', 'how many of each status, from 1 to 1000', parseLimit, shownPerStatus)
    .action((_options, self: Command) => list(self));
  command
    .command('show')
    .description('what it changed, who decided, how it went, and until when it can be undone')
    .argument('<change-id>')
    .action((changeId: string, _options, self: Command) => show(changeId, self));
  command
    .command('roll-back')
    .description('put back what a kept change replaced, from its snapshot, and read it back')
    .argument('<change-id>')
    .requiredOption('--reason <text>', 'why, for the ledger; at most 300 characters')
    .option('--wait-seconds <n>', 'how long to follow it', parseSeconds, 300)
    .addHelpText(
      'after',
      '\nIt takes the target lock like any change and is refused while a kill switch covers it. What somebody else has\nchanged before anything was written back is left as it is, and the change stays kept.\nExit codes: 0 restored and read back, 1 refused or failed, 3 still under way.',
    )
    .action((changeId: string, _options, self: Command) => rollBackChange(changeId, self));
  return command;
}

async function list(command: Command): Promise<void> {
  const { database, tables } = await connectFor(command);
  const { status, since, limit, json } = optionsOf<{
    status?: ChangeStatus;
    since?: number;
    limit: number;
  }>(command);
  const now = Date.now();
  const statuses = status === undefined ? changeStatuses : [status];
  const lists = await Promise.all(
    statuses.map((each) =>
      database.byStatus(
        tables.operations,
        `CHANGE#${each}`,
        // One more than is shown says whether there are more.
        limit + 1,
        since === undefined ? {} : { sinceEpochMs: now - since },
      ),
    ),
  );
  const changes = lists
    .flatMap((items) => items.slice(0, limit))
    .map(parseChange)
    .sort((a, b) => b.updatedAtEpochMs - a.updatedAtEpochMs);
  const cut = statuses.filter((_status, index) => (lists[index]?.length ?? 0) > limit);
  // Standard error: what is listed can be piped.
  if (cut.length > 0)
    console.error(dim(`there are more that are ${cut.join(' or ')}: these are the newest ${limit} of each`));
  if (json === true) {
    printJson(changes.map((change) => ({ ...change, durationMs: durationMsOf(change, now) })));
    return;
  }
  if (changes.length === 0) {
    console.log('no changes');
    return;
  }
  printTable(
    ['change', 'when', 'action', 'target', 'status', 'incident', 'took'],
    changes.map((change) => [
      change.changeId,
      instant(change.startedAtEpochMs ?? change.updatedAtEpochMs),
      change.action ?? 'unknown',
      change.targetKey ?? 'unknown',
      change.status,
      change.incidentId,
      seconds(durationMsOf(change, now)),
    ]),
  );
}

async function show(changeId: string, command: Command): Promise<void> {
  const connection = await connectFor(command);
  const { change, plan, decision, approval, entries } = await readChangeFile(connection, changeId);
  const now = Date.now();
  const about = entriesAbout(change, text(decision?.['approvalId']), entries);
  const wayBack = wayBackOf(change, plan, connection.snapshotRetentionDays, now);
  if (optionsOf(command).json === true) {
    const grounds = { plan, decision: bare(decision), approval: bare(approval) };
    printJson({ ...change, durationMs: durationMsOf(change, now), ...grounds, wayBack, timeline: about });
    return;
  }
  const status = change.status === 'kept' ? good(change.status) : change.status;
  console.log(
    `${changeId}  ${change.action ?? 'unknown action'} on ${printable(change.targetKey ?? 'unknown')}`,
  );
  fact(
    'status',
    `${status}${change.statusReason === undefined ? '' : `: ${printable(change.statusReason)}`}`,
  );
  fact('incident', change.incidentId);
  if (plan?.effect !== undefined)
    fact('plan', `${printable(plan.effect.before)} → ${printable(plan.effect.after)}`);
  fact('', dim(change.planDigest));
  for (const line of whoDecided(decision, approval)) fact('decided', line);
  if (decision?.['policyDigest'] !== undefined) fact('policy', dim(String(decision['policyDigest'])));
  if (change.snapshotDigest !== undefined) fact('snapshot', dim(change.snapshotDigest));
  fact('took', seconds(durationMsOf(change, now)));
  fact(
    'way back',
    wayBack.outcome === 'possible'
      ? `until ${instant(wayBack.untilEpochMs)}: \`interlock change roll-back ${changeId} --reason …\``
      : `none: ${printable(wayBack.reason)}`,
  );
  console.log('');
  for (const entry of about) console.log(timelineLine(entry));
}

function whoDecided(decision: Item | undefined, approval: Item | undefined): string[] {
  if (decision === undefined) return ['nobody: no decision is stored'];
  const votes = (approval?.['votes'] ?? []) as readonly {
    verdict?: string;
    displayName?: string;
    identityId?: string;
    atEpochMs?: number;
  }[];
  return [
    `${String(decision['outcome'])} (${String(decision['clause'])}): ${printable(String(decision['reason']))}`,
    ...votes.map(
      ({ verdict, displayName, identityId, atEpochMs = 0 }) =>
        `${verdict ?? 'voted'} by ${printable(displayName ?? identityId ?? 'unknown')}, ${instant(atEpochMs)}`,
    ),
  ];
}

function bare(item: Item | undefined): object | undefined {
  if (item === undefined) return undefined;
  const { pk: _pk, sk: _sk, statusKey: _key, statusAt: _at, ...rest } = item;
  return rest;
}

function fact(name: string, value: string): void {
  console.log(`  ${name.padEnd(9)} ${value}`);
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? 'never started' : `${(ms / 1_000).toFixed(1)} s`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parseStatus(given: string): ChangeStatus {
  const status = changeStatuses.find((each) => each === given);
  if (status === undefined) throw new InvalidArgumentError(`It is one of ${changeStatuses.join(', ')}.`);
  return status;
}

function parseSince(given: string): number {
  const period = parsePeriod(given);
  if (period === undefined) throw new InvalidArgumentError('It is a period such as 90m, 24h or 7d.');
  return period;
}

function parseLimit(given: string): number {
  const limit = Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new InvalidArgumentError('It takes a whole number from 1 to 1000.');
  return limit;
}

function parseSeconds(given: string): number {
  const count = Number(given);
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError('It takes whole seconds from 0.');
  return count;
}
