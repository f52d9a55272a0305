import { Hono } from 'hono';
import { mayView } from '../authority.ts';
import { confirmPerson } from './confirm-person.ts';
import { isFormToken } from './csrf.ts';
import { readForm } from './form.ts';
import type { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { stopForm, stopReasonMaxCharacters } from './stop-reason.ts';
import { StoppedView } from './views/stop-view.tsx';

/**
 * `POST` engages the global kill switch under the name of whoever sends it: anyone who may decide anything in
 * this environment, as the identity provider has it at that moment; while it does not answer, as their session
 * has it, because stopping must not wait. Releasing it is done elsewhere, on purpose.
 */
export function stopRoutes(ports: PagesPorts, frame: PageFrame): Hono {
  const routes = new Hono();
  const stillOn = 'Nothing was stopped';

  routes.post('/', async (context) => {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return frame.toSignIn(context, '/');
    const form = await readForm(context, stopForm);
    if (form === undefined) {
      const text = `Say why, in at most ${stopReasonMaxCharacters} characters, and press the button again.`;
      return frame.notice(context, 400, stillOn, text, signedIn);
    }
    if (!isFormToken(await ports.keys(), signedIn.sessionId, 'stop', form.csrf)) {
      const text = 'This page was out of date. Please stop everything again.';
      return frame.notice(context, 403, stillOn, text, signedIn);
    }
    const person = await confirmPerson(ports, frame, context, signedIn, {
      undone: 'stopped',
      returnTo: '/',
      evenUnanswered: true,
    });
    if (person instanceof Response) return person;
    if (!mayView(ports.approvers, person.identity, ports.environment)) {
      const text = 'Your groups give you no authority in this environment.';
      return frame.notice(context, 403, stillOn, text, person);
    }
    await ports.stopEverything(person.identity, form.reason);
    return frame.page(context, 200, 'Everything is stopped', <StoppedView reason={form.reason} />, person);
  });

  return routes;
}
