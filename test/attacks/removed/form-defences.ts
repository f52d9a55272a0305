import { cases, edit, type RemovedDefence } from './removed-defence.ts';

const form = (...names: string[]): string[] => cases('forged forms', ...names);
const link = (...names: string[]): string[] => cases('links', ...names);
const whole = 'with an approver’s cookies and a whole form decides nothing';

/** What keeps links from deciding and forms from being forged. */
export const formDefences: readonly RemovedDefence[] = [
  {
    without: 'a click: whoever opens the page decides',
    attacks: link(
      'ten scanners open every address of the message and the pages, with and without somebody’s cookies',
    ),
    edits: [
      edit(
        'pages/approval-routes.tsx',
        '    const warning = context.req.query(undoneQuery) === undefined ? undefined : signedInAgain;',
        `    const { planDigest } = opened.dossier.approval;
    const said = { planDigest, verdict: 'approve', via: 'page' };
    const isScanner = context.req.header('user-agent') !== undefined;
    if (isScanner) await decideApproval(ports, opened.signedIn.identity, opened, said);
    const warning = undefined;`,
      ),
    ],
  },
  {
    without: 'POST being the only method that decides',
    attacks: link(...['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'].map((method) => `${method} ${whole}`)),
    edits: [
      edit(
        'pages/approval-routes.tsx',
        "routes.post('/:id',",
        "routes.on(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'], '/:id',",
      ),
    ],
  },
  {
    without: 'a body: what a form says may stand in the query',
    attacks: link(
      `HEAD ${whole}`,
      'GET with the verdict and the token of the form in its query decides nothing',
    ),
    edits: [
      edit(
        'pages/approval-routes.tsx',
        "routes.get('/:id', async (context) => {",
        "routes.get('/:id', async (context, next) => {\n    if (context.req.query('verdict') !== undefined) return next();",
      ),
      edit('pages/approval-routes.tsx', "routes.post('/:id',", "routes.all('/:id',"),
      edit(
        'pages/form.ts',
        'await context.req.parseBody({ all: true })',
        '{ ...context.req.query(), ...(await context.req.parseBody({ all: true })) }',
      ),
    ],
  },
  {
    without: 'taking the method as it was sent',
    attacks: link('GET that asks to be taken for a POST decides nothing'),
    edits: [
      edit(
        'pages/pages.tsx',
        'const app = new Hono();',
        `const app = new Hono();
  app.use(async (context, next) => {
    const { req } = context;
    if (req.method !== 'GET' || req.header('x-http-method-override') !== 'POST') return next();
    const { _method, method, ...fields } = req.query();
    const headers = { cookie: req.header('cookie') ?? '' };
    const init = { method: 'POST', headers, body: new URLSearchParams(fields) };
    return app.request(req.url.split('?')[0] ?? '', init, context.env);
  });`,
      ),
    ],
  },
  {
    without: 'signing in before reading',
    attacks: [
      ...link('the link alone shows a stranger nothing of the approval'),
      ...cases('enumeration', 'a visitor without a session tells what exists from what does not'),
    ],
    edits: [
      edit(
        'pages/approval-routes.tsx',
        "routes.get('/:id', async (context) => {",
        `routes.get('/:id', async (context) => {
    if ((await ports.people.identify(context)) === undefined) {
      const shown = await ports.desk.dossier(context.req.param('id'));
      if (shown !== undefined) return frame.notice(context, 200, 'Approval', JSON.stringify(shown.plan));
    }`,
      ),
    ],
  },
  {
    without: 'randomness in ids',
    attacks: link('an id of an approval is guessed from others'),
    edits: [
      {
        file: 'functions/platform/ids.ts',
        find: "return randomBytes(20).toString('base64url');",
        replace:
          "return Buffer.from(String(performance.now()).padEnd(20, '0').slice(0, 20)).toString('base64url');",
      },
    ],
  },
  {
    without: 'looking at the token of a form',
    attacks: form(
      'with a token that was made up',
      'with the token of another approval',
      'with the token of another form on the same page',
      'with the attacker’s own token for the same approval',
      'with the same person’s token of another session',
      'with the token of a session that has expired',
      'with the token of a session that was ended',
    ),
    edits: [
      edit(
        'pages/approval-routes.tsx',
        'if (!isFormToken(await ports.keys(), signedIn.sessionId, purposeOf(approvalId), csrf)) {',
        'if (false) {',
      ),
    ],
  },
  {
    without: 'asking for a token where a form has none',
    attacks: form('another site sends the form without a token'),
    edits: [
      edit('pages/approval-routes.tsx', 'if (csrf === undefined) return', 'if (false) return'),
      edit(
        'pages/approval-routes.tsx',
        'if (!isFormToken(await ports.keys(), signedIn.sessionId, purposeOf(approvalId), csrf)) {',
        'if (csrf && !isFormToken(await ports.keys(), signedIn.sessionId, purposeOf(approvalId), csrf)) {',
      ),
    ],
  },
  {
    without: 'binding a token to its session',
    attacks: form(
      'with the attacker’s own token for the same approval',
      'with the same person’s token of another session',
      'with the token of a session that has expired',
      'with the token of a session that was ended',
    ),
    edits: [edit('pages/csrf.ts', 'JSON.stringify([sessionId, purpose])', 'JSON.stringify([purpose])')],
  },
  {
    without: 'binding a token to what its form does',
    attacks: form(
      'with the token of another approval',
      'with the token of another form on the same page',
      'signs an approver out from another site',
      'stops everything from another site',
      'decides a batch from another site',
    ),
    edits: [edit('pages/csrf.ts', 'JSON.stringify([sessionId, purpose])', 'JSON.stringify([sessionId])')],
  },
  {
    without: 'looking at where a browser says that a form comes from',
    attacks: form('from another site in an approver’s browser, with a token that leaked'),
    edits: [edit('pages/pages.tsx', "site === 'same-origin' ||", "true || site === 'same-origin' ||")],
  },
  {
    without: 'looking whether somebody has voted before',
    attacks: [
      ...form('sent again after it counted, it counts once'),
      ...cases('authority', 'is used twice by one person under two sessions'),
      ...cases('the API', 'takes a second vote of a person who has voted on the page'),
      ...cases('races', 'one person presses in ten windows at once and makes a quorum of two'),
    ],
    edits: [
      edit(
        'approval-moves.ts',
        "if (own.some(({ verdict }) => verdict === vote.verdict)) return { outcome: 'already-voted', approval };",
        '',
      ),
    ],
  },
  {
    without: 'insisting on a form: JSON is read too',
    attacks: form('as JSON, as plain text or as a file, as another site could send them'),
    edits: [
      edit(
        'pages/form.ts',
        'const fields = await context.req.parseBody({ all: true });',
        `const text = await context.req.raw.clone().text();
    const fields = text.startsWith('{') ? JSON.parse(text) : await context.req.parseBody({ all: true });`,
      ),
    ],
  },
  {
    without: 'seeing that a field came twice',
    attacks: form('with fields twice, so that one check reads the first and another the last'),
    edits: [edit('pages/form.ts', 'parseBody({ all: true })', 'parseBody()')],
  },
  {
    without: 'refusing fields that nobody offered',
    attacks: form('with fields that nobody offered'),
    edits: [
      edit(
        'vote-form.ts',
        "z.strictObject({ csrf, planDigest, verdict: z.literal('approve'), comment })",
        "z.object({ csrf, planDigest, verdict: z.literal('approve'), comment })",
      ),
    ],
  },
  {
    without: 'the token of signing out',
    attacks: form('signs an approver out from another site'),
    edits: [
      edit(
        'pages/session-routes.tsx',
        "if (!isFormToken(await ports.keys(), signedIn.sessionId, 'sign-out', form?.csrf)) {",
        'if (false) {',
      ),
    ],
  },
  {
    without: 'the token of stopping everything',
    attacks: form('stops everything from another site'),
    edits: [
      edit(
        'pages/stop-routes.tsx',
        "if (!isFormToken(await ports.keys(), signedIn.sessionId, 'stop', form.csrf)) {",
        'if (false) {',
      ),
    ],
  },
  {
    without: 'the token of a batch',
    attacks: form('decides a batch from another site'),
    edits: [
      edit(
        'pages/batch-routes.tsx',
        'if (!isFormToken(await ports.keys(), signedIn.sessionId, purposeOf(key), csrf)) {',
        'if (false) {',
      ),
    ],
  },
];
