import type { Command } from 'commander';
import { placeName } from '../../functions/autonomy/stage.ts';
import { openAutonomy, openAutonomyRecords } from '../autonomy.ts';
import { evidenceOf } from '../autonomy-evidence.ts';
import { comparisonLines, requestLines, requestRefusal } from '../autonomy-report.ts';
import { mustBeAskable, mustBeConfirmed } from '../confirmation.ts';
import { bad, good, printable, printJson } from '../output.ts';
import { optionsOf } from './options.ts';

/** What a second person does about requests to raise a stage. */
export function addRequestCommands(command: Command): void {
  command
    .command('requests')
    .description('requests that wait for a second person, with their evidence')
    .action((_options, self: Command) => requests(self));
  command
    .command('approve')
    .description('raise the stage: only by somebody else than who asked')
    .argument('<request-id>')
    .option('--yes', 'without asking first; look at it with `autonomy requests` before')
    .addHelpText(
      'after',
      '\nIt shows what is asked for, with the evidence as it was frozen and as it is now, and asks before it raises.\nThe answer counts for what was shown: it raises nothing if the request, the stage or the policies changed meanwhile.',
    )
    .action((requestId: string, _options, self: Command) => approve(requestId, self));
  command
    .command('reject')
    .description('end a request without effect; whoever asked may withdraw it like this')
    .argument('<request-id>')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action((requestId: string, _options, self: Command) => reject(requestId, self));
}

async function requests(command: Command): Promise<void> {
  const autonomy = await openAutonomyRecords(command);
  const waiting = (await autonomy.requests.list('requested')).filter(
    ({ expiresAtEpochMs }) => expiresAtEpochMs > Date.now(),
  );
  if (autonomy.json) printJson(waiting);
  else if (waiting.length === 0) console.log('no request waits');
  else console.log(waiting.map((request) => requestLines(request).join('\n')).join('\n\n'));
}

/** Shows what is asked for and how its evidence stands now, asks for a word, and raises. */
async function approve(requestId: string, command: Command): Promise<void> {
  const { yes } = optionsOf<{ yes?: true }>(command);
  mustBeAskable(command, yes, 'autonomy requests');
  const autonomy = await openAutonomy(command);
  const by = await autonomy.connection.caller();
  const asked = await autonomy.requests.asked(requestId, by);
  if (asked === undefined) throw requestRefusal({ outcome: 'unknown' }, requestId, by);
  const { request, inForce, refusal } = asked;
  // Standard error: with --json the answer alone is for standard output.
  console.error(requestLines(request).join('\n'));
  // Spares people a question whose answer could not count; the write checks it again.
  if (refusal !== undefined) throw requestRefusal({ outcome: refusal, request }, requestId, by);
  const { evidence, notes } = await evidenceOf(autonomy, inForce);
  console.error(['', ...comparisonLines(request.evidence, evidence), ...notes].join('\n'));
  await mustBeConfirmed(yes, `Raise ${printable(placeName(request))} from ${request.from} to ${request.to}?`);
  const result = await autonomy.requests.approve(requestId, by, request);
  if (result.outcome !== 'raised') throw requestRefusal(result, requestId, by);
  const { item } = result;
  if (autonomy.json) printJson({ outcome: 'raised', ...item });
  else console.log(good(`raised ${printable(placeName(item))} to ${item.stage}: in force now`));
}

async function reject(requestId: string, command: Command): Promise<void> {
  const autonomy = await openAutonomyRecords(command);
  const { reason } = optionsOf<{ reason: string }>(command);
  const by = await autonomy.connection.caller();
  const result = await autonomy.requests.reject(requestId, by, reason);
  if (result.outcome !== 'rejected') throw requestRefusal(result, requestId, by);
  if (autonomy.json) printJson({ outcome: 'rejected', requestId });
  else console.log(bad(`rejected ${printable(requestId)}: nothing has changed`));
}
