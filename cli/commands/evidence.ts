import { Command, InvalidArgumentError } from 'commander';
import {
  type Evidence,
  type EvidencePattern,
  evidenceOf,
  evidencePatterns,
} from '../../functions/audit/evidence.ts';
import type { Figure, RegisteredException } from '../../functions/audit/evidence-figure.ts';
import { toEntry } from '../../functions/audit/ledger.store.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { exceptionState, exceptionStatuses } from '../../functions/policy/exception.ts';
import { bad, dim, printable, printJson, printTable } from '../output.ts';
import { connectFor, optionsOf } from './options.ts';

/** What shows an auditor that the controls work: figures with their population, query and sample entries. */
export function evidenceCommand(): Command {
  return new Command('evidence')
    .description('the figures that a deployment pattern asks for, from the ledger')
    .requiredOption(
      '--pattern <n>',
      '1 tiered autonomy, 3 action boundaries, 10 safe change and rollback',
      parsePattern,
    )
    .option('--from <time>', 'begin of the period, ISO 8601: 2026-11-01 or 2026-11-01T08:00:00Z', parseTime)
    .option('--to <time>', 'end of the period, not part of it; default now', parseTime)
    .addHelpText(
      'after',
      '\nTimes without a zone are UTC. Without --from it begins with the ledger.\nCheck the ledger itself first: `interlock audit verify`.',
    )
    .action((_options, self: Command) => show(self));
}

interface Own {
  readonly pattern: EvidencePattern;
  readonly from?: number;
  readonly to?: number;
}

async function show(command: Command): Promise<void> {
  const { pattern, from, to, json } = optionsOf<Own>(command);
  const nowEpochMs = Date.now();
  const toEpochMs = to ?? nowEpochMs;
  if (from !== undefined && from >= toEpochMs) {
    throw new InterlockError(
      'cli.empty-period',
      `the period from ${new Date(from).toISOString()} to ${new Date(toEpochMs).toISOString()} is empty; --from must come before --to`,
    );
  }
  const { database, tables } = await connectFor(command);
  const entries: LedgerEntry[] = [];
  for await (const item of database.scan(tables.ledger)) entries.push(toEntry(item));
  const exceptions: RegisteredException[] = [];
  if (pattern === 3) {
    for await (const item of database.scan(tables.operations)) {
      if (item['sk'] === 'EXCEPTION') exceptions.push(toException(item, nowEpochMs));
    }
  }
  const begin = entries.reduce((least, { atEpochMs }) => Math.min(least, atEpochMs), toEpochMs);
  const period = { fromEpochMs: from ?? begin, toEpochMs };
  const evidence = evidenceOf(pattern, { entries, exceptions, period, nowEpochMs });
  if (json === true) printJson(evidence);
  else print(evidence, entries.length);
}

function print({ pattern, title, from, to, figures }: Evidence, entries: number): void {
  console.log(`Pattern ${pattern}: ${title}`);
  console.log(dim(`${from} to ${to}, from ${entries} ledger entries`));
  for (const one of figures) printFigure(one);
}

function printFigure({ evidence, title, population, query, value, table, samples, note }: Figure): void {
  const isAlarming = /\b(MISSING|UNPUBLISHED)\b/.test(value);
  console.log(`\n${evidence}: ${title}`);
  console.log(`  ${isAlarming ? bad(printable(value)) : printable(value)}`);
  console.log(dim(`  of ${population.count} ${population.what}`));
  console.log(dim(`  counted as: ${query}`));
  if (samples.length > 0) console.log(dim(`  for example: ${samples.map(printable).join(', ')}`));
  if (note !== undefined) console.log(dim(`  note: ${note}`));
  if (table !== undefined && table.rows.length > 0) printTable(table.head, table.rows);
}

function toException(item: Item, now: number): RegisteredException {
  const expiresAtEpochMs = Number(item['expiresAtEpochMs']);
  const status = exceptionStatuses.find((known) => known === item['status']);
  return {
    exceptionId: String(item['exceptionId']),
    owner: String(item['owner'] ?? ''),
    ticket: String(item['ticket'] ?? ''),
    state: status === undefined ? 'unknown' : exceptionState({ status, expiresAtEpochMs }, now),
    requestedAtEpochMs: Number(item['requestedAtEpochMs']),
    expiresAtEpochMs,
  };
}

function parsePattern(given: string): EvidencePattern {
  const pattern = evidencePatterns.find((each) => String(each) === given);
  if (pattern === undefined) throw new InvalidArgumentError(`It is one of ${evidencePatterns.join(', ')}.`);
  return pattern;
}

/** A day is its first instant; a time without a zone would mean another one on each machine. */
function parseTime(given: string): number {
  const shape = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z?)?$/;
  const time = shape.test(given)
    ? Date.parse(given.includes('T') && !given.endsWith('Z') ? `${given}Z` : given)
    : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('It is a time such as 2026-11-01 or 2026-11-01T08:00:00Z.');
  return time;
}
