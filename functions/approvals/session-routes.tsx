import type { Context } from 'hono';
import { Hono } from 'hono';
import * as z from 'zod/mini';
import { isFormToken } from './csrf.ts';
import { readForm } from './form.ts';
import type { SignInPage } from './identity.ts';
import type { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { safeReturnPath } from './return-path.ts';
import { clearSession } from './session-cookie.ts';

const signOutForm = z.strictObject({ csrf: z.string() });

/** Signing in and out. */
export function sessionRoutes(ports: PagesPorts, frame: PageFrame): Hono {
  const routes = new Hono();
  const show = (context: Context, { status, title, content }: SignInPage) =>
    frame.page(context, status, title, content);

  routes.get('/sign-in', async (context) => {
    const returnTo = safeReturnPath(context.req.query('returnTo'));
    return show(context, await ports.people.signInPage(context, returnTo));
  });

  routes.post('/sign-in', async (context) => {
    const result = await ports.people.completeSignIn(context);
    if (result.outcome === 'refused') return show(context, result.page);
    return context.redirect(safeReturnPath(result.location), 303);
  });

  routes.post('/sign-out', async (context) => {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return context.redirect('/sign-in', 303);
    const form = await readForm(context, signOutForm);
    if (!isFormToken(await ports.keys(), signedIn.sessionId, 'sign-out', form?.csrf)) {
      const text = 'This page was out of date. Please sign out again.';
      return frame.notice(context, 403, 'Still signed in', text, signedIn);
    }
    clearSession(context);
    return context.redirect('/sign-in', 303);
  });

  return routes;
}
