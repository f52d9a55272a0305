import { Command, InvalidArgumentError } from 'commander';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { BreakGlassStore } from '../../functions/autonomy/break-glass.store.ts';
import {
  type BreakGlass,
  type BreakGlassRefusal,
  defaultBreakGlassMinutes,
  isBreakGlassLive,
} from '../../functions/autonomy/break-glass.ts';
import { longestBreakGlassMinutes } from '../../functions/autonomy/break-glass-policy.ts';
import { StageStore } from '../../functions/autonomy/stage.store.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { age } from '../age.ts';
import { bad, dim, instant, printable, printJson } from '../output.ts';
import { autonomyPolicyIn, breakGlassPolicyIn, publishedFiles } from '../policies.ts';
import { connectFor, optionsOf } from './options.ts';

/** Lets the changes of one incident go without approval, for minutes, in front of everybody. */
export function breakGlassCommand(): Command {
  const command = new Command('break-glass').description(
    'let the changes of one incident go without approval, for minutes; it is announced on every channel, and reviewed',
  );
  command
    .command('open')
    .description('break the glass; only for the roles in policies/break-glass.json, only at stage guarded')
    .requiredOption('--incident <id>', 'the incident it is for')
    .requiredOption('--reason <text>', 'why nobody can be waited for')
    .option('--minutes <n>', 'how long', parseMinutes, defaultBreakGlassMinutes)
    .addHelpText(
      'after',
      '\nIt replaces the approval and nothing else: policies, limits and every kill switch still hold.\nApprovals that wait are moved on; run it again to move on one that was asked for since.',
    )
    .action((_options, self: Command) => open(self));
  command
    .command('status')
    .description('whether the glass of an incident is broken, by whom, why and until when')
    .requiredOption('--incident <id>', 'the incident')
    .action((_options, self: Command) => show(self));
  return command;
}

async function open(command: Command): Promise<void> {
  const { incident, reason, minutes, json } = optionsOf<{
    incident: string;
    reason: string;
    minutes: number;
  }>(command);
  const { store, caller } = await connectStore(command);
  const by = await caller();
  const result = await store.open({ incidentId: incident, by, reason, minutes });
  if (result.outcome !== 'opened' && result.outcome !== 'continued') {
    throw new InterlockError(`cli.break-glass-${result.outcome}`, refusalText(result.outcome, incident, by));
  }
  if (json === true) {
    printJson(result);
    return;
  }
  const { breakGlass, approvalIds } = result;
  const verb = result.outcome === 'opened' ? 'is broken' : 'was broken already';
  console.log(bad(`the glass of incident ${incident} ${verb} until ${instant(breakGlass.expiresAtEpochMs)}`));
  console.log(
    approvalIds.length === 0
      ? dim('no approval waits; what is decided until then needs none')
      : `approvals that need nobody any more: ${approvalIds.length}`,
  );
  console.log(
    dim(
      'it is announced on every channel that this stage has; the review of it is a finding: `interlock findings`',
    ),
  );
}

async function show(command: Command): Promise<void> {
  const { incident, json } = optionsOf<{ incident: string }>(command);
  const { store } = await connectStore(command);
  const breakGlass = await store.find(incident);
  const now = Date.now();
  const isLive = isBreakGlassLive(breakGlass, incident, now);
  if (json === true) printJson({ incidentId: incident, live: isLive, ...breakGlass });
  else if (breakGlass === undefined) console.log(`the glass of ${printable(incident)} was never broken`);
  else console.log(describe(breakGlass, isLive, now).join('\n'));
}

function describe(breakGlass: BreakGlass, isLive: boolean, now: number): string[] {
  const { incidentId, openedBy, reason, openedAtEpochMs, expiresAtEpochMs } = breakGlass;
  return [
    isLive
      ? bad(`the glass of ${incidentId} is broken until ${instant(expiresAtEpochMs)}`)
      : `the glass of ${incidentId} is whole again since ${instant(expiresAtEpochMs)}`,
    `  by      ${printable(openedBy)}, ${age(openedAtEpochMs, now)} ago`,
    `  reason  ${printable(reason)}`,
  ];
}

async function connectStore(command: Command) {
  const connection = await connectFor(command);
  const { database, ledger, tables, stage } = connection;
  const files = await publishedFiles(connection);
  const approvals = new ApprovalStore(database, ledger, tables.operations, Date.now);
  const store = new BreakGlassStore({
    database,
    ledger,
    tables,
    policy: breakGlassPolicyIn(files, stage),
    stages: new StageStore(database, ledger, tables, autonomyPolicyIn(files), Date.now),
    approve: (approvalId, by, expiresAtEpochMs) =>
      approvals.breakGlassWrites(approvalId, by, expiresAtEpochMs),
    clock: Date.now,
  });
  return { store, caller: () => connection.caller() };
}

function refusalText(refusal: BreakGlassRefusal, incidentId: string, by: string): string {
  const incident = `incident ${printable(incidentId)}`;
  switch (refusal) {
    case 'not-allowed':
      return `${printable(by)} may not break the glass; policies/break-glass.json says who may`;
    case 'no-reason':
      return 'breaking the glass needs a reason; give it with --reason';
    case 'reason-too-long':
      return 'the reason is longer than 500 characters; shorten it';
    case 'too-long':
      return 'that is longer than policies/break-glass.json allows; ask for fewer --minutes';
    case 'no-incident':
      return `there is no ${incident}; \`interlock incident list\` shows those there are`;
    case 'incident-closed':
      return `${incident} is closed: nothing of it can start any more`;
    case 'not-guarded':
      return `no plan of ${incident} is at stage guarded; \`interlock autonomy show\` says what is in force`;
    case 'already-open':
      return `the glass of ${incident} is broken by somebody else; \`interlock break-glass status --incident ${printable(incidentId)}\` says until when`;
  }
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > longestBreakGlassMinutes) {
    throw new InvalidArgumentError(`It takes whole minutes from 1 to ${longestBreakGlassMinutes}.`);
  }
  return minutes;
}
