import type { Approval } from '../../functions/approvals/approval.ts';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import type { Dossier, IncidentFile } from '../../functions/approvals/dossier.ts';
import { approvalPages } from '../../functions/approvals/pages/pages.tsx';
import type { PagesPorts } from '../../functions/approvals/pages/pages-ports.ts';
import type { RefusedVote, VoteRefusal } from '../../functions/approvals/refused-vote.ts';
import { sessionKeys } from '../../functions/approvals/sign-in/session.ts';
import { emptyChain, sealEntries } from '../../functions/audit/ledger-entry.ts';
import type { Plan } from '../../functions/change/plan.ts';
import type { EngagedSwitches } from '../../functions/platform/kill-switch-scope.ts';
import { Browser, tokenIn } from './browser.ts';
import { byDeadline, dossierOf, incidentId, now, pending, planOf, wholeList } from './fixtures.ts';
import { KnownPeople } from './known-people.ts';
import { MemoryApprovals } from './memory-approvals.ts';

const approvers = parseApproverPolicy({
  version: 1,
  grants: [
    { group: 'approvers', actionClasses: ['traffic', 'configuration'], environments: ['local'] },
    { group: 'leads', actionClasses: ['*'], environments: ['local'], joins: 'escalation' },
    { group: 'elsewhere', actionClasses: ['*'], environments: ['prod'] },
  ],
  delegations: [{ from: 'ana', to: 'dot', groups: ['approvers'], until: '2027-01-01T00:00:00Z' }],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});

const keys = sessionKeys('0123456789abcdef0123456789abcdef');

/** The pages over stores in memory, with what a test may change and look at. It is {@link now} and a minute. */
export class PagesWorld {
  readonly clock = { now: now + 60_000 };
  readonly people = new KnownPeople([
    { id: 'ana', displayName: 'Ana', groups: ['approvers'] },
    { id: 'ben', displayName: 'Ben', groups: ['approvers'] },
    { id: 'dot', displayName: 'Dot', groups: [] },
    { id: 'kim', displayName: 'Kim', groups: ['leads'] },
    { id: 'mia', displayName: 'Mia', groups: ['developers'] },
    { id: 'olga', displayName: 'Olga', groups: ['approvers'] },
    { id: 'pia', displayName: 'Pia', groups: ['elsewhere'] },
  ]);
  readonly store = new MemoryApprovals(() => this.clock.now);
  readonly dossiers = new Map<string, Dossier>();
  readonly refusedVotes: RefusedVote[] = [];
  /** The ledger entries that refusals left: approval, person, reason. */
  readonly evidence: string[] = [];
  /** Who stopped everything, and why. */
  readonly stops: string[] = [];
  readonly errors: Error[] = [];
  /** The kill switches that stop something. */
  engaged: EngagedSwitches = [];
  /** How often the store was asked to vote. */
  votes = 0;

  /** Stores an approval with everything that its page shows. */
  async put(
    approval: Approval = pending(),
    plan: Plan = planOf(),
    over: (made: Dossier) => Dossier = (made) => made,
  ): Promise<void> {
    await this.store.create(approval, new Uint8Array());
    this.dossiers.set(approval.approvalId, over(dossierOf(approval, plan)));
  }

  /** Changes what stands beside an approval. */
  alter(approvalId: string, over: Partial<Dossier>): void {
    const made = this.dossiers.get(approvalId);
    if (made === undefined) throw new Error(`no ${approvalId}`);
    this.dossiers.set(approvalId, { ...made, ...over });
  }

  readonly dossier = async (approvalId: string): Promise<Dossier | undefined> => {
    const [found, approval] = [this.dossiers.get(approvalId), await this.store.get(approvalId)];
    return found === undefined || approval === undefined ? undefined : { ...found, approval };
  };

  /** Everything that the pages are given; `over` replaces parts. */
  ports(over: Partial<PagesPorts> = {}): PagesPorts {
    return {
      environment: 'local',
      approvers,
      desk: {
        dossier: this.dossier,
        pending: async () =>
          wholeList((await this.#all(({ status }) => status === 'pending')).toSorted(byDeadline)),
        recent: async () => wholeList(await this.#all(({ status }) => status !== 'pending')),
        decidedSince: async () => [],
        neverAgain: async () => [],
        incident: async (id) => (id === incidentId ? incidentFile() : undefined),
      },
      vote: (id, digest, given, authority) => {
        this.votes += 1;
        return this.store.vote(id, digest, given, authority, 900);
      },
      killSwitches: async () => this.engaged,
      stopEverything: async ({ id }, reason) => {
        this.stops.push(`${id}: ${reason}`);
        this.engaged = ['global'];
        return 'stopped';
      },
      people: this.people,
      rate: { take: async () => 'allowed' },
      keys: async () => keys,
      clock: () => this.clock.now,
      strictTransport: true,
      refusals: { record: (...refused) => this.#record(...refused) },
      onVote: () => undefined,
      onRefusedVote: (refused) => this.refusedVotes.push(refused),
      onError: (error) => this.errors.push(error),
      ...over,
    };
  }

  /** Somebody's browser, not signed in. */
  visitor(over: Partial<PagesPorts> = {}): Browser {
    return new Browser(approvalPages(this.ports(over)));
  }

  async signedIn(identity: string, over: Partial<PagesPorts> = {}): Promise<Browser> {
    const browser = this.visitor(over);
    await browser.signIn(identity);
    return browser;
  }

  async #all(status: (approval: Approval) => boolean): Promise<Dossier[]> {
    const found = await Promise.all([...this.dossiers.keys()].map(this.dossier));
    return found.filter((each) => each !== undefined).filter(({ approval }) => status(approval));
  }

  async #record(approvalId: string, identityId: string, because: VoteRefusal) {
    if ((await this.store.get(approvalId)) === undefined) return 'unknown' as const;
    this.evidence.push(`${approvalId} ${identityId} ${because}`);
    return 'recorded' as const;
  }
}

/** Where {@link pending} is shown and decided. */
export const path = '/approvals/apr-1';
/** What the form of {@link pending} holds besides its token. */
export const approve = { verdict: 'approve', planDigest: pending().planDigest };
export const reject = { ...approve, verdict: 'reject', reason: 'wrong-target' };

/** The token in the form that this browser is shown. */
export async function tokenFor(browser: Browser, approvalPath = path): Promise<string> {
  return tokenIn((await browser.get(approvalPath)).text, approvalPath);
}

/** One incident with one entry. */
export function incidentFile(): IncidentFile {
  const { incident } = dossierOf(pending());
  if (incident === undefined) throw new Error('no incident');
  const opened = {
    type: 'incident.opened',
    atEpochMs: now - 90_000,
    actor: { kind: 'system', id: 'intake' },
    detail: { severity: 'critical', title: '<b>bold</b>' },
  } as const;
  return { incident, entries: sealEntries(`incident#${incidentId}`, emptyChain, 'artefact', [opened]) };
}
