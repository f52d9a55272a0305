import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { apiError } from '../api/api-errors.ts';
import { apiRoutes } from '../api/api-routes.ts';
import { refusalAnswers } from '../refusal-answers.ts';
import { slackRoutes } from '../slack/slack-routes.ts';
import { approvalRoutes } from './approval-routes.tsx';
import { batchRoutes } from './batch-routes.tsx';
import { bodyLimitBytes } from './form.ts';
import { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { isForPrograms, limitRequests } from './rate-limit.ts';
import { readingRoutes } from './reading-routes.tsx';
import { sessionRoutes } from './session-routes.tsx';
import { stopRoutes } from './stop-routes.tsx';
import { styleSource } from './views/style.ts';
import { markRefused, voteEvidence } from './vote-evidence.ts';

/**
 * The approval pages, with the API and the Slack endpoint that decide by the same rules. Reading changes nothing,
 * whoever or whatever reads; a vote takes a `POST` from a signed-in person with the token of the form that person
 * was shown, and authority at that moment. An approval that does not exist and one that this person has no
 * authority over get the same answer. A refused vote leaves evidence.
 */
export function approvalPages(ports: PagesPorts): Hono {
  const frame = new PageFrame(ports);
  const app = new Hono();

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: [styleSource],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ['data:'],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["'none'"],
      },
      xFrameOptions: 'DENY',
      referrerPolicy: 'same-origin',
      strictTransportSecurity: ports.strictTransport ? 'max-age=31536000' : false,
    }),
  );
  app.use(async (context, next) => {
    await next();
    context.header('Cache-Control', 'no-store');
  });
  app.use('/approvals/:id', voteEvidence(ports));
  app.use('/api/approvals/:id/votes', voteEvidence(ports));
  app.use(limitRequests(ports));

  app.get('/healthz', (context) => context.text('ok'));
  // Before what follows, which answers with pages: these two have body limits and answers of their own.
  app.route('/api', apiRoutes(ports));
  app.route('/slack', slackRoutes(ports));

  app.use(
    bodyLimit({
      maxSize: bodyLimitBytes,
      onError: (context) => refuse(context, 'form-too-large', 'That is too much text'),
    }),
  );
  // Browsers say where a request comes from. The form token is the defence; this one costs nothing.
  app.use(async (context, next) => {
    const site = context.req.header('sec-fetch-site') ?? 'none';
    if (context.req.method !== 'POST' || site === 'same-origin' || site === 'none') return next();
    return refuse(context, 'cross-site-form', 'Not accepted');
  });

  app.route('/', readingRoutes(ports, frame));
  app.route('/approvals', approvalRoutes(ports, frame));
  app.route('/batches', batchRoutes(ports, frame));
  app.route('/stop', stopRoutes(ports, frame));
  app.route('/', sessionRoutes(ports, frame));

  app.notFound(async (context) => {
    const signedIn = await ports.people.identify(context);
    return signedIn === undefined ? frame.toSignIn(context) : frame.notFound(context, signedIn);
  });
  app.onError(async (error, context) => {
    ports.onError(error);
    // What fails in front of the API's own routes, such as the count of requests.
    if (isForPrograms(context)) return apiError(context, 'failed');
    const text = 'Please look at the page again before you decide anything.';
    return frame.notice(context, 500, 'Something went wrong', text);
  });
  return app;

  async function refuse(context: Context, because: 'form-too-large' | 'cross-site-form', heading: string) {
    markRefused(context, because);
    const [status, text] = refusalAnswers[because];
    return frame.notice(context, status, heading, text, await ports.people.identify(context));
  }
}
