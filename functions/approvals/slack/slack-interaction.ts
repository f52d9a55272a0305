import * as z from 'zod/mini';
import { parseJson } from '../../platform/parse-json.ts';
import { rejectReasons } from '../approval.ts';
import type { ApproverPolicy } from '../authority.ts';
import type { Dossier } from '../dossier.ts';

/** What a rejection in Slack can say: a message has no place for the comment that `other` takes. */
export const slackReasons = rejectReasons.filter((reason) => reason !== 'other');
type SlackReason = (typeof slackReasons)[number];

/** What a press of a button in a message says. */
export interface SlackVote {
  readonly approvalId: string;
  /** Of the plan that the message showed. */
  readonly planDigest: string;
  readonly verdict: 'approve' | 'reject';
  /** Only with `reject`. */
  readonly reason?: SlackReason;
}

/** Who pressed what, and where they can be answered. */
export interface SlackInteraction {
  readonly user: { readonly teamId: string; readonly userId: string };
  readonly channelId: string;
  /** `opened`: they followed the link to the page, which Slack reports too. */
  readonly pressed: SlackVote | 'opened';
}

/** Actions that a message of ours can have. */
export const slackActions = { approve: 'approve', reject: 'reject', open: 'open' } as const;

/** Slack's limit for the value of an entry of a menu, in characters. */
const valueMaxCharacters = 150;

const valuePattern = new RegExp(`^(approve|${slackReasons.join('|')}):([0-9a-f]{64}):([!-~]{1,256})$`);

/**
 * The value of a button or an entry of the menu: it names approval and plan, and grants nothing. Nothing where
 * the id does not fit into Slack's 150 characters: then the message only opens the page.
 */
export function slackValue(word: 'approve' | SlackReason, approvalId: string, planDigest: string) {
  const value = `${word}:${planDigest}:${approvalId}`;
  return value.length <= valueMaxCharacters && valuePattern.test(value) ? value : undefined;
}

/** Low and medium risk may be decided in Slack; high, and any word that is not known here, only on the page. */
export function mayDecideInSlack({ decision }: Pick<Dossier, 'decision'>): boolean {
  return decision.tier === 'low' || decision.tier === 'medium';
}

/** Whose identity a Slack user's is, by the team they belong to: nobody's unless the policy names exactly one. */
export function slackIdentityOf(
  { slackUsers = [] }: Pick<ApproverPolicy, 'slackUsers'>,
  { teamId, userId }: SlackInteraction['user'],
): string | undefined {
  const [entry, ...more] = slackUsers.filter((known) => known.teamId === teamId && known.userId === userId);
  return more.length > 0 ? undefined : entry?.identityId;
}

const slackId = z.string().check(z.regex(/^[A-Z0-9]{1,32}$/));
const value = z.string().check(z.regex(valuePattern));

/** Slack sends far more; what is used is closed. */
const payloadSchema = z.object({
  type: z.literal('block_actions'),
  // The user's own team: in a shared channel it is not the one that the message stands in.
  user: z.object({ id: slackId, team_id: z.optional(slackId) }),
  team: z.nullish(z.object({ id: slackId })),
  channel: z.object({ id: slackId }),
  actions: z.tuple([
    z.discriminatedUnion('action_id', [
      z.object({ action_id: z.literal(slackActions.open) }),
      z.object({ action_id: z.literal(slackActions.approve), value }),
      z.object({ action_id: z.literal(slackActions.reject), selected_option: z.object({ value }) }),
    ]),
  ]),
});

/** What a signed request of Slack asks for, or nothing where it is anything but one press in one of our messages. */
export function parseSlackInteraction(rawBody: string): SlackInteraction | undefined {
  const fields = [...new URLSearchParams(rawBody)];
  const [name, text] = fields[0] ?? [];
  if (fields.length !== 1 || name !== 'payload' || text === undefined) return undefined;
  const { data } = z.safeParse(payloadSchema, parseJson(text));
  if (data === undefined) return undefined;
  const teamId = data.user.team_id ?? data.team?.id;
  const [action] = data.actions;
  const pressed = action.action_id === 'open' ? 'opened' : voteIn(action);
  if (teamId === undefined || pressed === undefined) return undefined;
  return { user: { teamId, userId: data.user.id }, channelId: data.channel.id, pressed };
}

function voteIn(
  action:
    | { readonly action_id: 'approve'; readonly value: string }
    | { readonly action_id: 'reject'; readonly selected_option: { readonly value: string } },
): SlackVote | undefined {
  const text = action.action_id === 'approve' ? action.value : action.selected_option.value;
  const [, word, planDigest = '', approvalId = ''] = valuePattern.exec(text) ?? [];
  const isApproval = word === 'approve';
  if (isApproval !== (action.action_id === 'approve')) return undefined;
  const reason = slackReasons.find((known) => known === word);
  return isApproval
    ? { approvalId, planDigest, verdict: 'approve' }
    : reason && { approvalId, planDigest, verdict: 'reject', reason };
}
