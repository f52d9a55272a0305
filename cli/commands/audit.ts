import { Command } from 'commander';
import { toEntry } from '../../functions/audit/ledger.store.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { reportOn } from '../../functions/audit/ledger-report.ts';
import { factsOf, type RecordedFact } from '../../functions/audit/recorded-fact.ts';
import type { Database } from '../../functions/platform/dynamodb.ts';
import { bad, good, printable, printJson } from '../output.ts';
import { connectFor, optionsOf } from './options.ts';

/** Checks evidence without trusting whoever wrote it. */
export function auditCommand(): Command {
  const command = new Command('audit').description('check the ledger');
  command
    .command('verify')
    .description(
      'recompute every hash chain, hold it against records, controls and itself; exit 1 on any difference',
    )
    .action((_options, self: Command) => verify(self));
  return command;
}

async function verify(command: Command): Promise<void> {
  const { database, tables } = await connectFor(command);
  const before = await factsIn(database, tables);
  const entries: LedgerEntry[] = [];
  for await (const item of database.scan(tables.ledger)) entries.push(toEntry(item));
  const report = reportOn(entries, before, await factsIn(database, tables));
  if (optionsOf(command).json === true) printJson(report);
  else if (report.faults.length === 0) {
    console.log(
      good(
        `verified: ${report.entries} entries in ${report.chains} chains, no gap, no fork, nothing altered, every record and control in its place`,
      ),
    );
  } else {
    console.log(
      bad(`${report.faults.length} faults in ${report.entries} entries of ${report.chains} chains:`),
    );
    for (const fault of report.faults)
      console.log(`  ${fault.fault} at entry ${fault.sequence} of ${printable(fault.chainId)}`);
  }
  process.exitCode = report.faults.length === 0 ? 0 : 1;
}

async function factsIn(
  database: Database,
  { operations, controls }: { readonly operations: string; readonly controls: string },
): Promise<RecordedFact[]> {
  const facts: RecordedFact[] = [];
  for (const table of [controls, operations]) {
    for await (const item of database.scan(table)) facts.push(...factsOf(item));
  }
  return facts;
}
