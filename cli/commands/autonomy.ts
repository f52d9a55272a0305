import { Argument, Command } from 'commander';
import type { Place } from '../../functions/autonomy/autonomy-policy.ts';
import { placesIn } from '../../functions/autonomy/known-places.ts';
import { moveBetween, placeName, type StageReading } from '../../functions/autonomy/stage.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { type AutonomyStage, autonomyStages } from '../../functions/platform/vocabulary.ts';
import { type Autonomy, openAutonomy } from '../autonomy.ts';
import { evidenceOf, historyOf } from '../autonomy-evidence.ts';
import { evidenceLines, requestLines } from '../autonomy-report.ts';
import { dim, good, instant, printable, printJson, printTable } from '../output.ts';
import { mustBeKnown } from '../policies.ts';
import { addRequestCommands } from './autonomy-requests.ts';
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
      '\nLowering takes effect at once. Raising goes one stage at a time: it freezes the evidence into a request\nthat a second person approves with `interlock autonomy approve <request-id>` within seven days.',
    )
    .action((environment, agentRole, actionClass, stage, _options, self: Command) =>
      set({ environment, agentRole, actionClass }, stage, self),
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
  const autonomy = await openKnown(place, command);
  const reading = await autonomy.stages.inForce(place);
  const { evidence, notes } = await evidenceOf(autonomy, reading);
  if (autonomy.json) printJson({ ...reading, evidence, notes });
  else {
    console.log(`${printable(placeName(place))}: ${reading.stage}`);
    console.log([...evidenceLines(evidence), ...notes].join('\n'));
  }
}

async function set(place: Place, to: AutonomyStage, command: Command): Promise<void> {
  const autonomy = await openKnown(place, command);
  const { reason } = optionsOf<{ reason: string }>(command);
  const before = await autonomy.stages.inForce(place);
  const move = moveBetween(before.stage, to);
  switch (move.move) {
    case 'none':
      if (before.from !== 'unreadable') return unchanged(autonomy, before);
      return lower(autonomy, place, to, reason);
    case 'lower':
      return lower(autonomy, place, to, reason);
    case 'too-far':
      throw new InterlockError(
        'cli.stage-too-far',
        `${printable(placeName(place))} is at ${before.stage} and is raised one stage at a time; ask for ${move.next}`,
      );
    case 'raise':
      return raise(autonomy, before, to, reason);
  }
}

function unchanged({ json }: Autonomy, reading: StageReading): void {
  if (json) printJson({ outcome: 'unchanged', ...reading });
  else console.log(dim(`${printable(placeName(reading))} stands at ${reading.stage} already`));
}

async function lower(autonomy: Autonomy, place: Place, to: AutonomyStage, reason: string): Promise<void> {
  const by = { kind: 'person', id: await autonomy.connection.caller() } as const;
  const result = await autonomy.stages.lower(place, to, by, reason);
  if (result.outcome === 'unchanged') unchanged(autonomy, result.inForce);
  else if (autonomy.json) printJson(result);
  else console.log(good(`lowered ${printable(placeName(place))} from ${result.from} to ${to}: in force now`));
}

async function raise(
  autonomy: Autonomy,
  before: StageReading,
  to: AutonomyStage,
  reason: string,
): Promise<void> {
  const { evidence, notes } = await evidenceOf(autonomy, before);
  const by = await autonomy.connection.caller();
  const request = await autonomy.requests.request(before, to, by, reason, evidence);
  if (request === 'unknown-person') {
    throw new InterlockError(
      'cli.unknown-person',
      `a stage is raised by people, but STS names the caller ${printable(by)}; sign in as a user or a role session`,
    );
  }
  if (autonomy.json) {
    printJson({ outcome: 'requested', request, notes });
    return;
  }
  console.log([...requestLines(request), ...notes].join('\n'));
  console.log(
    `\nnothing has changed yet: somebody else approves it with\n  interlock autonomy approve ${request.requestId}`,
  );
}

async function history(command: Command): Promise<void> {
  const autonomy = await openAutonomy(command);
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

async function openKnown(place: Place, command: Command): Promise<Autonomy> {
  const autonomy = await openAutonomy(command);
  mustBeKnown('environment', place.environment, autonomy.names.environments);
  mustBeKnown('agent role', place.agentRole, autonomy.names.agentRoles);
  mustBeKnown('action class', place.actionClass, autonomy.names.actionClasses);
  return autonomy;
}
