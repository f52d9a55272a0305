import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { HeartbeatStore } from '../../functions/autonomy/heartbeat.store.ts';
import { type Heartbeat, isStale } from '../../functions/autonomy/heartbeat.ts';
import {
  type InFlight,
  type KillSwitchStatus,
  KillSwitchStore,
} from '../../functions/autonomy/kill-switch.store.ts';
import type { SwitchScope } from '../../functions/platform/kill-switch-scope.ts';
import { age } from '../age.ts';
import { bad, dim, good, instant, printable, printJson } from '../output.ts';
import { mustBeKnown, readKnownNames } from '../policies.ts';
import { connectFor, optionsOf } from './options.ts';

interface ScopeOptions {
  readonly environment?: string;
  readonly agent?: string;
  readonly action?: string;
}

/** Stop everything or a part of it, let it run again, or see how it stands. */
export function killSwitchCommand(): Command {
  const command = new Command('kill-switch').description(
    'stop everything Interlock may start, or a part of it, or let it run again',
  );
  scoped(command.command('on'))
    .description(
      'engage: nothing covered starts any more; reports `stopped` once nothing covered is in flight',
    )
    .option('--reason <text>', 'why, for the ledger', 'no reason given')
    .option('--wait-seconds <n>', 'how long to wait for what is in flight', parseSeconds, 120)
    .action((_options, self: Command) => engage(self));
  scoped(command.command('off'))
    .description('release: what policy and autonomy stage allow may start again')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action((_options, self: Command) => release(self));
  command
    .command('status')
    .description(
      'how every switch stands, what is in flight, and when a switch was last proven to stop a write',
    )
    .action((_options, self: Command) => show(self));
  return command;
}

function scoped(command: Command): Command {
  return command
    .option('--environment <name>', 'only what would change this environment')
    .option('--agent <role>', 'only what this agent role proposed')
    .option('--action <id>', 'only this action of the catalogue')
    .addHelpText(
      'after',
      '\nWithout --environment, --agent or --action it is the switch over everything. At most one of them.\nRollbacks of changes that are under way still run; they are shown as such.',
    );
}

async function engage(command: Command): Promise<void> {
  const { store, actor, json, options, scope } = await open<{ reason: string; waitSeconds: number }>(command);
  await store.set('engaged', await actor(), options.reason, Date.now(), scope);
  if (!json) console.log(bad(`engaged: ${whatStops(scope)} starts any more`));
  const deadline = Date.now() + options.waitSeconds * 1_000;
  let inFlight = await store.inFlight(scope);
  let shown = '';
  while (inFlight.length > 0 && Date.now() < deadline) {
    const lines = inFlight.map(describe).join('\n');
    if (!json && lines !== shown) console.log(`still in flight:\n${lines}`);
    shown = lines;
    await sleep(500);
    inFlight = await store.inFlight(scope);
  }
  const stopped = inFlight.length === 0;
  if (json) printJson({ scope, state: 'engaged', stopped, inFlight });
  else if (stopped) console.log(good(`stopped: nothing${scope === 'global' ? '' : ' covered'} is in flight`));
  else
    console.log(
      bad(
        `not stopped after ${options.waitSeconds} s; still in flight:\n${inFlight.map(describe).join('\n')}`,
      ),
    );
  process.exitCode = stopped ? 0 : 3;
}

async function release(command: Command): Promise<void> {
  const { store, actor, json, options, scope } = await open<{ reason: string }>(command);
  await store.set('released', await actor(), options.reason, Date.now(), scope);
  const others = (await store.all()).filter(({ state }) => state === 'engaged');
  if (json) {
    printJson({ scope, state: 'released', stillEngaged: others.map((other) => other.scope) });
    return;
  }
  console.log(
    good(`released${scope === 'global' ? '' : ` ${scope}`}: what policy and autonomy stage allow may start`),
  );
  if (others.length > 0) console.log(bad(`still engaged: ${others.map((other) => other.scope).join(', ')}`));
}

