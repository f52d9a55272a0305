import type { Context, MiddlewareHandler } from 'hono';
import type { PagesPorts } from './pages-ports.ts';
import type { RefusedVote, VoteRefusal } from './refused-vote.ts';

const variable = 'voteRefusal';

/** Marks the request's vote as refused, for {@link voteEvidence} to write down. */
export function markRefused(context: Context, because: VoteRefusal): void {
  context.set(variable, because);
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
    const because: VoteRefusal | undefined = context.get(variable);
    if (because === undefined || context.req.method !== 'POST') return;
    ports.onRefusedVote({ approvalId, because, evidence: await leave(context, approvalId, because) });
  };

  async function leave(
    context: Context,
    approvalId: string,
    because: VoteRefusal,
  ): Promise<RefusedVote['evidence']> {
    try {
      const signedIn = await ports.people.identify(context);
      if (signedIn === undefined) return 'not-signed-in';
      return await ports.refusals.record(approvalId, signedIn.identity.id, because);
    } catch (error) {
      ports.onError(error instanceof Error ? error : new Error('unknown'));
      return 'lost';
    }
  }
}
