import { Command } from 'commander';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import type { Recommendation } from '../../functions/autonomy/recommendation.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { dim, instant, printable, printJson, printTable, timeOfDay } from '../output.ts';
import { recommendationLines } from '../recommendation-lines.ts';
import { connectFor, optionsOf } from './options.ts';

/** What is and was being worked on. */
export function incidentCommand(): Command {
  const command = new Command('incident').description('list incidents, or show the timeline of one');
  command
    .command('list')
    .description('open incidents, then the latest closed ones')
    .action((_options, self: Command) => list(self));
  command
    .command('show')
    .description('the timeline of one incident, and what is recommended: pre-checks, risk, runbook')
    .argument('<incident-id>')
    .action((incidentId: string, _options, self: Command) => show(incidentId, self));
  return command;
}

async function list(command: Command): Promise<void> {
  const { database, tables } = await connectFor(command);
  const [open, closed] = await Promise.all([
    database.byStatus(tables.operations, 'INCIDENT#open'),
    database.byStatus(tables.operations, 'INCIDENT#closed', 20),
  ]);
  const incidents = [...open, ...closed];
  if (optionsOf(command).json === true) {
    printJson(incidents.map(({ pk: _pk, sk: _sk, statusKey: _key, statusAt: _at, ...incident }) => incident));
    return;
  }
  if (incidents.length === 0) console.log('no incidents');
  else {
    printTable(
      ['incident', 'opened', 'status', 'signal'],
      incidents.map((item) => [
        String(item['incidentId']),
        instant(Number(item['openedAtEpochMs'])),
        String(item['result'] ?? item['status']),
        (item['signal'] as { title?: string } | undefined)?.title ?? '',
      ]),
    );
  }
}

async function show(incidentId: string, command: Command): Promise<void> {
  const { database, ledger, tables } = await connectFor(command);
  const [incident, entries, items] = await Promise.all([
    database.get(tables.operations, itemKeys.incident(incidentId)),
    ledger.read(incidentChain(incidentId)),
    database.query(tables.operations, itemKeys.recommendation(incidentId, '').pk),
  ]);
  const recommendations = items
    .sort((a, b) => Number(a['madeAtEpochMs']) - Number(b['madeAtEpochMs']))
    .map(({ pk: _pk, sk: _sk, ...made }) => made as unknown as Recommendation);
  if (incident === undefined) {
    throw new InterlockError(
      'cli.no-incident',
      `there is no incident ${printable(incidentId)}; \`interlock incident list\` shows those there are`,
    );
  }
  if (optionsOf(command).json === true) {
    const { pk: _pk, sk: _sk, statusKey: _key, statusAt: _at, ...rest } = incident;
    printJson({ ...rest, recommendations, timeline: entries });
    return;
  }
  const signal = incident['signal'] as { title: string; severity: string; priority: string };
  console.log(`${incidentId}  ${printable(signal.title)}`);
  console.log(
    `severity ${signal.severity}, ${signal.priority}, ${String(incident['result'] ?? incident['status'])}, opened ${instant(Number(incident['openedAtEpochMs']))}`,
  );
  if (incident['resultReason'] !== undefined)
    console.log(`because ${printable(String(incident['resultReason']))}`);
  console.log('');
  for (const entry of entries) console.log(timelineLine(entry));
  for (const made of recommendations) console.log(`\n${recommendationLines(made).join('\n')}`);
}

/** One entry of a timeline: when, what, by whom, and the facts it carries. */
export function timelineLine(entry: LedgerEntry): string {
  const facts = Object.entries(entry.detail)
    .filter(([name]) => !name.endsWith('Digest') && name !== 'incidentId')
    .map(([name, value]) => `${name}=${printable(String(value))}`)
    .join('  ');
  const by = entry.actor.kind === 'system' ? '' : `  ${entry.actor.kind} ${printable(entry.actor.id)}`;
  return `${timeOfDay(entry.atEpochMs)}  ${entry.type.padEnd(26)}${by}${dim(facts === '' ? '' : `  ${facts}`)}`;
}
