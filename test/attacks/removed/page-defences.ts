import { cases, edit, type RemovedDefence } from './removed-defence.ts';

const limit = (...names: string[]): string[] => cases('limits', ...names);
const text = (...names: string[]): string[] => cases('hostile texts', ...names);
const framing = (...names: string[]): string[] => cases('framing', ...names);
const found = (...names: string[]): string[] => cases('enumeration', ...names);
const rawImport = "import { raw } from 'hono/html';\n";

/** What keeps pages from being flooded, read out, framed and rewritten. */
export const pageDefences: readonly RemovedDefence[] = [
  {
    without: 'a limit of the body',
    attacks: limit('a comment of a megabyte', 'a megabyte whose length is not said'),
    edits: [edit('pages/pages.tsx', 'maxSize: bodyLimitBytes', 'maxSize: 1e9')],
  },
  {
    without: 'a limit of comments',
    attacks: limit('a comment of one character too many'),
    edits: [edit('vote-form.ts', 'z.maxLength(commentMaxCharacters)', 'z.maxLength(1e6)')],
  },
  {
    without: 'counting what a person sends',
    attacks: [
      ...limit('one person presses more than thirty times a minute, from many addresses and sessions'),
      ...cases('the API', 'takes a token more than thirty times a minute, and counts each of them once'),
      ...cases('Slack', 'is pressed more than thirty times a minute by one user'),
    ],
    edits: [edit('pages/rate-limit.ts', 'identity: 30', 'identity: 3_000')],
  },
  {
    without: 'counting what an address sends',
    attacks: limit(
      'one address sends more than three hundred a minute, whatever it says of itself',
      'one network sends from a new IPv6 address each time',
    ),
    edits: [edit('pages/rate-limit.ts', 'address: 300', 'address: 30_000')],
  },
  {
    without: 'an address that the caller cannot choose',
    attacks: limit('one address sends more than three hundred a minute, whatever it says of itself'),
    edits: [
      edit(
        'pages/rate-limit.ts',
        "return typeof sourceIp === 'string' ?",
        "const said = context.req.header('x-forwarded-for');\n  if (said !== undefined) return said;\n  return typeof sourceIp === 'string' ?",
      ),
    ],
  },
  {
    without: 'taking a network for one caller',
    attacks: limit('one network sends from a new IPv6 address each time'),
    edits: [edit('pages/rate-limit.ts', "groups.slice(0, 4).join(':')", "groups.join(':')")],
  },
  {
    without: 'one entry for one person and reason',
    attacks: limit('a thousand refused votes fill the ledger'),
    edits: [edit('refused-vote.ts', "if (refusedVotes.includes(mark)) return 'recorded-before';", '')],
  },
  {
    without: 'one answer for what does not exist and what one may not know',
    attacks: found(
      'dan, who may not know, tells what exists from what does not',
      'pia, who may not know, tells what exists from what does not',
      'an approver tells an approval of another environment from none',
      'the API tells what exists from what does not',
    ),
    edits: [
      edit(
        'decide-approval.ts',
        "if (authority.may === 'nothing') return { outcome: 'not-found', because: 'no-authority' };",
        "if (authority.may === 'nothing') return { dossier, authority: { may: 'view', because: 'not-yet-escalated' } };",
      ),
    ],
  },
  {
    without: 'one text for everything that is not found',
    attacks: [
      ...found('ids of every strange shape get the same answer as one that does not exist'),
      ...text('of a path or a query come back as markup'),
    ],
    edits: [
      edit(
        'pages/page-frame.tsx',
        "'There is no such page, or it is not yours to read.'",
        "'There is no page ' + decodeURIComponent(new URL(context.req.url).pathname)",
      ),
    ],
  },
  {
    without: 'asking who may read an incident',
    attacks: found('incidents that one may not read differ from those that do not exist'),
    edits: [
      edit(
        'pages/reading-routes.tsx',
        'mayView(ports.approvers, signedIn.identity, environment, ports.clock())',
        'true',
      ),
    ],
  },
  {
    without: 'leaving out of lists what one may not see',
    attacks: found('the inbox, a batch and the lists of the API name what one may not see'),
    edits: [edit('inbox.ts', "authority(dossier) !== 'nothing';", "authority(dossier) !== '';")],
  },
  {
    without: 'words of our own for errors',
    attacks: found('an error says what is inside'),
    edits: [
      edit(
        'pages/pages.tsx',
        "const text = 'Please look at the page again before you decide anything.';",
        'const text = String(error.stack);',
      ),
    ],
  },
  {
    without: 'frame-ancestors',
    attacks: framing('a page of the attacker’s shows ours in a frame under their own buttons'),
    edits: [edit('pages/pages.tsx', `frameAncestors: ["'none'"],`, '')],
  },
  {
    without: 'X-Frame-Options',
    attacks: framing('a page of the attacker’s shows ours in a frame under their own buttons'),
    edits: [edit('pages/pages.tsx', "xFrameOptions: 'DENY',", 'xFrameOptions: false,')],
  },
  {
    without: 'form-action',
    attacks: framing('a page of ours is made to load, run or send something from elsewhere'),
    edits: [edit('pages/pages.tsx', `formAction: ["'self'"],`, '')],
  },
  {
    without: 'a script-src of our own',
    attacks: framing('a page of ours is made to load, run or send something from elsewhere'),
    edits: [edit('pages/pages.tsx', `scriptSrc: ["'self'"],`, `scriptSrc: ["'self'", "'unsafe-inline'"],`)],
  },
  {
    without: 'nosniff',
    attacks: framing('an answer is taken for something else than it is, or handed to another origin'),
    edits: [
      edit(
        'pages/pages.tsx',
        "xFrameOptions: 'DENY',",
        "xFrameOptions: 'DENY',\n      xContentTypeOptions: false,",
      ),
    ],
  },
  {
    without: 'strict transport',
    attacks: framing('a browser comes by plain HTTP after it has been here once'),
    edits: [edit('pages/pages.tsx', "'max-age=31536000'", "'max-age=60'")],
  },
  {
    without: 'silence towards other origins',
    attacks: framing('a preflight of another origin is answered with permission'),
    edits: [
      edit(
        'pages/pages.tsx',
        'import { secureHeaders }',
        "import { cors } from 'hono/cors';\nimport { secureHeaders }",
      ),
      edit(
        'pages/pages.tsx',
        'const app = new Hono();',
        "const app = new Hono();\n  app.use(cors({ origin: '*' }));",
      ),
    ],
  },
  {
    without: 'escaping a comment',
    attacks: text(
      'of an alarm, a plan, a model, a vote or the ledger become more than text on a page',
      'become an address of a link, a form or a style',
    ),
    edits: [
      edit(
        'pages/views/votes.tsx',
        '<p>{showUntrusted(vote.comment)}</p>',
        '<p>{raw(showUntrusted(vote.comment))}</p>',
      ),
      edit('pages/views/votes.tsx', 'import { showUntrusted }', `${rawImport}import { showUntrusted }`),
    ],
  },
  {
    without: 'writing out what cannot be seen',
    attacks: [
      ...text(
        'of an alarm, a plan, a model, a vote or the ledger become more than text on a page',
        'of a reason for stopping everything become more than text',
      ),
      ...cases('hostile texts in messages', 'become a link, a mention or a button in Slack'),
    ],
    edits: [
      edit(
        'untrusted-text.ts',
        'return text.replaceAll(',
        "return text.replaceAll('\\u0000', '').replaceAll(/(?!)/g, ''); text.replaceAll(",
      ),
    ],
  },
  {
    without: 'showing a citation as text',
    attacks: text('become an address of a link, a form or a style'),
    edits: [
      edit(
        'pages/views/grounds.tsx',
        'cited <code>{showUntrusted(citation)}</code>',
        'cited <a href={citation}>{showUntrusted(citation)}</a>',
      ),
    ],
  },
  {
    without: 'a digest in the place of a comment',
    attacks: text('of a comment stand in the ledger for ever'),
    edits: [edit('approval-events.ts', 'commentDigest: digestOf(vote.comment)', 'comment: vote.comment')],
  },
];
