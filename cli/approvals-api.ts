import * as z from 'zod';
import {
  type ApprovalDetail,
  approvalDetail,
  approvalSummary,
} from '../functions/approvals/api/api-views.ts';
import type { RejectReason } from '../functions/approvals/approval.ts';
import type { InboxView } from '../functions/approvals/inbox.ts';
import { planDigestOf } from '../functions/change/plan.ts';
import { DependencyUnavailableError, InterlockError } from '../functions/platform/errors.ts';
import type { ProviderClient } from './identity-provider.ts';
import { printable } from './output.ts';

/** A cold Lambda and an identity provider behind it take a while. */
const timeoutMs = 30_000;

const configuration = z.object({ issuer: z.url(), cliClientId: z.string().min(1), scopes: z.string() });
const apiError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const list = z.object({
  approvals: z.array(approvalSummary),
  found: z.number(),
  isWhole: z.boolean(),
});
const votingFigures = z.object({
  votes: z.number(),
  approvals: z.number(),
  approvalRate: z.number().optional(),
  medianSecondsToVote: z.number().optional(),
});
const figures = z.object({
  sinceEpochMs: z.number(),
  untilEpochMs: z.number(),
  population: z.object({
    settled: z.number(),
    approved: z.number(),
    rejected: z.number(),
    expired: z.number(),
    cancelled: z.number(),
    underBreakGlass: z.number(),
    isComplete: z.boolean(),
  }),
  overall: votingFigures,
  approvers: z.array(votingFigures.extend({ identityId: z.string(), displayName: z.string() })),
});
const neverAgain = z.object({
  neverAgain: z.array(
    z.object({
      approvalId: z.string(),
      incidentId: z.string(),
      agentRole: z.string(),
      environment: z.string(),
      action: z.string(),
      targetKey: z.string().optional(),
      by: z.string(),
      atEpochMs: z.number(),
    }),
  ),
});

/** One person's say, bound to the plan that they were shown. */
export type VoteBody = { readonly planDigest: string; readonly comment?: string } & (
  | { readonly verdict: 'approve' }
  | { readonly verdict: 'reject'; readonly reason: RejectReason }
);

/** An answer as it came, for `--json`, and as this version reads it. */
export interface Answer<Parsed> {
  readonly json: unknown;
  readonly parsed: Parsed;
}

/**
 * Who signs people in on this stage, according to its pages.
 *
 * @throws InterlockError `cli.no-api-sign-in` where the stage has no client for the command line.
 */
export async function readProviderClient(pagesUrl: string): Promise<ProviderClient> {
  const response = await send(`${pagesUrl}/api/configuration`, {});
  if (response.status === 501) {
    throw new InterlockError(
      'cli.no-api-sign-in',
      `this stage has no identity provider for the command line; decide on the pages at ${pagesUrl}`,
    );
  }
  return (await answerOf(response, configuration)).parsed;
}

/** The approvals API of a stage, as one person. */
export class ApprovalsApi {
  readonly #base: string;
  readonly #idToken: () => Promise<string>;

  /** @param idToken A fresh one for each request: the API takes none that is older than five minutes. */
  constructor(pagesUrl: string, idToken: () => Promise<string>) {
    this.#base = `${pagesUrl}/api/approvals`;
    this.#idToken = idToken;
  }

  async list(view: InboxView) {
    return this.#get(`?view=${view}`, list);
  }

  /** @throws InterlockError `cli.plan-altered` when the plan is not the one that its digest stands for. */
  async show(approvalId: string): Promise<Answer<ApprovalDetail>> {
    const answer = await this.#get(`/${encodeURIComponent(approvalId)}`, approvalDetail);
    const { plan, planDigest } = answer.parsed;
    if (digestOrNothing(plan) === planDigest) return answer;
    throw new InterlockError(
      'cli.plan-altered',
      `the plan of approval ${printable(approvalId)} is not the one that was asked about; nothing can be decided on it`,
    );
  }

  async vote(approvalId: string, body: VoteBody): Promise<Answer<ApprovalDetail>> {
    const response = await send(`${this.#base}/${encodeURIComponent(approvalId)}/votes`, {
      method: 'POST',
      headers: { ...(await this.#headers()), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answerOf(response, approvalDetail);
  }

  async figures(sinceEpochMs: number) {
    return this.#get(`/figures?sinceEpochMs=${sinceEpochMs}`, figures);
  }

  async neverAgain() {
    return this.#get('/never-again', neverAgain);
  }

  async #get<Parsed>(path: string, schema: z.core.$ZodType<Parsed>): Promise<Answer<Parsed>> {
    return answerOf(await send(`${this.#base}${path}`, { headers: await this.#headers() }), schema);
  }

  async #headers(): Promise<Record<string, string>> {
    return { authorization: `Bearer ${await this.#idToken()}`, accept: 'application/json' };
  }
}

/** A token is sent to the address asked for and nowhere else: a redirect is an error. */
async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    throw new DependencyUnavailableError(
      'cli.pages-unreachable',
      `the approval pages at ${new URL(url).origin} do not answer; try again`,
      { cause },
    );
  }
}

async function answerOf<Parsed>(
  response: Response,
  schema: z.core.$ZodType<Parsed>,
): Promise<Answer<Parsed>> {
  const json: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw refusal(response.status, json);
  const parsed = z.safeParse(schema, json);
  if (parsed.success) return { json, parsed: parsed.data };
  throw new InterlockError(
    'cli.not-the-api',
    `${new URL(response.url).origin} did not answer as the approvals API of this version; is this version deployed?`,
  );
}

function refusal(status: number, json: unknown): InterlockError {
  const { error } = apiError.safeParse(json).data ?? {};
  const said = error === undefined ? `HTTP status ${status}` : printable(error.message);
  const next = status === 401 ? '; sign in again with `login`' : '';
  return new InterlockError(`cli.api-${printable(error?.code ?? 'failed')}`, `refused: ${said}${next}`, {
    retryable: status >= 500 || status === 429,
  });
}

function digestOrNothing(plan: ApprovalDetail['plan']): string | undefined {
  try {
    return planDigestOf(plan);
  } catch {
    return undefined;
  }
}
