import { Command, InvalidArgumentError, Option } from 'commander';
import { commentMaxCharacters, rejectReasons } from '../../functions/approvals/approval.ts';
import { type InboxView, inboxViews } from '../../functions/approvals/inbox.ts';
import { listLines } from '../approval-list.ts';
import { approvalLink } from '../approval-name.ts';
import { openApprovals } from '../approvals-access.ts';
import { parsePeriod } from '../change-report.ts';
import { dim, instant, printJson, printTable } from '../output.ts';
import { approveOne, rejectOne, showOne } from './approval-vote.ts';
import { optionsOf } from './options.ts';

const named = 'its id, or the link to its page';

/** What waits for people, and deciding it: as whoever is signed in, by the rules of the pages. */
export function approvalsCommand(): Command {
  const command = new Command('approvals')
    .description('what waits for people: list it, show one, approve or reject it, and how people decide')
    .addHelpText(
      'after',
      '\n<approval> is an id as `list` prints it (after -- where it begins with one) or the link to its page.\nSign in once with `npx interlock login`, or on the local stage add --as <user> (ana, ben, kim, mia).\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.',
    );
  command
    .command('list', { isDefault: true })
    .description('approvals with their ids and links (also without `list`)')
    .addOption(
      new Option('--view <view>', 'mine: those I may decide; all: everything that waits; decided: the rest')
        .choices(inboxViews)
        .default('all'),
    )
    .action((_options, self: Command) => list(self));
  command
    .command('show')
    .description('everything that a person needs to decide one')
    .argument('<approval>', named)
    .action((approval: string, _options, self: Command) => showOne(approval, self));
  command
    .command('approve')
    .description('show the question and what changes, ask, and approve exactly that plan')
    .argument('<approval>', named)
    .option('--comment <text>', 'for whoever looks at it later', parseComment)
    .option('--yes', 'do not ask; needed where there is no terminal')
    .action((approval: string, _options, self: Command) => approveOne(approval, self));
  command
    .command('reject')
    .description('reject it: one rejection decides')
    .argument('<approval>', named)
    .addOption(
      new Option('--reason <reason>', 'what is wrong with it; other needs a comment')
        .choices(rejectReasons)
        .makeOptionMandatory(),
    )
    .option('--comment <text>', 'for whoever looks at it later', parseComment)
    .action((approval: string, _options, self: Command) => rejectOne(approval, self));
  command
    .command('figures')
    .description('how people decide: votes, approval rate and median time, each and all together')
    .option('--since <period>', 'how far back: 12h, 30d', parseSince, 30 * 86_400_000)
    .action((_options, self: Command) => figures(self));
  command
    .command('never-again')
    .description('what people rejected with the words never again')
    .action((_options, self: Command) => neverAgain(self));
  return command;
}

async function list(command: Command): Promise<void> {
  const { view, json } = optionsOf<{ view: InboxView }>(command);
  const { api, pagesUrl } = await openApprovals(command);
  const { approvals, found, isWhole } = (await api.list(view)).parsed;
  const linked = approvals.map((approval) => ({
    ...approval,
    url: approvalLink(pagesUrl, approval.approvalId),
  }));
  if (json === true) printJson(linked);
  else if (linked.length === 0) console.log(nothing[view]);
  else console.log(linked.map((approval) => listLines(approval, approval.url).join('\n')).join('\n\n'));
  if (json === true || (isWhole && found === linked.length)) return;
  const order =
    view === 'decided' ? 'the newest' : 'those that expire first; decide them, and the next ones come';
  console.log(dim(`\n${linked.length} of ${found}${isWhole ? '' : ' or more'} are shown: ${order}`));
}

/** There may be more that this person must not hear of. */
const nothing: Readonly<Record<InboxView, string>> = {
  mine: 'nothing waits for you',
  all: 'nothing that you may see waits for approval',
  decided: 'nothing that you may see was decided lately',
};

async function figures(command: Command): Promise<void> {
  const { since, json } = optionsOf<{ since: number }>(command);
  const { api } = await openApprovals(command);
  const { json: document, parsed } = await api.figures(Date.now() - since);
  if (json === true) {
    printJson(document);
    return;
  }
  const { population, overall, approvers, sinceEpochMs, untilEpochMs } = parsed;
  console.log(
    `${population.settled} approvals settled from ${instant(sinceEpochMs)} to ${instant(untilEpochMs)}: ` +
      `${population.approved} approved (${population.underBreakGlass} by breaking the glass), ${population.rejected} rejected, ` +
      `${population.expired} expired, ${population.cancelled} cancelled`,
  );
  if (!population.isComplete) console.log(dim('there are more: these are the newest'));
  const row = (name: string, { votes, approvals, approvalRate, medianSecondsToVote }: typeof overall) => [
    name,
    String(votes),
    String(approvals),
    approvalRate === undefined ? '' : `${Math.round(approvalRate * 100)} %`,
    medianSecondsToVote === undefined ? '' : `${Math.round(medianSecondsToVote)} s`,
  ];
  printTable(
    ['approver', 'votes', 'approvals', 'approval rate', 'median time to vote'],
    [
      ...approvers.map((one) => row(`${one.displayName} (${one.identityId})`, one)),
      row('everybody', overall),
    ],
  );
}

async function neverAgain(command: Command): Promise<void> {
  const { api } = await openApprovals(command);
  const { json: document, parsed } = await api.neverAgain();
  if (optionsOf(command).json === true) printJson(document);
  else if (parsed.neverAgain.length === 0) console.log('nobody said never again');
  else {
    printTable(
      ['when', 'action', 'target', 'environment', 'agent', 'by', 'incident'],
      parsed.neverAgain.map((record) => [
        instant(record.atEpochMs),
        record.action,
        record.targetKey ?? 'unknown',
        record.environment,
        record.agentRole,
        record.by,
        record.incidentId,
      ]),
    );
  }
}

function parseComment(given: string): string {
  if (given.length <= commentMaxCharacters) return given;
  throw new InvalidArgumentError(`It holds at most ${commentMaxCharacters} characters.`);
}

function parseSince(given: string): number {
  const period = parsePeriod(given);
  if (period === undefined) throw new InvalidArgumentError('It is a period such as 90m, 24h or 30d.');
  return period;
}
