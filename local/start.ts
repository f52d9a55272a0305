import { join } from 'node:path';
import { type LocalState, readState } from './local-state.ts';
import { acquireLock, LockHeldError } from './lock.mjs';
import { help, parseOptions, type StartOptions } from './options.ts';
import { workFolder } from './places.ts';
import { runScenario, type Verdict } from './scenarios/run-scenario.ts';
import { Screen } from './screen.ts';
import { startStack } from './stack.ts';
import { endWithStarter } from './starter.ts';
import { printLinks, printSummary } from './summary.ts';
import { Teardown } from './teardown.ts';
import { describe } from './timeline.ts';
import { type LedgerReport, verifyLedger } from './verify-ledger.ts';

const parsed = parseOptions(process.argv.slice(2));
switch (parsed.outcome) {
  case 'help':
    process.stdout.write(help);
    break;
  case 'invalid':
    process.stderr.write(`${parsed.message}\nRun npm start -- --help for the options.\n`);
    process.exitCode = 2;
    break;
  case 'options':
    await start(parsed.options);
}

/** Ends the process itself: sockets kept alive for later calls must not hold it open. */
async function start(options: StartOptions): Promise<void> {
  const screen = new Screen(options.json ? process.stderr : process.stdout);
  const teardown = new Teardown();
  /** True once the scenario has ended as it should and only the links are left to look at. */
  let staysUp = false;
  const end = async (code: number): Promise<never> => {
    await teardown.run();
    process.exit(code);
  };
  const interrupted = (code: number): void => {
    if (!teardown.hasBegun) screen.line(`\n${screen.style('dim', 'Stopping …')}`);
    void end(staysUp ? 0 : code);
  };
  process.on('SIGINT', () => interrupted(130));
  process.on('SIGTERM', () => interrupted(143));
  process.on('SIGHUP', () => interrupted(129));
  endWithStarter(() => interrupted(143));
  const fail = async (error: unknown): Promise<void> => {
    if (teardown.hasBegun) return; // what was being done was cut short by the end
    screen.line(screen.style('red', error instanceof Error ? error.message : String(error)));
    await end(1);
  };
  process.on('uncaughtException', (error) => void fail(error));
  try {
    const lock = await acquireLock(join(workFolder, 'start.lock'));
    await teardown.add(lock.release);
    banner(screen, options);
    const state = await startStack({
      ...options,
      screen,
      teardown,
      onCrash: (message) => void fail(new Error(message)),
    });
    const { verdict, ledger } = await play(screen, options, state);
    const good = verdict.passed && ledger.verified;
    printSummary(screen, verdict, ledger);
    if (options.json)
      process.stdout.write(`${JSON.stringify({ ...verdict, passed: good, ledger }, null, 2)}\n`);
    if (options.once) await end(good ? 0 : 1);
    staysUp = good;
    printLinks(screen, state, verdict.incidentId);
    await new Promise(() => setInterval(() => {}, 60_000)); // until a signal ends the process
  } catch (error) {
    await fail(error instanceof LockHeldError ? alreadyRunning(error) : error);
  }
}

function banner(screen: Screen, { scenario, modelUrl, modelName }: StartOptions): void {
  screen.line(
    `${screen.style('bold', 'Interlock')}  local mode, scenario ${scenario.name}: ${scenario.summary}`,
  );
  screen.line(
    modelUrl === undefined
      ? screen.style(
          'yellow',
          'The model is SCRIPTED: a stand-in answers over the HTTP API of a real one (see --model-url).',
        )
      : `The model is ${modelName} at ${modelUrl}.`,
  );
  screen.line();
}

async function play(
  screen: Screen,
  { scenario, once }: StartOptions,
  state: LocalState,
): Promise<{ verdict: Verdict; ledger: LedgerReport }> {
  screen.heading('Timeline');
  screen.step({
    what: 'automation switched on',
    more: 'a fresh stack does nothing until somebody does',
    mood: 'good',
  });
  const verdict = await runScenario(scenario, {
    state,
    scripted: once,
    alarm: scenario.name === 'alias-rollback' ? 'stack' : 'own',
    onNote: (what, more) => screen.step({ what, more, mood: 'waiting' }),
    onEntry: (entry) => {
      const step = describe(entry);
      const link = `${state.frontDoorUrl}/approvals/${String(entry.detail['approvalId'])}`;
      screen.step(entry.type === 'approval.requested' ? { ...step, more: link } : step, entry.atEpochMs);
    },
  });
  const ledger = await verifyLedger(state);
  screen.step({
    what: ledger.verified ? 'ledger verified' : 'LEDGER FAULTY',
    more: ledger.words,
    mood: ledger.verified ? 'good' : 'bad',
  });
  return { verdict, ledger };
}

function alreadyRunning({ pid }: LockHeldError): Error {
  const other = readState();
  const place = other?.pid === pid ? `open ${other.frontDoorUrl}, or stop it` : 'wait for it, or stop it';
  return new Error(`Another start (process ${pid}) is running in this folder: ${place} with Ctrl-C there.`);
}
