import { commentMaxCharacters } from './approval.ts';
import type { VoteRefusal } from './refused-vote.ts';

const stale = 'This page was out of date. Nothing was decided: please look again and decide.';

/** What somebody is told who may see the approval, when their vote did not count: an HTTP status and one sentence or two. */
export const refusalAnswers = {
  'already-decided': [409, 'Your vote does not count: this was decided before it arrived.'],
  cancelled: [409, 'Your vote does not count: this was cancelled before it arrived.'],
  'cross-site-form': [403, 'This form was sent from another site. Nothing was decided.'],
  expired: [409, 'Your vote does not count: the time was up before it arrived.'],
  'form-token-missing': [403, stale],
  'form-token-wrong': [403, stale],
  'form-too-large': [413, 'A form here holds at most 16 kB. Nothing was decided: go back and shorten it.'],
  'identity-unconfirmed': [503, 'Who you are could not be confirmed. Nothing was decided: please try again.'],
  'incomplete-record': [404, 'There is no such request. Nothing was decided.'],
  'malformed-form': [
    400,
    `That form was not complete, its comment is longer than ${commentMaxCharacters} characters, or it says “Something else” without a comment. Nothing was decided.`,
  ],
  'no-authority': [403, 'Nothing was decided: you may read this, but not decide it.'],
  'plan-altered': [409, 'Nothing was decided: the plan is not the one that you were shown.'],
  'tier-too-high': [403, 'Nothing was decided: this needs its own page.'],
  'too-many-requests': [429, 'Nothing was decided: that was too often. Wait a minute and try again.'],
} as const satisfies Record<VoteRefusal, readonly [number, string]>;
