import type { Context, MiddlewareHandler } from 'hono';
import type { Identity } from '../authority.ts';
import type { VoteRefusal } from '../refused-vote.ts';
import { leaveEvidence } from '../report-vote.ts';
import type { PagesPorts } from './pages-ports.ts';

const variable = 'voteRefusal';

/**
 * Marks the request's vote as refused, for {@link voteEvidence} to write down.
 *
 * @param voter Who it was, where they may not be signed in any more once the evidence is written.
 */
export function markRefused(context: Context, because: VoteRefusal, voter?: Identity): void {
  context.set(variable, { because, voter });
}

/**
 * Leaves evidence of every vote that was refused behind it, whoever refused it. The answer is made by then and
 * stays the same, even where the evidence cannot be written.
 */
export function voteEvidence(ports: PagesPorts): MiddlewareHandler {
  return async (context, next) => {
    // Now: behind it, hono answers for the route that ran last, which may have no such parameter.
    const approvalId = context.req.param('id') ?? '';
    await next();
    const refused: { because: VoteRefusal; voter?: Identity } | undefined = context.get(variable);
    if (refused === undefined || context.req.method !== 'POST') return;
    const { because, voter } = refused;
    await leaveEvidence(ports, approvalId, because, async () => {
      return voter ?? (await ports.people.identify(context))?.identity;
    });
  };
}
