import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { approvalRoutes } from './approval-routes.tsx';
import { bodyLimitBytes } from './form.ts';
import { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { readingRoutes } from './reading-routes.tsx';
import { sessionRoutes } from './session-routes.tsx';
import { styleSource } from './views/style.ts';
import { markRefused, voteEvidence } from './vote-evidence.ts';

/**
 * The approval pages. Reading changes nothing, whoever or whatever reads; a vote takes a `POST` from a signed-in
 * person with the token of the form that person was shown, and authority at that moment. An approval that does
 * not exist and one that this person has no authority over get the same answer. A refused vote leaves evidence.
 */
export function approvalPages(ports: PagesPorts): Hono {
  const frame = new PageFrame(ports);
  const app = new Hono();

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: [styleSource],
        imgSrc: ['data:'],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
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
  app.use(
    bodyLimit({
      maxSize: bodyLimitBytes,
      onError: (context) => {
        markRefused(context, 'form-too-large');
        const text = 'A form here holds at most 16 kB. Go back and shorten it.';
        return frame.notice(context, 413, 'That is too much text', text);
      },
    }),
  );
  // Browsers say where a request comes from. The form token is the defence; this one costs nothing.
  app.use(async (context, next) => {
    const site = context.req.header('sec-fetch-site') ?? 'none';
    if (context.req.method !== 'POST' || site === 'same-origin' || site === 'none') return next();
    markRefused(context, 'cross-site-form');
    return frame.notice(context, 403, 'Not accepted', 'This form was sent from another site.');
  });

  app.get('/healthz', (context) => context.text('ok'));
  app.route('/', readingRoutes(ports, frame));
  app.route('/approvals', approvalRoutes(ports, frame));
  app.route('/', sessionRoutes(ports, frame));

  app.notFound(async (context) => {
    const signedIn = await ports.people.identify(context);
    return signedIn === undefined ? frame.toSignIn(context) : frame.notFound(context, signedIn);
  });
  app.onError(async (error, context) => {
    ports.onError(error);
    const text = 'Please look at the page again before you decide anything.';
    return frame.notice(context, 500, 'Something went wrong', text);
  });
  return app;
}
