import { Hono } from 'hono';
import { isPastExpiry } from './approval.ts';
import { authorityOver, mayView } from './authority.ts';
import { type Dossier, subjectOf } from './dossier.ts';
import type { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { InboxView } from './views/inbox-view.tsx';
import { IncidentView } from './views/incident-view.tsx';

/** The inbox and the timeline of an incident. */
export function readingRoutes(ports: PagesPorts, frame: PageFrame): Hono {
  const routes = new Hono();

  routes.get('/', async (context) => {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return frame.toSignIn(context);
    const { identity } = signedIn;
    const [pending, decided] = await Promise.all([ports.desk.pending(), ports.desk.recent()]);
    const now = ports.clock();
    const isOver = ({ approval }: Dossier) => isPastExpiry(approval, now);
    const visible = ({ plan }: Dossier) =>
      authorityOver(ports.approvers, identity, subjectOf(plan)).may !== 'nothing';
    const view = (
      <InboxView
        pending={pending.filter(visible).filter((dossier) => !isOver(dossier))}
        recent={[...pending.filter(isOver), ...decided].filter(visible)}
        hasAuthority={ports.approvers.grants.some(({ group }) => identity.groups.includes(group))}
        now={now}
      />
    );
    return frame.page(context, 200, 'Approvals', view, signedIn);
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

  return routes;
}
