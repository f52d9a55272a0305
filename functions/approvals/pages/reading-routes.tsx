import { Hono } from 'hono';
import { type Identity, mayView, samePerson } from '../authority.ts';
import { inboxFor, inboxViews } from '../inbox.ts';
import { batchesIn } from './batch.ts';
import { undoneQuery } from './confirm-person.ts';
import { countdownScript } from './countdown.browser.ts';
import type { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { InboxPage } from './views/inbox-view.tsx';
import { IncidentView } from './views/incident-view.tsx';

/** The inbox, the timeline of an incident, and the script that counts down. */
export function readingRoutes(ports: PagesPorts, frame: PageFrame): Hono {
  const routes = new Hono();

  routes.get('/', async (context) => {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return frame.toSignIn(context);
    const { identity } = signedIn;
    const [pending, recent] = await Promise.all([ports.desk.pending(), ports.desk.recent()]);
    const now = ports.clock();
    const inbox = inboxFor(ports.approvers, identity, { pending, recent }, now);
    const asked = context.req.query('view');
    const page = (
      <InboxPage
        inbox={inbox}
        view={inboxViews.find((view) => view === asked) ?? 'mine'}
        batches={batchesIn(inbox.mine).filter(({ dossiers }) => dossiers.length > 1)}
        mayEverDecide={mayEverDecide(identity)}
        wasUndone={context.req.query(undoneQuery) !== undefined}
        now={now}
      />
    );
    return frame.page(context, 200, 'Approvals', page, signedIn);
  });

  routes.get('/incidents/:id', async (context) => {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return frame.toSignIn(context);
    const file = await ports.desk.incident(context.req.param('id'));
    if (
      file === undefined ||
      !mayView(ports.approvers, signedIn.identity, file.incident.signal.environment)
    ) {
      return frame.notFound(context, signedIn);
    }
    return frame.page(context, 200, 'Incident', <IncidentView file={file} />, signedIn);
  });

  routes.get('/countdown.js', (context) =>
    context.body(countdownScript, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  );

  return routes;

  function mayEverDecide({ id, groups }: Identity): boolean {
    const { grants, delegations = [] } = ports.approvers;
    return (
      grants.some(({ group }) => groups.includes(group)) || delegations.some(({ to }) => samePerson(to, id))
    );
  }
}
