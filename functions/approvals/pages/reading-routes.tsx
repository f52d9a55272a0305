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
    const inbox = await inboxFor(ports.approvers, identity, { pending, recent }, now);
    const asked = context.req.query('view');
    const page = (
      <InboxPage
        inbox={inbox}
        view={inboxViews.find((view) => view === asked) ?? 'mine'}
        batches={batchesIn(inbox.mine.shown).filter(({ dossiers }) => dossiers.length > 1)}
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
    const { environment } = file?.incident.signal ?? {};
    const mayRead =
      environment !== undefined && mayView(ports.approvers, signedIn.identity, environment, ports.clock());
    if (file === undefined || !mayRead) return frame.notFound(context, signedIn);
    const view = <IncidentView file={file} before={sequenceIn(context.req.query('before'))} />;
    return frame.page(context, 200, 'Incident', view, signedIn);
  });

  routes.get('/countdown.js', (context) =>
    context.body(countdownScript, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  );

  return routes;

  function mayEverDecide({ id, groups }: Identity): boolean {
    const { grants, delegations = [] } = ports.approvers;
    return (
      grants.some(({ group }) => groups.includes(group)) ||
      delegations.some(({ to, until }) => samePerson(to, id) && ports.clock() < Date.parse(until))
    );
  }
}

/** The entry before which a page of the timeline ends; the end of the chain where none is named. */
function sequenceIn(asked: string | undefined): number {
  return /^\d{1,9}$/.test(asked ?? '') ? Number(asked) : Number.POSITIVE_INFINITY;
}
