import { Command } from 'commander';
import { InterlockError } from '../../functions/platform/errors.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { instant, printable, printJson } from '../output.ts';
import { connectFor, optionsOf } from './options.ts';

/** What became of one event, and by which rule. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('what became of one event: which incident, and which rule decided')
    .argument('<event-id>', 'the `id` of the EventBridge event')
    .action((eventId: string, _options, self: Command) => explain(eventId, self));
}

async function explain(eventId: string, command: Command): Promise<void> {
  const { database, tables } = await connectFor(command);
  const item = await database.get(tables.operations, itemKeys.event(eventId));
  if (item === undefined) {
    throw new InterlockError(
      'cli.no-event',
      `no event ${printable(eventId)} was accepted in the last 90 days; if it should have been, look at the dead-letter queues`,
    );
  }
  const { pk: _pk, sk: _sk, ttlEpochSeconds: _ttl, ...event } = item;
  if (optionsOf(command).json === true) {
    printJson(event);
    return;
  }
  console.log(
    `${printable(eventId)}  ${printable(String(event['class'] ?? 'unknown class'))}, received ${instant(Number(event['receivedAtEpochMs']))}`,
  );
  console.log(`${String(event['outcome'])}: ${printable(String(event['rule']))}`);
  if (event['incidentId'] !== undefined)
    console.log(`see \`interlock incident show ${String(event['incidentId'])}\``);
}
