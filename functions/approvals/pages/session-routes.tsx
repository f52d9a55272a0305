import type { Context } from 'hono';
import { Hono } from 'hono';
import * as z from 'zod/mini';
import type { SignInPage } from '../sign-in/identity.ts';
import { safeReturnPath } from '../sign-in/return-path.ts';
import { isFormToken } from './csrf.ts';
import { readForm } from './form.ts';
import type { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';

const signOutForm = z.strictObject({ csrf: z.string() });

/**
 * Signing in and out. Only a browser that a person steers begins or finishes a sign-in: a `HEAD`, which Hono
 * would serve as a `GET`, and a prefetch neither get a cookie nor use up the provider's answer.
 */
export function sessionRoutes(ports: Pick<PagesPorts, 'keys' | 'people'>, frame: PageFrame): Hono {
  const routes = new Hono();
  const { people } = ports;
  const show = (context: Context, { status, title, content }: SignInPage) =>
    frame.page(context, status, title, content);

  routes.get('/sign-in', async (context) => {
    const returnTo = safeReturnPath(context.req.query('returnTo'));
    return show(context, await people.signInPage(context, returnTo));
  });

  routes.get('/sign-in/start', async (context) => {
    if (!isVisit(context)) return notAVisit(context);
    const result = await people.start(context, safeReturnPath(context.req.query('returnTo')));
    if (result.outcome === 'refused') return show(context, result.page);
    return context.redirect(
      result.outcome === 'to-provider' ? result.url : safeReturnPath(result.location),
      303,
    );
  });

  routes.get('/sign-in/callback', async (context) => {
    if (!isVisit(context)) return notAVisit(context);
    const result = await people.complete(context);
    if (result.outcome === 'refused') return show(context, result.page);
    return context.redirect(safeReturnPath(result.location), 303);
  });

  routes.post('/sign-out', async (context) => {
    const signedIn = await people.identify(context);
    if (signedIn === undefined) return context.redirect('/sign-in', 303);
    const form = await readForm(context, signOutForm);
    if (!isFormToken(await ports.keys(), signedIn.sessionId, 'sign-out', form?.csrf)) {
      const text = 'This page was out of date. Please sign out again.';
      return frame.notice(context, 403, 'Still signed in', text, signedIn);
    }
    await people.end(context, signedIn);
    return context.redirect('/sign-in?signed-out', 303);
  });

  return routes;
}

function isVisit(context: Context): boolean {
  const purposes = ['sec-purpose', 'purpose', 'x-moz', 'x-purpose'].map((name) => context.req.header(name));
  return (
    context.req.method === 'GET' &&
    !purposes.some((purpose) => /prefetch|preview|prerender/i.test(purpose ?? ''))
  );
}

/** No success, so that no browser keeps it for the visit that may follow. */
function notAVisit(context: Context): Response {
  return context.text('Open this address in a browser.', 405, { Allow: 'GET' });
}
