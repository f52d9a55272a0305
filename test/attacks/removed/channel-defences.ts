import { cases, edit, type RemovedDefence } from './removed-defence.ts';

const slack = (...names: string[]): string[] => cases('Slack', ...names);
const api = (...names: string[]): string[] => cases('the API', ...names);
const messages = (...names: string[]): string[] => cases('hostile texts in messages', ...names);

/** What keeps Slack, the API and messages from deciding, lying and flooding. */
export const channelDefences: readonly RemovedDefence[] = [
  {
    without: 'remembering what Slack has sent',
    attacks: slack(
      'decides when it is honest, once, however often it is sent again',
      'is replayed for a press that did not count the first time',
      'is replayed twice at once',
    ),
    edits: [
      edit(
        'slack/slack.client.ts',
        "return seen === 'stored' ? 'genuine' : 'replayed';",
        "return seen === '' ? 'replayed' : 'genuine';",
      ),
    ],
  },
  {
    without: 'the signature of Slack',
    attacks: slack(
      'is signed with another secret, another body, another time, another version or not at all',
    ),
    edits: [
      edit(
        'slack/slack-signature.ts',
        'if (given.length !== expected.length || !timingSafeEqual(given, expected))',
        'if (false)',
      ),
    ],
  },
  {
    without: 'the time of Slack’s signature',
    attacks: slack('was signed five minutes and a second ago, or will be'),
    edits: [
      edit(
        'slack/slack-signature.ts',
        'Math.abs(now - Number(timestamp) * 1_000) <= slackSkewSeconds * 1_000',
        'now - Number(timestamp) !== 1',
      ),
    ],
  },
  {
    without: 'insisting that the time is a number',
    attacks: slack('has a timestamp that is no number'),
    edits: [
      edit(
        'slack/slack-signature.ts',
        String.raw`if (!/^[1-9]\d{0,11}$/.test(timestamp)) return 'forged';`,
        '',
      ),
      edit(
        'slack/slack-signature.ts',
        'Math.abs(now - Number(timestamp) * 1_000) <= slackSkewSeconds * 1_000',
        '!(Math.abs(now - Number(timestamp) * 1_000) > slackSkewSeconds * 1_000)',
      ),
    ],
  },
  {
    without: 'the workspace of a user',
    attacks: slack('is pressed by somebody whom nobody knows, or of another workspace'),
    edits: [edit('slack/slack-interaction.ts', 'known.teamId === teamId && known.userId', 'known.userId')],
  },
  {
    without: 'a guest’s own workspace',
    attacks: slack('is pressed by a guest whose own workspace is another one, in a shared channel'),
    edits: [edit('slack/slack-interaction.ts', 'data.user.team_id ?? data.team?.id', 'data.team?.id')],
  },
  {
    without: 'the age of what the provider said of somebody',
    attacks: slack('is pressed by somebody the provider has not vouched for in the last eight hours'),
    edits: [
      edit(
        'slack/slack-routes.ts',
        'ports.clock() - person.confirmedAtEpochMs >= slackClaimsSeconds * 1_000',
        'false',
      ),
    ],
  },
  {
    without: 'asking how risky it is',
    attacks: slack('decides what is too high to be decided there'),
    edits: [
      edit(
        'slack/slack-routes.ts',
        "if (!mayDecideInSlack(opened.dossier)) return refuse('tier-too-high');",
        '',
      ),
    ],
  },
  {
    without: 'asking whether a value belongs to its button',
    attacks: slack('sends a value that was altered on the way'),
    edits: [
      edit(
        'slack/slack-interaction.ts',
        "if (isApproval !== (action.action_id === 'approve')) return undefined;",
        '',
      ),
    ],
  },
  {
    without: 'taking one press at a time',
    attacks: slack('sends something that is no press of ours'),
    edits: [edit('slack/slack-interaction.ts', 'if (fields.length !== 1 ||', 'if (')],
  },
  {
    without: 'one answer for what does not exist and what is not theirs',
    attacks: slack('tells whoever pressed what exists and what does not'),
    edits: [
      edit(
        'slack/slack-routes.ts',
        "if ('outcome' in opened) return { ...refuse(opened.because), text: nothingHere };",
        "if ('outcome' in opened) return refuse(opened.because);",
      ),
    ],
  },
  {
    without: 'an address of our own for answers',
    attacks: slack('makes us answer at an address of the attacker’s'),
    edits: [
      edit(
        'slack/slack-routes.ts',
        'await respond(slack, interaction, interaction.pressed);',
        `await respond(slack, interaction, interaction.pressed);
      const { response_url: url } = JSON.parse(new URLSearchParams(rawBody).get('payload') ?? '{}');
      await fetch(url, { method: 'POST' }).catch((error) => ports.onError(error));`,
      ),
    ],
  },
  {
    without: 'counting what a user of Slack sends',
    attacks: slack('is pressed more than thirty times a minute by one user'),
    edits: [
      edit(
        'slack/slack-routes.ts',
        "if ((await ports.rate.take('identity', caller)) === 'limited') return refuse('too-many-requests');",
        '',
      ),
    ],
  },
  {
    without: 'a limit of what Slack may send',
    attacks: slack('sends a megabyte'),
    edits: [edit('slack/slack-routes.ts', 'maxSize: slackBodyLimitBytes', 'maxSize: 1e9')],
  },
  {
    without: 'the name that the provider gives a person',
    attacks: cases('hostile texts', 'in what Slack says of a user, a channel and a team come onto a page'),
    edits: [
      edit(
        'slack/slack-interaction.ts',
        'user: { teamId, userId: data.user.id }',
        'user: { teamId, userId: data.user.id, name: JSON.parse(text).user.name }',
      ),
      edit(
        'slack/slack-routes.ts',
        'const result = await decideApproval(ports, person.identity, opened,',
        'const result = await decideApproval(ports, { ...person.identity, displayName: user.name }, opened,',
      ),
    ],
  },
  {
    without: 'refusing cookies at the API',
    attacks: api('is used by another site with the cookies of an approver’s browser'),
    edits: [
      edit(
        'api/api-routes.ts',
        "const result = await ports.api.identify(context.req.header('authorization'));",
        `const signedIn = await ports.people.identify(context);
    if (signedIn !== undefined) return signedIn.identity;
    const result = await ports.api.identify(context.req.header('authorization'));`,
      ),
    ],
  },
  {
    without: 'insisting on a bearer token',
    attacks: api('takes what is no bearer token'),
    edits: [
      edit(
        'sign-in/api-identity.ts',
        String.raw`/^Bearer ([\w.-]{1,16000})$/i`,
        String.raw`/([\w.-]{20,16000})/`,
      ),
    ],
  },
  {
    without: 'refusing members that nobody offered',
    attacks: api('takes fields that nobody offered, of the wrong kind or of a prototype'),
    edits: [
      edit(
        'vote-form.ts',
        "z.strictObject({ planDigest, verdict: z.literal('approve'), comment })",
        "z.object({ planDigest, verdict: z.literal('approve'), comment })",
      ),
    ],
  },
  {
    without: 'saying that an answer is JSON',
    attacks: api('answers with something that a browser would show as a page'),
    edits: [
      edit(
        'api/api-errors.ts',
        'return context.json({ error: { code, message } }, status, headers);',
        'return context.html(JSON.stringify({ error: { code, message } }), status, headers);',
      ),
    ],
  },
  {
    without: 'a limit of what the API is sent',
    attacks: cases('limits', 'a megabyte through the API'),
    edits: [
      edit('api/api-routes.ts', 'bodyLimit({ maxSize, onError })', 'bodyLimit({ maxSize: 1e9, onError })'),
    ],
  },
  {
    without: 'plain text in Slack',
    attacks: messages('become a link, a mention or a button in Slack'),
    edits: [edit('slack/slack-message.ts', "return { type: 'plain_text',", "return { type: 'mrkdwn',")],
  },
  {
    without: 'escaping what Slack reads as markup',
    attacks: messages('become a link, a mention or a button in Slack'),
    edits: [
      edit(
        'slack/slack-message.ts',
        'const escaped = escapes[character] ?? character;',
        'const escaped = character;',
      ),
    ],
  },
  {
    without: 'breaking addresses in messages',
    attacks: messages('become a line, a header or a link of a mail, or markup of a card'),
    edits: [edit('notices/notice-words.ts', String.raw`.replaceAll('://', ':\u200a//')`, '')],
  },
  {
    without: 'one line for each text of a message',
    attacks: messages('become a line, a header or a link of a mail, or markup of a card'),
    edits: [edit('notices/notice-words.ts', String.raw`.replaceAll(/\s+/g, ' ')`, '')],
  },
];
