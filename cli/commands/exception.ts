import { Command, InvalidArgumentError } from 'commander';
import { runbookTargetTypes } from '../../functions/change/actions/ssm-run-automation/runbook-target.ts';
import { catalogue } from '../../functions/change/catalogue.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { personOf } from '../../functions/platform/person.ts';
import { readCedarWasm } from '../../functions/platform/policy-files.store.ts';
import { ExceptionStore } from '../../functions/policy/exception.store.ts';
import {
  type ExceptionDecision,
  type ExceptionRequest,
  exceptionAge,
  exceptionPolicy,
  kindOf,
  longestExceptionDays,
  mayDecide,
  type PolicyException,
  parseExceptionRequest,
} from '../../functions/policy/exception.ts';
import { type PolicyFiles, policySetOf } from '../../functions/policy/policy-files.ts';
import { catalogueExamples } from '../../functions/policy/policy-tables.ts';
import { validatePolicySet } from '../../functions/policy/policy-validation.ts';
import { mustBeAskable, mustBeConfirmed } from '../confirmation.ts';
import { bad, dim, good, instant, printable, printJson, printTable } from '../output.ts';
import { approverPolicyIn, knownNamesIn, mustBeKnown, publishedFiles } from '../policies.ts';
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
  command
    .command('approve')
    .description('approve one that somebody else requested')
    .argument('<exception-id>')
    .option('--yes', 'without asking first; look at it with `exception show` before')
    .addHelpText(
      'after',
      '\nIt shows the exception with the policy it stands for, and asks before it approves: exactly what was shown.',
    )
    .action((id: string, _options, self: Command) => approve(id, self));
  for (const [name, decision, says] of [
    ['reject', 'rejected', 'reject one that somebody else requested'],
    ['revoke', 'revoked', 'take one back, at once; anybody may'],
  ] as const) {
    command
      .command(name)
      .description(says)
      .argument('<exception-id>')
      .action(async (id: string, _options, self: Command) => decide(id, decision, await open(self)));
  }
  command
    .command('list')
    .description('the register: every exception with its age; those that expired are ignored, and said to be')
    .option('--all', 'also those that were rejected or revoked')
    .addHelpText(
      'after',
      '\nin-force: permits now. expired: approved, over and ignored. waiting: nobody decided yet. lapsed: nobody decided before its end.',
    )
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
  const { store, stage, readFiles, caller, json } = await open(command);
  const files = await readFiles();
  const { agentRoles, environments } = knownNamesIn(files, stage);
  mustBeKnown('agent role', options.role, agentRoles);
  mustBeKnown('environment', options.environment, environments);
  requireSoundPolicy(parsed.request, files);
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

/** The same strict validation as at build, against the published schema: a name that only looks like another is refused here. */
function requireSoundPolicy(asked: ExceptionRequest, files: PolicyFiles): void {
  const set = policySetOf(files);
  const policies = { exception: exceptionPolicy({ ...asked, exceptionId: 'exc-requested' }) };
  const [fault] = validatePolicySet(readCedarWasm(), { ...set, policies });
  if (fault !== undefined)
    throw new InterlockError(
      'exception.invalid',
      `this exception is no sound policy: ${printable(fault.message)}`,
    );
}

/** Shows what would be permitted, asks for a word, and approves. */
async function approve(id: string, command: Command): Promise<void> {
  const { yes } = optionsOf<{ yes?: true }>(command);
  mustBeAskable(command, yes, 'exception show');
  const register = await open(command);
  const { store, agentOwners, caller } = register;
  const exception = await store.find(id);
  if (exception !== undefined) {
    const now = Date.now();
    // Standard error: with --json the answer alone is for standard output.
    console.error(exceptionLines(exception, now).join('\n'));
    // Spares people a question whose answer could not count; why it could not is said when it is decided.
    const may = mayDecide(exception, await caller(), 'approved', await agentOwners(), now);
    if (may.outcome === 'may') await mustBeConfirmed(yes, 'Permit this?');
  }
  await decide(id, 'approved', register, exception);
}

async function decide(
  id: string,
  decision: ExceptionDecision,
  { store, caller, json }: Awaited<ReturnType<typeof open>>,
  shown?: PolicyException,
): Promise<void> {
  const result = await store.decide(id, decision, await caller(), Date.now(), shown);
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
    .filter(({ state }) => all === true || (state !== 'rejected' && state !== 'revoked'));
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

function stateOf({ state }: ReturnType<typeof exceptionAge>): string {
  return state === 'expired' ? 'expired, ignored' : state === 'lapsed' ? 'lapsed: nobody decided' : state;
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
  const now = Date.now();
  if (json) printJson({ ...exception, ...exceptionAge(exception, now) });
  else console.log(exceptionLines(exception, now).join('\n'));
}

/** Everything there is to say of an exception, with the policy it stands for. */
function exceptionLines(exception: PolicyException, now: number): string[] {
  const age = exceptionAge(exception, now);
  const lines = {
    role: exception.agentRole,
    action: exception.action,
    target: exception.targetKey,
    where: exception.environment,
    reason: exception.reason,
    owner: exception.owner,
    ticket: exception.ticket,
    requested: `${instant(exception.requestedAtEpochMs)} by ${exception.requestedBy}`,
    ends: endOf({ ...exception, ...age }),
    ...(exception.decidedBy === undefined
      ? {}
      : { [exception.status]: `${instant(Number(exception.decidedAtEpochMs))} by ${exception.decidedBy}` }),
  };
  return [
    `${printable(exception.exceptionId)}  ${stateOf(age)}`,
    ...Object.entries(lines).map(([name, value]) => `  ${name.padEnd(10)}${printable(value)}`),
    ...exception.policy
      .trimEnd()
      .split('\n')
      .map((line) => dim(printable(line))),
  ];
}

/** Policies are read by what needs them: rejecting and revoking must not hang on an archive that can be damaged. */
async function open(command: Command) {
  const connection = await connectFor(command);
  const { database, ledger, tables, stage } = connection;
  const readFiles = () => publishedFiles(connection);
  const agentOwners = async () => approverPolicyIn(await readFiles()).agentOwners;
  return {
    stage,
    readFiles,
    agentOwners,
    store: new ExceptionStore(database, ledger, tables.operations, agentOwners),
    caller: () => connection.caller(),
    json: optionsOf(command).json === true,
  };
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1) throw new InvalidArgumentError('It takes whole days from 1.');
  return days;
}
