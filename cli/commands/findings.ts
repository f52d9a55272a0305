import { Command } from 'commander';
import { FindingStore } from '../../functions/audit/finding.store.ts';
import { instant, printJson, printTable } from '../output.ts';
import { connectFor, optionsOf } from './options.ts';

/** Controls that failed and wait for somebody to close them. */
export function findingsCommand(): Command {
  return new Command('findings')
    .description('list open findings')
    .action((_options, self: Command) => list(self));
}

async function list(command: Command): Promise<void> {
  const { database, ledger, tables } = await connectFor(command);
  const findings = await new FindingStore(database, ledger, tables.operations).listOpen();
  if (optionsOf(command).json === true) printJson(findings);
  else if (findings.length === 0) console.log('no open findings');
  else {
    printTable(
      ['finding', 'opened', 'kind', 'what'],
      findings.map((finding) => [
        finding.findingId,
        instant(finding.openedAtEpochMs),
        finding.kind,
        finding.summary,
      ]),
    );
  }
}