async function show(command: Command): Promise<void> {
  const { store, heartbeats, json } = await open(command);
  const [switches, inFlight, heartbeat] = await Promise.all([
    store.all(),
    store.inFlight(),
    heartbeats.last(),
  ]);
  const now = Date.now();
  const engaged = switches.filter(({ state }) => state === 'engaged');
  if (json) {
    const beat =
      heartbeat === undefined ? {} : { ...heartbeatOf(heartbeat), ageMs: now - heartbeat.lastBeatAtEpochMs };
    const [global] = switches;
    printJson({ ...global, engaged, inFlight, heartbeat: { ...beat, stale: isStale(heartbeat, now) } });
    return;
  }
  if (engaged.length === 0) console.log(good('released: changes may start'));
  for (const one of engaged) describeSwitch(one);
  console.log(
    inFlight.length === 0 ? dim('nothing in flight') : `in flight:\n${inFlight.map(describe).join('\n')}`,
  );
  describeHeartbeat(heartbeat, now);
}

function describeSwitch({ scope, reason, changedBy, changedAtEpochMs }: KillSwitchStatus): void {
  console.log(bad(`engaged: ${whatStops(scope)} starts`));
  if (reason !== undefined) console.log(`  reason  ${printable(reason)}`);
  if (changedBy !== undefined) console.log(`  by      ${printable(changedBy)}`);
  if (changedAtEpochMs !== undefined) console.log(`  since   ${instant(changedAtEpochMs)}`);
}

function describeHeartbeat(heartbeat: Heartbeat | undefined, now: number): void {
  if (heartbeat === undefined) {
    console.log(bad('HEARTBEAT: no switch was ever proven to stop a write; look at kill-switch-heartbeat'));
    return;
  }
  const { lastBeatAtEpochMs, result, reason, latencyMs } = heartbeat;
  const ago = `${instant(lastBeatAtEpochMs)}, ${age(lastBeatAtEpochMs, now)} ago`;
  if (isStale(heartbeat, now)) {
    console.log(bad(`HEARTBEAT IS OLD: the last one was ${ago}; look at kill-switch-heartbeat`));
  }
  const words = `heartbeat ${result} ${ago} (${latencyMs} ms): ${printable(reason)}`;
  console.log(result === 'passed' ? dim(words) : bad(words.toUpperCase()));
}

async function open<Own extends object>(command: Command) {
  const options = optionsOf<Own & ScopeOptions>(command);
  const chosen = scopeOf(options, command);
  const connection = await connectFor(command);
  const { database, ledger, tables } = connection;
  if (chosen !== undefined) {
    const names = readKnownNames(connection.stage);
    // Each deployment acts in its own environment: a switch over another one's name would stop nothing.
    const known = { environment: [connection.stage], agent: names.agentRoles, action: names.actions };
    mustBeKnown(chosen.kind === 'agent' ? 'agent role' : chosen.kind, chosen.name, known[chosen.kind]);
  }
  const scope: SwitchScope = chosen === undefined ? 'global' : `${chosen.kind}#${chosen.name}`;
  return {
    store: new KillSwitchStore(database, ledger, tables.controls, tables.operations),
    heartbeats: new HeartbeatStore(database, ledger, tables, Date.now),
    actor: async () => ({ kind: 'person', id: await connection.caller() }) as const,
    json: options.json === true,
    options,
    scope,
  };
}

/** At most one: a switch over two things at once does not exist. */
function scopeOf({ environment, agent, action }: ScopeOptions, command: Command) {
  const chosen = (
    [
      { kind: 'environment', name: environment },
      { kind: 'agent', name: agent },
      { kind: 'action', name: action },
    ] as const
  ).filter(({ name }) => name !== undefined) as {
    kind: 'environment' | 'agent' | 'action';
    name: string;
  }[];
  if (chosen.length > 1) {
    command.error('error: a switch has one scope: choose one of --environment, --agent and --action', {
      exitCode: 2,
    });
  }
  return chosen[0];
}

/** `nothing`, or `nothing of agent responder`. */
function whatStops(scope: SwitchScope): string {
  return scope === 'global' ? 'nothing' : `nothing of ${printable(scope.replace('#', ' '))}`;
}

const phaseWords: Readonly<Record<InFlight['phase'], string>> = {
  mutating: 'is being changed',
  'rolling-back': 'is being rolled back (always allowed)',
  watched: 'was changed and is being watched; it will be kept or rolled back',
};

function describe(change: InFlight): string {
  const what = phaseWords[change.phase];
  return `  ${printable(change.target)} ${what} by ${change.changeId} of ${change.incidentId}`;
}

function heartbeatOf({ lastBeatAtEpochMs, lastPassedAtEpochMs, result, reason, latencyMs }: Heartbeat) {
  return { lastBeatAtEpochMs, lastPassedAtEpochMs, result, reason, latencyMs };
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 0)
    throw new InvalidArgumentError('It takes whole seconds from 0.');
  return seconds;
}
