import { Hono } from 'hono';
import { type Identity, mayView } from '../authority.ts';
import { confirmPerson } from './confirm-person.ts';
import { isFormToken } from './csrf.ts';
import { readForm } from './form.ts';
import type { PageFrame } from './page-frame.tsx';
import type { PagesPorts, Stopping } from './pages-ports.ts';
import { stopForm, stopReasonMaxCharacters } from './stop-reason.ts';
import { StoppedView } from './views/stop-view.tsx';

/**
 * `POST` engages the global kill switch under the name of whoever sends it: anyone who may decide anything in
 * this environment, as the identity provider has it at that moment; while it does not answer, as their session
 * has it, because stopping must not wait. Releasing it is done elsewhere, on purpose: the pages could not.
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
    if (!mayView(ports.approvers, person.identity, ports.environment, ports.clock())) {
      const text = 'Your groups give you no authority in this environment.';
      return frame.notice(context, 403, stillOn, text, person);
    }
    const stopping = await stop(person.identity, form.reason);
    if (stopping !== 'stopped') return frame.notice(context, 503, ...notConfirmed[stopping], person);
    return frame.page(context, 200, 'Everything is stopped', <StoppedView reason={form.reason} />, person);
  });

  return routes;

  async function stop(by: Identity, reason: string): Promise<Stopping | 'failed'> {
    try {
      return await ports.stopEverything(by, reason);
    } catch (error) {
      ports.onError(error instanceof Error ? error : new Error(String(error)));
      return 'failed';
    }
  }
}

/** What is said where nobody knows that everything is stopped; the head of the page says how the switch stands. */
const notConfirmed: Readonly<Record<Exclude<Stopping, 'stopped'> | 'failed', readonly [string, string]>> = {
  'under-way': [
    'Stopping is under way',
    'There is no confirmation yet that everything is stopped. It goes on without this page: look again in half a minute, at the top. If the kill switch is not engaged by then, press the button again, or use a terminal: interlock kill-switch on --reason "…"',
  ],
  failed: [
    'This may have stopped nothing',
    'The kill switch could not be switched on from here. Press the button again, or use a terminal: interlock kill-switch on --reason "…"',
  ],
};
