import { Argument, Command } from 'commander';
import type { Place } from '../../functions/autonomy/autonomy-policy.ts';
import { placesIn } from '../../functions/autonomy/known-places.ts';
import { placeName, type StageReading } from '../../functions/autonomy/stage.ts';
import { autonomyStages } from '../../functions/platform/vocabulary.ts';
import { openAutonomy, openAutonomyRecords } from '../autonomy.ts';
import { evidenceOf, historyOf } from '../autonomy-evidence.ts';
import { evidenceLines } from '../autonomy-report.ts';
import { instant, printable, printJson, printTable } from '../output.ts';
import { mustBeKnownPlace } from '../policies.ts';
import { addRequestCommands } from './autonomy-requests.ts';
import { setStage } from './autonomy-set.ts';
import { timelineLine } from './incident.ts';
import { optionsOf } from './options.ts';

/** What agents may do by themselves, where; and how that changes. */
export function autonomyCommand(): Command {
  const command = new Command('autonomy').description(
    'which autonomy stage is in force where; lower it at once, or ask for more',
  );
  command
    .command('show')
    .description('every place: what is in force, what is declared, since when, by whom and why')
    .action((_options, self: Command) => show(self));
  command
    .command('evidence')
    .description('what speaks for or against more autonomy at one place')
    .argument('<environment>')
    .argument('<role>')
    .argument('<class>')
    .action((environment, agentRole, actionClass, _options, self: Command) =>
      showEvidence({ environment, agentRole, actionClass }, self),
    );
  command
    .command('set')
    .description('lower a stage at once, or ask for the next one up')
    .argument('<environment>')
    .argument('<role>', 'agent role')
    .argument('<class>', 'action class')
    .addArgument(new Argument('<stage>').choices(autonomyStages))
    .requiredOption('--reason <text>', 'why, for the ledger')
    .addHelpText(
      'after',
      '\nLowering takes effect at once. Raising goes one stage at a time: it freezes the evidence into a request\nthat a second person approves with `interlock autonomy approve <request-id>` within seven days.\nWhere the published policies cannot be read, it still lowers: to observe, or below what was set at run time.',
    )
    .action((environment, agentRole, actionClass, stage, _options, self: Command) =>
      setStage({ environment, agentRole, actionClass }, stage, self),
    );
  command
    .command('history')
    .description('every change of a stage, every request and every published declaration, from the ledger')
    .option('--days <n>', 'how far back, 1 to 365', '30')
    .action((_options, self: Command) => history(self));
  addRequestCommands(command);
  return command;
}

async function show(command: Command): Promise<void> {
  const autonomy = await openAutonomy(command);
  const places = placesIn(autonomy.connection.stage, autonomy.names);
  const readings = await autonomy.stages.all(places);
  if (autonomy.json) {
    printJson(readings.map((reading) => ({ ...reading, declared: autonomy.declared(reading) })));
    return;
  }
  printTable(
    ['environment', 'agent role', 'action class', 'in force', 'declared', 'since', 'by', 'why'],
    readings.map((reading) => [
      reading.environment,
      reading.agentRole,
      reading.actionClass,
      reading.from === 'unreadable' ? 'observe (item unreadable)' : reading.stage,
      autonomy.declared(reading),
      reading.changedAtEpochMs === undefined ? '' : instant(reading.changedAtEpochMs),
      reading.changedBy ?? '',
      reading.reason ?? reasonOf(reading),
    ]),
  );
}

function reasonOf({ from }: StageReading): string {
  if (from === 'declared') return 'as declared in policies/autonomy.json';
  return from === 'default' ? 'nothing is declared: observe' : 'a person has to look at the item';
}

async function showEvidence(place: Place, command: Command): Promise<void> {
  const autonomy = await openAutonomy(command);
  mustBeKnownPlace(place, autonomy.names);
  const reading = await autonomy.stages.inForce(place);
  const { evidence, notes } = await evidenceOf(autonomy, reading);
  if (autonomy.json) printJson({ ...reading, evidence, notes });
  else {
    console.log(`${printable(placeName(place))}: ${reading.stage}`);
    console.log([...evidenceLines(evidence), ...notes].join('\n'));
  }
}

async function history(command: Command): Promise<void> {
  const autonomy = await openAutonomyRecords(command);
  const { days: given } = optionsOf<{ days: string }>(command);
  const days = Number(given);
  if (!Number.isInteger(days) || days < 1 || days > 365) {
    command.error('error: --days takes a whole number from 1 to 365', { exitCode: 2 });
  }
  const entries = await historyOf(autonomy, days, Date.now());
  if (autonomy.json) printJson(entries);
  else if (entries.length === 0) console.log(`no stage was changed in the last ${days} days`);
  else
    for (const entry of entries)
      console.log(`${instant(entry.atEpochMs).slice(0, 10)}  ${timelineLine(entry)}`);
}
