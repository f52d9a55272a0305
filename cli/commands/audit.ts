import { Command } from 'commander';
import { toEntry } from '../../functions/audit/ledger.store.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { reportOn } from '../../functions/audit/ledger-report.ts';
import { incidentChain } from '../../functions/platform/item-keys.ts';
import { bad, good, printable, printJson } from '../output.ts';
import { connectFor, optionsOf } from './options.ts';

/** Checks evidence without trusting whoever wrote it. */
export function auditCommand(): Command {
  const command = new Command('audit').description('check the ledger');
  command
    .command('verify')
    .description('recompute every hash chain; exit 1 on a gap, a fork, an altered or a missing entry')
    .action((_options, self: Command) => verify(self));
  return command;
}

async function verify(command: Command): Promise<void> {
  const { database, tables } = await connectFor(command);
  // Incidents first: one that closes while the ledger is read can then only add entries, never seem to lack them.
  const closed: string[] = [];
  for await (const item of database.scan(tables.operations)) {
    if (item['sk'] === 'INCIDENT' && item['status'] === 'closed')
      closed.push(incidentChain(String(item['incidentId'])));
  }
  const entries: LedgerEntry[] = [];
  for await (const item of database.scan(tables.ledger)) entries.push(toEntry(item));
  const report = reportOn(entries, closed);
  if (optionsOf(command).json === true) printJson(report);
  else if (report.faults.length === 0) {
    console.log(
      good(
        `verified: ${report.entries} entries in ${report.chains} chains, no gap, no fork, nothing altered`,
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
