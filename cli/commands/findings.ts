import { Command } from 'commander';
import { FindingStore } from '../../functions/audit/finding.store.ts';
import { isOverdue, type StoredFinding } from '../../functions/audit/finding.ts';
import { type ClosureRefusal, evidenceMaxCharacters } from '../../functions/audit/finding-closure.ts';
import { InterlockError } from '../../functions/platform/errors.ts';
import { age } from '../age.ts';
import { bad, dim, good, instant, printable, printJson, printTable } from '../output.ts';
import { connectFor, optionsOf } from './options.ts';

/** How many closed findings `--closed` shows. */
const closedShown = 50;

/** Controls that failed and wait for somebody to close them. */
export function findingsCommand(): Command {
  const command = new Command('findings')
    .description('list open findings with owner, age and due date, or close one')
    .option('--closed', `the last ${closedShown} closed ones instead`)
    .action((_options, self: Command) => list(self));
  command
    .command('close')
    .description('close a finding: what was done about it goes into the ledger')
    .argument('<finding-id>')
    .requiredOption('--evidence <text>', 'what shows that it was dealt with: a link, a ticket, a sentence')
    .addHelpText('after', '\nWho broke the glass does not close the review of it: somebody else does.')
    .action((findingId: string, _options, self: Command) => close(findingId, self));
  return command;
}

async function list(command: Command): Promise<void> {
  const { database, ledger, tables } = await connectFor(command);
  const { json, closed } = optionsOf<{ closed?: boolean }>(command);
  const store = new FindingStore(database, ledger, tables.operations);
  const now = Date.now();
  const found = await (closed === true ? store.listClosed(closedShown) : store.listOpen());
  if (json === true) {
    printJson(found.map((finding) => ({ ...withoutKeys(finding), overdue: isLate(finding, now) })));
    return;
  }
  if (found.length === 0) {
    console.log(closed === true ? 'no closed findings' : 'no open findings');
    return;
  }
  printTable(
    ['finding', 'kind', 'owner', closed === true ? 'closed' : 'age', 'due', 'what'],
    found.map((finding) => [
      finding.findingId,
      finding.kind,
      finding.owner ?? 'nobody',
      closed === true
        ? `${instant(finding.closedAtEpochMs ?? 0)} by ${finding.closedBy ?? 'unknown'}`
        : age(finding.openedAtEpochMs, now),
      finding.dueAtEpochMs === undefined
        ? 'no date'
        : `${instant(finding.dueAtEpochMs)}${isLate(finding, now) ? ' OVERDUE' : ''}`,
      finding.summary,
    ]),
  );
  const overdue = found.filter((finding) => isLate(finding, now)).length;
  if (overdue > 0) console.log(bad(`${overdue} overdue`));
  else console.log(dim('none overdue'));
}

async function close(findingId: string, command: Command): Promise<void> {
  const connection = await connectFor(command);
  const { evidence, json } = optionsOf<{ evidence: string }>(command);
  const store = new FindingStore(connection.database, connection.ledger, connection.tables.operations);
  const by = await connection.caller();
  const outcome = await store.close(findingId, { by, evidence, atEpochMs: Date.now() });
  if (outcome !== 'closed')
    throw new InterlockError(`cli.finding-${outcome}`, refusalText(outcome, findingId, by));
  if (json === true) printJson({ findingId, outcome, closedBy: by });
  else console.log(good(`closed ${printable(findingId)}`));
}

function refusalText(outcome: 'unknown' | ClosureRefusal, findingId: string, by: string): string {
  const finding = `finding ${printable(findingId)}`;
  switch (outcome) {
    case 'unknown':
      return `there is no ${finding}; \`interlock findings\` lists the open ones`;
    case 'already-closed':
      return `${finding} is closed already; \`interlock findings --closed\` shows by whom`;
    case 'unknown-person':
      return `${finding} is closed by a person, but STS names the caller ${printable(by)}; sign in as a user or a role session`;
    case 'no-evidence':
      return `${finding} needs evidence to be closed; say what was done about it with --evidence`;
    case 'evidence-too-long':
      return `evidence for ${finding} is longer than ${evidenceMaxCharacters} characters; link to it instead`;
    case 'own-act':
      return `${finding} is the review of an act of ${printable(by)}; somebody else has to close it`;
  }
}

function isLate(finding: StoredFinding, now: number): boolean {
  return finding.status === 'open' && isOverdue(finding, now);
}

function withoutKeys(finding: StoredFinding): object {
  const {
    pk: _pk,
    sk: _sk,
    statusKey: _key,
    statusAt: _at,
    ...rest
  } = finding as StoredFinding & Record<string, unknown>;
  return rest;
}
