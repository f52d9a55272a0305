import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { type InFlight, KillSwitchStore } from '../../functions/autonomy/kill-switch.store.ts';
import { bad, dim, good, instant, printable, printJson } from '../output.ts';
import { connectFor, optionsOf } from './options.ts';

/** Stop everything, let it run again, or see how it stands. */
export function killSwitchCommand(): Command {
  const command = new Command('kill-switch').description(
    'stop everything Interlock may start, or let it run again',
  );
  command
    .command('on')
    .description('engage: nothing starts any more; reports `stopped` once nothing is in flight')
    .option('--reason <text>', 'why, for the ledger', 'no reason given')
    .option('--wait-seconds <n>', 'how long to wait for what is in flight', parseSeconds, 120)
    .action((_options, self: Command) => engage(self));
  command
    .command('off')
    .description('release: what policy and autonomy stage allow may start again')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action((_options, self: Command) => release(self));
  command
    .command('status')
    .description('how it stands and what is in flight')
    .action((_options, self: Command) => show(self));
  return command;
}

async function engage(command: Command): Promise<void> {
  const { store, actor, json, options } = await open<{ reason: string; waitSeconds: number }>(command);
  await store.set('engaged', await actor(), options.reason, Date.now());
  if (!json) console.log(bad('engaged: nothing starts any more'));
  const deadline = Date.now() + options.waitSeconds * 1_000;
  let inFlight = await store.inFlight();
  let shown = '';
  while (inFlight.length > 0 && Date.now() < deadline) {
    const lines = inFlight.map(describe).join('\n');
    if (!json && lines !== shown) console.log(`still in flight:\n${lines}`);
    shown = lines;
    await sleep(500);
    inFlight = await store.inFlight();
  }
  const stopped = inFlight.length === 0;
  if (json) printJson({ state: 'engaged', stopped, inFlight });
  else if (stopped) console.log(good('stopped: nothing is in flight'));
  else
    console.log(
      bad(
        `not stopped after ${options.waitSeconds} s; still in flight:\n${inFlight.map(describe).join('\n')}`,
      ),
    );
  process.exitCode = stopped ? 0 : 3;
}

async function release(command: Command): Promise<void> {
  const { store, actor, json, options } = await open<{ reason: string }>(command);
  await store.set('released', await actor(), options.reason, Date.now());
  if (json) printJson({ state: 'released' });
  else console.log(good('released: what policy and autonomy stage allow may start'));
}

async function show(command: Command): Promise<void> {
  const { store, json } = await open(command);
  const [status, inFlight] = await Promise.all([store.status(), store.inFlight()]);
  if (json) {
    printJson({ ...status, inFlight });
    return;
  }
  console.log(
    status.state === 'engaged' ? bad('engaged: nothing starts') : good('released: changes may start'),
  );
  if (status.reason !== undefined) console.log(`  reason  ${printable(status.reason)}`);
  if (status.changedBy !== undefined) console.log(`  by      ${printable(status.changedBy)}`);
  if (status.changedAtEpochMs !== undefined) console.log(`  since   ${instant(status.changedAtEpochMs)}`);
  console.log(
    inFlight.length === 0 ? dim('  nothing in flight') : `in flight:\n${inFlight.map(describe).join('\n')}`,
  );
}

async function open<Own extends object>(command: Command) {
  const connection = await connectFor(command);
  const options = optionsOf<Own>(command);
  return {
    store: new KillSwitchStore(connection.database, connection.ledger, connection.tables.controls),
    actor: async () => ({ kind: 'person', id: await connection.caller() }) as const,
    json: options.json === true,
    options,
  };
}

function describe(change: InFlight): string {
  const what = change.phase === 'mutating' ? 'is being changed' : 'is being rolled back (always allowed)';
  return `  ${change.target} ${what} by ${change.changeId} of ${change.incidentId}`;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 0)
    throw new InvalidArgumentError('It takes whole seconds from 0.');
  return seconds;
}
