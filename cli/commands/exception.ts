import { Command, InvalidArgumentError } from 'commander';
import { runbookTargetTypes } from '../../functions/change/actions/ssm-run-automation/runbook-target.ts';
import { catalogue } from '../../functions/change/catalogue.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { personOf } from '../../functions/platform/person.ts';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { ExceptionStore } from '../../functions/policy/exception.store.ts';
import {
  type ExceptionDecision,
  type ExceptionRequest,
  exceptionAge,
  exceptionPolicy,
  kindOf,
  longestExceptionDays,
  type PolicyException,
  parseExceptionRequest,
} from '../../functions/policy/exception.ts';
import { policySetOf } from '../../functions/policy/policy-files.ts';
import { catalogueExamples } from '../../functions/policy/policy-tables.ts';
import { validatePolicySet } from '../../functions/policy/policy-validation.ts';
import { bad, dim, good, instant, printable, printJson, printTable } from '../output.ts';
import { mustBeKnown, readApproverPolicy, readKnownNames } from '../policies.ts';
import { policyTree } from '../policy-directory.ts';
import { connectFor, optionsOf } from './options.ts';

/** Temporary overrides of the allowlist, each with an owner, a ticket and an end. */
export function exceptionCommand(): Command {
  const command = new Command('exception')
    .description('permit one role one action on one target for a while; no exception overrides a forbid')
    .addHelpText('after', '\nAn exception permits nothing until a second person has approved it.');
  command
    .command('request')
    .description('ask for an exception')
    .requiredOption('--role <name>', 'agent role')
    .requiredOption('--action <id>', 'action of the catalogue')
    .requiredOption('--target <key>', 'exactly one target, such as lambda-alias/checkout:live')
    .requiredOption('--environment <name>', 'where')
    .requiredOption('--owner <name>', 'who answers for it')
    .requiredOption('--ticket <id>', 'where it is followed up')
    .requiredOption('--reason <text>', 'why, in at least ten characters')
    .requiredOption('--days <n>', `how long, at most ${longestExceptionDays}`, parseDays)
    .action((_options, self: Command) => request(self));
  for (const [name, decision, says] of [
    ['approve', 'approved', 'approve one that somebody else requested'],
    ['reject', 'rejected', 'reject one that somebody else requested'],
    ['revoke', 'revoked', 'take one back, at once; anybody may'],
  ] as const) {
    command
      .command(name)
      .description(says)
      .argument('<exception-id>')
      .action((id: string, _options, self: Command) => decide(id, decision, self));
  }
  command
    .command('list')
    .description('the register: every exception with its age; those that expired are ignored, and said to be')
    .option('--all', 'also those that were rejected or revoked')
    .action((_options, self: Command) => list(self));
  command
    .command('show')
    .description('one exception with the policy it stands for')
    .argument('<exception-id>')
    .action((id: string, _options, self: Command) => show(id, self));
  return command;
}

interface RequestOptions {
  readonly role: string;
  readonly action: string;
  readonly target: string;
  readonly environment: string;
  readonly owner: string;
  readonly ticket: string;
  readonly reason: string;
  readonly days: number;
}

async function request(command: Command): Promise<void> {
  const options = optionsOf<RequestOptions>(command);
  const now = Date.now();
  const parsed = parseExceptionRequest(
    {
      owner: options.owner,
      ticket: options.ticket,
      reason: options.reason,
      agentRole: options.role,
      action: options.action,
      targetKey: options.target,
      environment: options.environment,
      expiresAtEpochMs: now + options.days * 86_400_000,
    },
    targetKinds(),
    now,
  );
  if (parsed.outcome === 'invalid')
    throw new InterlockError(
      'exception.invalid',
      `this exception cannot be requested: ${printable(parsed.faults.join('; '))}`,
    );
  const { store, stage, caller, json } = await open(command);
  const { agentRoles, environments } = readKnownNames(stage);
  mustBeKnown('agent role', options.role, agentRoles);
  mustBeKnown('environment', options.environment, environments);
  requireSoundPolicy(parsed.request);
  const person = await caller();
  if (personOf(person) === undefined)
    throw new InterlockError(
      'exception.no-person',
      'it is not known who you are; check your AWS credentials',
    );
  const exception = await store.request(parsed.request, person, now);
  if (json) printJson(exception);
  else
    console.log(
      `${good('requested')} ${exception.exceptionId}; it permits nothing until a second person runs \`interlock exception approve ${exception.exceptionId}\``,
    );
}

