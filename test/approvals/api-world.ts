import type { Hono } from 'hono';
import { apiRoutes } from '../../functions/approvals/api/api-routes.ts';
import type { Approval } from '../../functions/approvals/approval.ts';
import { type Identity, parseApproverPolicy } from '../../functions/approvals/authority.ts';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import type { NeverAgain } from '../../functions/approvals/never-again.ts';
import type { PagesPorts } from '../../functions/approvals/pages/pages-ports.ts';
import type { RefusedVote } from '../../functions/approvals/refused-vote.ts';
import type { ApiCaller } from '../../functions/approvals/sign-in/api-identity.ts';
import { sessionKeys } from '../../functions/approvals/sign-in/session.ts';
import type { Plan } from '../../functions/change/plan.ts';
import type { EngagedSwitches } from '../../functions/platform/kill-switch-scope.ts';
import { byDeadline, dossierOf, now, planOf, wholeList } from './fixtures.ts';
import { KnownPeople } from './known-people.ts';
import { MemoryApprovals } from './memory-approvals.ts';

const approvers = parseApproverPolicy({
  version: 1,
  grants: [
    { group: 'approvers', actionClasses: ['traffic', 'configuration'], environments: ['local'] },
    { group: 'leads', actionClasses: ['*'], environments: ['local'], joins: 'escalation' },
    { group: 'elsewhere', actionClasses: ['*'], environments: ['prod'] },
  ],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});

const people: readonly Identity[] = [
  { id: 'ana', displayName: 'Ana', groups: ['approvers'] },
  { id: 'ben', displayName: 'Ben', groups: ['approvers'] },
  { id: 'kim', displayName: 'Kim', groups: ['leads'] },
  { id: 'mia', displayName: 'Mia', groups: ['developers'] },
  { id: 'olga', displayName: 'Olga', groups: ['approvers'] },
  { id: 'pia', displayName: 'Pia', groups: ['elsewhere'] },
];

/** The API over approvals in memory; a caller's token is their name. */
export class ApiWorld {
  readonly clock = { now: now + 60_000 };
  readonly store = new MemoryApprovals(() => this.clock.now);
  readonly dossiers = new Map<string, Dossier>();
  readonly refused: RefusedVote[] = [];
  /** The ledger entries that refusals left. */
  readonly evidence: string[] = [];
  readonly errors: Error[] = [];
  neverAgain: NeverAgain[] = [];
  /** The kill switches that stop something. */
  engaged: EngagedSwitches = [];
  settled: Approval[] = [];
  /** What `decidedSince` was asked for. */
  askedSince: number | undefined;
  isLedgerBroken = false;
  readonly app: Hono;

  /** @param changed What of the surroundings is otherwise. */
  constructor(changed: (ports: PagesPorts) => PagesPorts = (ports) => ports) {
    this.app = apiRoutes(changed(this.#ports()));
  }

  async put(approval: Approval, plan: Plan = planOf(), more: Partial<Dossier> = {}): Promise<void> {
    await this.store.create(approval, new Uint8Array());
    this.dossiers.set(approval.approvalId, { ...dossierOf(approval, plan), ...more });
  }

  dossierOf(approvalId: string): Dossier {
    const dossier = this.dossiers.get(approvalId);
    if (dossier === undefined) throw new Error(`nobody put an approval ${approvalId}`);
    return dossier;
  }

  /** @param as Nobody sends no token. */
  async get(path: string, as?: string): Promise<{ status: number; body: unknown; headers: Headers }> {
    return this.send(path, { headers: as === undefined ? {} : { authorization: `Bearer ${as}` } });
  }

  async vote(approvalId: string, as: string, body: unknown) {
    return this.send(`/approvals/${approvalId}/votes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async send(path: string, init: RequestInit): Promise<{ status: number; body: unknown; headers: Headers }> {
    const response = await this.app.request(`https://approvals.example${path}`, init);
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text), headers: response.headers };
  }

  #ports(): PagesPorts {
    const dossier = async (approvalId: string): Promise<Dossier | undefined> => {
      const found = this.dossiers.get(approvalId);
      const approval = await this.store.get(approvalId);
      return found === undefined || approval === undefined ? undefined : { ...found, approval };
    };
    const all = async (isWanted: (approval: Approval) => boolean): Promise<Dossier[]> =>
      (await Promise.all([...this.dossiers.keys()].map(dossier)))
        .filter((each) => each !== undefined)
        .filter(({ approval }) => isWanted(approval));
    return {
      environment: 'local',
      approvers,
      desk: {
        dossier,
        pending: async () =>
          wholeList((await all(({ status }) => status === 'pending')).toSorted(byDeadline)),
        recent: async () => wholeList(await all(({ status }) => status !== 'pending')),
        decidedSince: async (since) => {
          this.askedSince = since;
          return this.settled;
        },
        neverAgain: async () => this.neverAgain,
        incident: async () => undefined,
      },
      clock: () => this.clock.now,
      vote: (id, digest, vote, authority) => this.store.vote(id, digest, vote, authority, 900),
      refusals: {
        record: async (approvalId, identityId, because) => {
          if (this.isLedgerBroken) throw new Error('the ledger is away');
          if ((await this.store.get(approvalId)) === undefined) return 'unknown';
          this.evidence.push(`${approvalId} ${identityId} ${because}`);
          return 'recorded';
        },
      },
      killSwitches: async () => this.engaged,
      stopEverything: async () => 'stopped',
      people: new KnownPeople([]),
      api: { identify: async (authorization) => callerOf(authorization) },
      apiSignIn: {
        issuer: 'https://login.example',
        cliClientId: 'interlock-cli',
        scopes: 'openid profile email',
      },
      rate: { take: async () => 'allowed' },
      keys: async () => sessionKeys('0123456789abcdef0123456789abcdef'),
      strictTransport: true,
      onVote: () => undefined,
      onRefusedVote: (refused) => this.refused.push(refused),
      onError: (error) => this.errors.push(error),
    };
  }
}

function callerOf(authorization: string | undefined): ApiCaller {
  if (authorization === undefined) return { outcome: 'refused', because: 'missing' };
  const token = authorization.slice('Bearer '.length);
  if (token === 'unavailable') return { outcome: 'unavailable' };
  if (token === 'old') return { outcome: 'refused', because: 'expired' };
  const identity = people.find(({ id }) => id === token);
  return identity === undefined
    ? { outcome: 'refused', because: 'invalid' }
    : { outcome: 'identified', identity };
}
