import { Command, InvalidArgumentError, Option } from 'commander';
import type { ApprovalSummary } from '../../functions/approvals/api/api-views.ts';
import { commentMaxCharacters, rejectReasons } from '../../functions/approvals/approval.ts';
import { inboxViews } from '../../functions/approvals/inbox.ts';
import { exclusionWords } from '../approval-lines.ts';
import { openApprovals } from '../approvals-access.ts';
import { parsePeriod } from '../change-report.ts';
import { dim, instant, printJson, printTable } from '../output.ts';
import { approveOne, rejectOne, showOne } from './approval-vote.ts';
import { optionsOf } from './options.ts';

/** What waits for people, and deciding it: as whoever is signed in, by the rules of the pages. */
export function approvalsCommand(): Command {
  const command = new Command('approvals')
    .description('what waits for people: list it, show one, approve or reject it, and how people decide')
    .addHelpText(
      'after',
      '\nSign in once with `interlock login`, or on the local stage add --as <user> (ana, ben, kim, mia).\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.',
    );
  command
    .command('list', { isDefault: true })
    .description('approvals with their links (also without `list`)')
    .addOption(
      new Option('--view <view>', 'mine: those I may decide; all: everything that waits; decided: the rest')
        .choices(inboxViews)
        .default('all'),
    )
    .action((_options, self: Command) => list(self));
  command
    .command('show')
    .description('everything that a person needs to decide one')
    .argument('<approval-id>')
    .action((approvalId: string, _options, self: Command) => showOne(approvalId, self));
  command
    .command('approve')
    .description('show the question and what changes, ask, and approve exactly that plan')
    .argument('<approval-id>')
    .option('--comment <text>', 'for whoever looks at it later', parseComment)
    .option('--yes', 'do not ask; needed where there is no terminal')
    .action((approvalId: string, _options, self: Command) => approveOne(approvalId, self));
  command
    .command('reject')
    .description('reject it: one rejection decides')
    .argument('<approval-id>')
    .addOption(
      new Option('--reason <reason>', 'what is wrong with it').choices(rejectReasons).makeOptionMandatory(),
    )
    .option('--comment <text>', 'for whoever looks at it later', parseComment)
    .action((approvalId: string, _options, self: Command) => rejectOne(approvalId, self));
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
  const { view, json } = optionsOf<{ view: (typeof inboxViews)[number] }>(command);
  const { api, pagesUrl } = await openApprovals(command);
  const { approvals } = (await api.list(view)).parsed;
  const linkOf = ({ approvalId }: ApprovalSummary) =>
    `${pagesUrl}/approvals/${encodeURIComponent(approvalId)}`;
  if (json === true) {
    printJson(approvals.map((approval) => ({ ...approval, url: linkOf(approval) })));
  } else if (approvals.length === 0) {
    console.log(view === 'decided' ? 'nothing was decided lately' : nothingWaits[view]);
  } else {
    printTable(
      ['what', 'approvals', view === 'decided' ? 'outcome' : 'decide before', 'you', 'link'],
      approvals.map((approval) => [
        approval.question,
        `${approval.quorum - approval.approvalsStillNeeded} of ${approval.quorum}`,
        approval.status === 'pending' ? instant(approval.expiresAtEpochMs) : approval.status,
        yourPart(approval.you),
        linkOf(approval),
      ]),
    );
  }
}

const nothingWaits = { mine: 'nothing waits for you', all: 'nothing waits for approval' } as const;

function yourPart({ may, because, voted }: ApprovalSummary['you']): string {
  if (voted !== undefined) return `said ${voted}`;
  return may === 'decide' ? 'may decide' : exclusionWords(because);
}

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
