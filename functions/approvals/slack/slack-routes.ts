import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { InterlockError } from '../../platform/errors.ts';
import { approvalsStillNeeded } from '../approval.ts';
import { type Identity, samePerson } from '../authority.ts';
import { type DecisionResult, decideApproval, openApproval } from '../decide-approval.ts';
import type { PagesPorts } from '../pages/pages-ports.ts';
import { refusalAnswers } from '../refusal-answers.ts';
import type { VoteRefusal } from '../refused-vote.ts';
import { leaveEvidence, reportVote } from '../report-vote.ts';
import {
  mayDecideInSlack,
  parseSlackInteraction,
  type SlackInteraction,
  type SlackVote,
  slackIdentityOf,
} from './slack-interaction.ts';
import type { SlackPorts } from './slack-ports.ts';

/** How old what the identity provider said may be, in seconds: a shift. */
const slackClaimsSeconds = 8 * 3_600;

/** Slack sends the whole message back, in percent-encoding; ours take up to 20 kB of it. */
const slackBodyLimitBytes = 64 * 1_024;

/** One answer for what does not exist, what nobody may see and whoever is not known here. */
const nothingHere = 'There is nothing here that you may decide. Nothing was decided.';

/** What somebody is told whose press changed nothing, where the pages would say it differently. */
const refusals: Partial<Record<VoteRefusal, string>> = {
  'identity-unconfirmed':
    'Nothing was decided. Open the page and sign in; for the next eight hours you can decide here.',
  'tier-too-high': 'Nothing was decided: this can only be decided on the page.',
};
const failed = 'Something went wrong. Please open the page and look before you decide anything.';

/** What of the pages' surroundings a press in Slack needs. */
type Ports = Pick<
  PagesPorts,
  | 'approvers'
  | 'clock'
  | 'desk'
  | 'onError'
  | 'onRefusedVote'
  | 'onVote'
  | 'rate'
  | 'refusals'
  | 'slack'
  | 'vote'
>;

/** What a press led to: a text for whoever pressed, and why it did not count where it did not. */
interface Answer {
  readonly text: string;
  readonly refused?: { readonly because: VoteRefusal; readonly voter?: Pick<Identity, 'id'> };
}

/**
 * `POST /slack/interactions`: what people press in Slack. The same rules as on the pages decide: what Slack
 * adds is who pressed, and only where the approvers' policy says who that is and the identity provider has
 * vouched for them lately. Once the signature holds Slack gets 200 with nothing in it, whatever was pressed.
 *
 * Mount it before any smaller limit of the body's size.
 */
export function slackRoutes(ports: Ports): Hono {
  const routes = new Hono();

  routes.use(bodyLimit({ maxSize: slackBodyLimitBytes, onError: (context) => context.body(null, 413) }));
  routes.post('/interactions', async (context) => {
    const { slack } = ports;
    if (slack === undefined) return context.body(null, 404);
    const rawBody = await context.req.text();
    const timestamp = context.req.header('x-slack-request-timestamp') ?? '';
    const signature = context.req.header('x-slack-signature') ?? '';
    const origin = await slack.verify(rawBody, timestamp, signature, ports.clock());
    if (origin !== 'genuine') {
      ports.onError(
        new InterlockError(`approvals.slack-${origin}`, 'a message to the Slack endpoint was refused'),
      );
      return context.body(null, 401);
    }
    const interaction = parseSlackInteraction(rawBody);
    if (interaction === undefined) {
      ports.onError(
        new InterlockError('approvals.slack-unreadable', 'Slack sent something that is no press of a button'),
      );
    } else if (interaction.pressed !== 'opened') {
      await respond(slack, interaction, interaction.pressed);
    }
    return context.body(null, 200);
  });
  routes.onError((error, context) => {
    ports.onError(error);
    return context.body(null, 500);
  });

  async function respond(
    slack: SlackPorts,
    { user, channelId }: SlackInteraction,
    vote: SlackVote,
  ): Promise<void> {
    const { text, refused } = await decide(slack, user, vote).catch((error: unknown): Answer => {
      ports.onError(asError(error));
      return { text: failed };
    });
    await Promise.all([
      slack.answer(channelId, user.userId, text).catch((error: unknown) => ports.onError(asError(error))),
      refused === undefined
        ? undefined
        : leaveEvidence(ports, vote.approvalId, refused.because, async () => refused.voter),
    ]);
  }

  async function decide(
    slack: SlackPorts,
    user: SlackInteraction['user'],
    { approvalId, ...said }: SlackVote,
  ): Promise<Answer> {
    const identityId = slackIdentityOf(ports.approvers, user);
    const refuse = (because: VoteRefusal): Answer => ({
      text: refusals[because] ?? refusalAnswers[because][1],
      refused: { because, ...(identityId === undefined ? {} : { voter: { id: identityId } }) },
    });
    const caller = identityId ?? `slack/${user.teamId}/${user.userId}`;
    if ((await ports.rate.take('identity', caller)) === 'limited') return refuse('too-many-requests');
    if (identityId === undefined) return { ...refuse('no-authority'), text: nothingHere };
    const person = await slack.personOf(identityId);
    if (
      person === undefined ||
      !samePerson(person.identity.id, identityId) ||
      ports.clock() - person.confirmedAtEpochMs >= slackClaimsSeconds * 1_000
    ) {
      return refuse('identity-unconfirmed');
    }
    const opened = await openApproval(ports, person.identity, approvalId);
    // Whoever may not see the approval is not told whether there is one.
    if ('outcome' in opened) return { ...refuse(opened.because), text: nothingHere };
    if (!mayDecideInSlack(opened.dossier)) return refuse('tier-too-high');
    const result = await decideApproval(ports, person.identity, opened, { ...said, via: 'slack' });
    reportVote(ports, approvalId, result);
    return result.outcome === 'accepted' ? { text: thanks(result, said.verdict) } : refuse(result.because);
  }

  return routes;
}

function thanks(
  { opened }: Extract<DecisionResult, { outcome: 'accepted' }>,
  verdict: SlackVote['verdict'],
): string {
  if (verdict === 'reject') return 'Your rejection counts.';
  const missing = approvalsStillNeeded(opened.dossier.approval);
  return missing === 0 ? 'Your approval counts.' : `Your approval counts; ${missing} more needed.`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown');
}