/** Kinds of target that each action has; a runbook has any that runbooks may have. */
function targetKinds(): Map<string, readonly string[]> {
  const examples = catalogueExamples();
  return new Map(
    catalogue.map(({ id }) => [
      id,
      id === 'ssm.run-automation'
        ? runbookTargetTypes
        : [
            ...new Set(
              examples.filter(({ action }) => action === id).map(({ target }) => kindOf(target.key)),
            ),
          ],
    ]),
  );
}

/** The same strict validation as at build: a name that only looks like another is refused here. */
function requireSoundPolicy(asked: ExceptionRequest): void {
  const set = policySetOf(readPolicyFiles(policyTree));
  const policies = { exception: exceptionPolicy({ ...asked, exceptionId: 'exc-requested' }) };
  const [fault] = validatePolicySet(readCedarWasm(), { ...set, policies });
  if (fault !== undefined)
    throw new InterlockError(
      'exception.invalid',
      `this exception is no sound policy: ${printable(fault.message)}`,
    );
}

async function decide(id: string, decision: ExceptionDecision, command: Command): Promise<void> {
  const { store, caller, json } = await open(command);
  const result = await store.decide(id, decision, await caller(), Date.now());
  if (json) printJson(result);
  else if (result.outcome === 'decided') console.log(`${good(decision)} ${printable(id)}`);
  else console.log(bad(printable(result.reason)));
  process.exitCode = result.outcome === 'decided' ? 0 : 1;
}

async function list(command: Command): Promise<void> {
  const { store, json } = await open(command);
  const { all } = optionsOf<{ all?: true }>(command);
  const now = Date.now();
  const register = (await store.list())
    .map((exception) => ({ ...exception, ...exceptionAge(exception, now) }))
    .filter(({ state }) => all === true || state !== 'closed');
  if (json) printJson(register);
  else if (register.length === 0) console.log('no exceptions');
  else {
    printTable(
      ['exception', 'state', 'age', 'ends', 'owner', 'ticket', 'role', 'action', 'target', 'where'],
      register.map((exception) => [
        exception.exceptionId,
        stateOf(exception),
        `${exception.ageDays} d`,
        endOf(exception),
        exception.owner,
        exception.ticket,
        exception.agentRole,
        exception.action,
        exception.targetKey,
        exception.environment,
      ]),
    );
  }
}

function stateOf({ state, status }: PolicyException & ReturnType<typeof exceptionAge>): string {
  if (state === 'closed') return status;
  return state === 'ignored' ? 'expired, ignored' : state === 'overdue' ? 'overdue: nobody decided' : state;
}

function endOf({ expiresAtEpochMs, daysLeft }: PolicyException & ReturnType<typeof exceptionAge>): string {
  const left = daysLeft < 0 ? `${-daysLeft} d ago` : daysLeft === 0 ? 'within a day' : `${daysLeft} d left`;
  return `${instant(expiresAtEpochMs)} (${left})`;
}

async function show(id: string, command: Command): Promise<void> {
  const { store, json } = await open(command);
  const exception = await store.find(id);
  if (exception === undefined)
    throw new InterlockError(
      'exception.unknown',
      `there is no exception ${printable(id)}; see \`interlock exception list\``,
    );
  const age = exceptionAge(exception, Date.now());
  if (json) {
    printJson({ ...exception, ...age });
    return;
  }
  console.log(`${exception.exceptionId}  ${stateOf({ ...exception, ...age })}`);
  const lines = {
    reason: exception.reason,
    owner: exception.owner,
    ticket: exception.ticket,
    requested: `${instant(exception.requestedAtEpochMs)} by ${exception.requestedBy}`,
    ends: endOf({ ...exception, ...age }),
    ...(exception.decidedBy === undefined
      ? {}
      : { [exception.status]: `${instant(Number(exception.decidedAtEpochMs))} by ${exception.decidedBy}` }),
  };
  for (const [name, value] of Object.entries(lines)) console.log(`  ${name.padEnd(10)}${printable(value)}`);
  console.log(dim(exception.policy.split('\n').map(printable).join('\n')));
}

async function open(command: Command) {
  const connection = await connectFor(command);
  const { database, ledger, tables, stage } = connection;
  return {
    stage,
    store: new ExceptionStore(database, ledger, tables.operations, readApproverPolicy().agentOwners),
    caller: () => connection.caller(),
    json: optionsOf(command).json === true,
  };
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1) throw new InvalidArgumentError('It takes whole days from 1.');
  return days;
}
