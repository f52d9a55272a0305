import { cases, edit, type RemovedDefence } from './removed-defence.ts';

const who = (...names: string[]): string[] => cases('authority', ...names);
const race = (...names: string[]): string[] => cases('races', ...names);
const unconditional = [
  edit(
    'approval-writes.ts',
    "'#version = :before AND planDigest = :planDigest'",
    "'(#version = :before OR #version <> :before) AND planDigest = :planDigest'",
  ),
  edit(
    'approval-writes.ts',
    'AND #status = :pending${isAlive}',
    'AND (#status = :pending OR #status <> :pending)${isAlive}',
  ),
  // A notice is stored once for each version: that stands behind it.
  edit(
    'notice.ts',
    "condition: 'attribute_not_exists(pk)'",
    "condition: 'attribute_exists(pk) OR attribute_not_exists(pk)'",
  ),
];

/** What binds a decision to the plan, to people with authority, and to the first of them. */
export const personDefences: readonly RemovedDefence[] = [
  {
    without: 'computing the digest of the plan, and asking which approval the decision names',
    attacks: cases(
      'the plan',
      'is changed in the table between the page and the click',
      'was decided on under another approval',
    ),
    edits: [edit('decide-approval.ts', 'if (!isIntact(opened.dossier) || planDigest', 'if (planDigest')],
  },
  {
    without: 'comparing the plan that was shown',
    attacks: [
      ...cases(
        'the plan',
        'is replaced with its digest between the page and the click, so that approval and plan agree again',
        'that was shown is another one than the form says',
      ),
      ...cases('the API', 'decides a plan that was not the one shown'),
      ...cases('Slack', 'decides a plan that the message did not show'),
      ...who('over a batch is used for a request of another tier, another question and another plan'),
    ],
    edits: [
      edit('decide-approval.ts', '|| planDigest !== asked) {', ') {'),
      edit('decide-approval.ts', 'ports.vote(approvalId, planDigest,', 'ports.vote(approvalId, asked,'),
    ],
  },
  {
    without: 'asking the identity provider again at a decision',
    attacks: [
      ...who(
        'was taken away between the page and the click',
        'was taken away by removing the person at the provider between the page and the click',
        'was taken away between the page of a batch and the click',
        'is taken for granted while the provider does not answer',
      ),
      ...cases(
        'an ID token at a decision',
        'has no signature (alg none)',
        'is signed by somebody else',
        'is about another person',
        'was issued long ago',
      ),
      ...cases('Slack', 'is pressed by somebody whom the provider has stopped vouching for'),
    ],
    edits: [
      edit(
        'pages/confirm-person.ts',
        ': await ports.people.confirm(context, signedIn);',
        ": { outcome: 'confirmed', signedIn };",
      ),
    ],
  },
  {
    without: 'asking which groups somebody is in',
    attacks: [
      ...who('is claimed by nobody, by a stranger and by a group of another environment'),
      ...cases(
        'enumeration',
        'dan, who may not know, tells what exists from what does not',
        'the inbox, a batch and the lists of the API name what one may not see',
        'the API tells what exists from what does not',
      ),
      ...cases('Slack', 'is pressed by somebody who owns the agent, asked for it or has no authority'),
      ...cases('the API', 'decides for whoever owns the agent, asked for it, or lost the group since'),
    ],
    edits: [edit('authority.ts', '      person.groups.includes(grant.group) &&', '      true &&')],
  },
  {
    without: 'asking in which environment a group may decide',
    attacks: cases(
      'enumeration',
      'pia, who may not know, tells what exists from what does not',
      'an approver tells an approval of another environment from none',
    ),
    edits: [edit('authority.ts', '      covers(grant.environments, environment),', '      true,')],
  },
  {
    without: 'excluding whoever owns the agent, asked for it, or made the change',
    attacks: [
      ...who(
        'is used by a person who owns the agent',
        'is used by a person who asked for it',
        'is used by a person who asked for it, in other letters',
        'is used by a person whose own change it is',
      ),
      ...cases('Slack', 'is pressed by somebody who owns the agent, asked for it or has no authority'),
      ...cases('the API', 'decides for whoever owns the agent, asked for it, or lost the group since'),
    ],
    edits: [edit('authority.ts', "if (because !== undefined) return { may: 'view', because };", '')],
  },
  {
    without: 'taking a name in other letters for the same name',
    attacks: who('is used by a person who asked for it, in other letters'),
    edits: [edit('authority.ts', 'one.toLowerCase() === other.toLowerCase()', 'one === other')],
  },
  {
    without: 'waiting for the escalation',
    attacks: who('is used by a person who is asked at escalation only, before it'),
    edits: [edit('authority.ts', "joins !== 'escalation' ||", "true || joins !== 'escalation' ||")],
  },
  {
    without: 'asking what the person may who is stood in for',
    attacks: who('of somebody who may not decide is used by their stand-in'),
    edits: [
      edit(
        'authority.ts',
        "if (authorityThrough(policy, { id, groups }, subject, now).may === 'decide') {",
        "if (authorityThrough(policy, { id, groups }, subject, now).may !== 'nothing') {",
      ),
    ],
  },
  {
    without: 'the end of a delegation',
    attacks: who('is used by a stand-in at the instant it ends'),
    edits: [edit('authority.ts', ' && now < Date.parse(until),', ',')],
  },
  {
    without: 'counting people instead of votes',
    attacks: [
      ...who('is used twice by one person under two sessions'),
      ...race('one person presses in ten windows at once and makes a quorum of two'),
    ],
    edits: [
      edit(
        'approval-moves.ts',
        "if (own.some(({ verdict }) => verdict === vote.verdict)) return { outcome: 'already-voted', approval };",
        '',
      ),
      edit(
        'approval-moves.ts',
        'if (approversOf(recorded).size < approval.quorum)',
        'if (recorded.votes.length < approval.quorum)',
      ),
    ],
  },
  {
    without: 'counting a stand-in as whom they stand in for',
    attacks: who('is used by a person and by whoever stands in for them'),
    edits: [
      edit(
        'approval.ts',
        'const person = onBehalfOf.toLowerCase();',
        'const person = identityId.toLowerCase();',
      ),
    ],
  },
  {
    without: 'asking whether a request is one of the batch',
    attacks: who('over a batch is used for a request of another tier, another question and another plan'),
    edits: [
      edit('pages/batch-routes.tsx', 'if (batchKeyOf(opened.dossier) !== key) return', 'if (false) return'),
    ],
  },
  {
    without: 'asking who may stop everything',
    attacks: who('to stop everything is claimed by somebody who may decide nothing'),
    edits: [
      edit(
        'pages/stop-routes.tsx',
        'if (!mayView(ports.approvers, person.identity, ports.environment, ports.clock())) {',
        'if (false) {',
      ),
    ],
  },
  {
    without: 'the condition of the write',
    attacks: race(
      'two approvers press at once and both decide',
      'two approvers press at once where two are needed, and one of the votes is lost',
      'one approves while another rejects, and both are told that it counts',
      'an approval is pressed while the time runs out',
      'an approval is pressed while the incident recovers',
    ),
    edits: unconditional,
  },
  {
    without: 'the first decision standing',
    attacks: race('a decision is turned around by whoever comes after it'),
    edits: [
      ...unconditional,
      edit(
        'approval-moves.ts',
        "if (approval.status !== 'pending') return { outcome: 'already-decided', approval };\n  if (isPast",
        'if (isPast',
      ),
    ],
  },
  {
    without: 'the end of an approval',
    attacks: race(
      'an approval is pressed at the very end',
      'an approval is pressed a millisecond after the end',
    ),
    edits: [
      edit(
        'approval-moves.ts',
        "if (isPastExpiry(approval, vote.atEpochMs)) return { outcome: 'expired', approval };",
        '',
      ),
      edit('approval-writes.ts', "{ ':now': aliveAt }", "{ ':now': 0 }"),
    ],
  },
  {
    without: 'the last millisecond of an approval',
    attacks: race('an approval is pressed a millisecond before the end'),
    edits: [
      edit(
        'approval.ts',
        'return now >= approval.expiresAtEpochMs;',
        'return now >= approval.expiresAtEpochMs - 1;',
      ),
    ],
  },
];
