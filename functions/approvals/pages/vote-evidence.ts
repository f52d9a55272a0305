import type { Context, MiddlewareHandler } from 'hono';
import type { Identity } from '../authority.ts';
import type { RefusedVote, VoteRefusal } from '../refused-vote.ts';
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

/** Leaves evidence of one refused vote and reports it. Never fails: what cannot be written is reported as lost. */
export async function leaveEvidence(
  ports: Pick<PagesPorts, 'onError' | 'onRefusedVote' | 'refusals'>,
  approvalId: string,
  because: VoteRefusal,
  voter: () => Promise<Pick<Identity, 'id'> | undefined>,
): Promise<void> {
  ports.onRefusedVote({ approvalId, because, evidence: await write() });

  async function write(): Promise<RefusedVote['evidence']> {
    try {
      const identity = await voter();
      if (identity === undefined) return 'not-signed-in';
      return await ports.refusals.record(approvalId, identity.id, because);
    } catch (error) {
      ports.onError(error instanceof Error ? error : new Error('unknown'));
      return 'lost';
    }
  }
}
