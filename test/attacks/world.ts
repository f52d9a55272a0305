import { createHash, randomBytes } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Hono } from 'hono';
import { vi } from 'vitest';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import type { Approval } from '../../functions/approvals/approval.ts';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import { formToken } from '../../functions/approvals/pages/csrf.ts';
import { approvalPages } from '../../functions/approvals/pages/pages.tsx';
import { RateLimitStore } from '../../functions/approvals/pages/rate-limit.store.ts';
import { RefusedVoteStore } from '../../functions/approvals/refused-vote.store.ts';
import type { RefusedVote } from '../../functions/approvals/refused-vote.ts';
import { openApiIdentity, openSignIn } from '../../functions/approvals/sign-in/oidc-identity.client.ts';
import { sessionIdOf, sessionKeys } from '../../functions/approvals/sign-in/session.ts';
import { openSlack } from '../../functions/approvals/slack/slack.client.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import type { Plan } from '../../functions/change/plan.ts';
import type { Item, ItemKey } from '../../functions/platform/dynamodb.ts';
import { incidentChain } from '../../functions/platform/item-keys.ts';
import { readKillSwitch } from '../../functions/platform/kill-switch-reading.store.ts';
import type { KillSwitchReading } from '../../functions/platform/kill-switch-scope.ts';
import { writeKillSwitch } from '../../functions/platform/kill-switch-writing.store.ts';
import { planOf } from '../approvals/fixtures.ts';
import {
  answerOf,
  type ProviderUser,
  startProvider,
  type TestProvider,
  throughProvider,
} from '../approvals/oidc-provider.ts';
import { SlackStandIn, slackSecret, slackTeamId } from '../approvals/slack-stand-in.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { type Asked, ask, type Question } from './asked.ts';
import { type Answer, Visitor } from './visitor.ts';

export const sessionCookie = '__Host-interlock-session';
/** Where the attacked pages are. */
export const origin = 'https://approvals.example';

const people: readonly ProviderUser[] = [
  { id: 'ana', displayName: 'Ana', groups: ['approvers'] },
  { id: 'ben', displayName: 'Ben', groups: ['approvers'] },
  { id: 'olga', displayName: 'Olga', groups: ['approvers'] },
  { id: 'kim', displayName: 'Kim', groups: ['leads'] },
  { id: 'pia', displayName: 'Pia', groups: ['elsewhere'] },
  { id: 'dan', displayName: 'Dan', groups: ['developers'] },
  { id: 'sam', displayName: 'Sam', groups: [] },
];

/** 1 January 2030. */
const delegationEndsAt = 1_893_456_000_000;

/** Who may decide what in a {@link World}. */
export const approvers = parseApproverPolicy({
  version: 1,
  grants: [
    { group: 'approvers', actionClasses: ['traffic', 'configuration'], environments: ['local'] },
    { group: 'leads', actionClasses: ['*'], environments: ['local'], joins: 'escalation' },
    { group: 'elsewhere', actionClasses: ['*'], environments: ['prod'] },
  ],
  delegations: [
    { from: 'ben', to: 'sam', groups: ['approvers'], until: new Date(delegationEndsAt).toISOString() },
  ],
  slackUsers: [
    { teamId: slackTeamId, userId: 'UANA', identityId: 'ana' },
    { teamId: slackTeamId, userId: 'UBEN', identityId: 'ben' },
    { teamId: slackTeamId, userId: 'UDAN', identityId: 'dan' },
    { teamId: slackTeamId, userId: 'UOLGA', identityId: 'olga' },
  ],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});

/** A client of the provider that stands for the command line; it comes by a code, which a test can fetch. */
const cli = {
  client_id: 'attacked-cli',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code'],
  redirect_uris: ['https://cli.example/answer'],
};

/** What of a world may be another one: a provider that lies, an application without Slack. */
export interface WorldOptions {
  readonly issuer?: string;
  /** With a Slack application. */
  readonly slack?: true;
}

/**
 * The approval pages under attack: the real ones, on tables of their own, with the real sign-in at a real provider
 * and everything that the Lambda has, put together as it does. Time is the machine's until it is frozen.
 */
export class World {
  static readonly delegationEndsAt = delegationEndsAt;
  readonly tables: TestTables;
  readonly provider: TestProvider;
  readonly approvals: ApprovalStore;
  readonly keys = sessionKeys(randomBytes(32).toString('hex'));
  readonly errors: Error[] = [];
  readonly refused: RefusedVote[] = [];
  readonly pages: Hono;
  /** Where messages and answers for Slack go. */
  readonly slack: SlackStandIn | undefined;
  #isBroken = false;

  static async open(options: WorldOptions = {}): Promise<World> {
    const [tables, provider, slack, secretArn] = await Promise.all([
      freshTables(),
      startProvider({ users: people, clients: [cli] }),
      options.slack && SlackStandIn.start(),
      options.slack && storedSecret(slackSecret),
    ]);
    const application = slack && secretArn ? { standIn: slack, secretArn } : undefined;
    const world = new World(tables, provider, options.issuer ?? provider.issuer, application);
    await world.#setKillSwitch('released', 'attacks begin', 'tests');
    return world;
  }

  private constructor(
    tables: TestTables,
    provider: TestProvider,
    issuer: string,
    slack: { readonly standIn: SlackStandIn; readonly secretArn: string } | undefined,
  ) {
    this.tables = tables;
    this.provider = provider;
    this.slack = slack?.standIn;
    const { database, ledger, operations, controls } = tables;
    const clock = () => Date.now();
    this.approvals = new ApprovalStore(database, ledger, operations, clock);
    const dossiers = new DossierStore(database, ledger, operations);
    const oidc = {
      CONTROLS_TABLE: controls,
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: 'interlock-pages',
      OIDC_CLI_CLIENT_ID: cli.client_id,
      PUBLIC_BASE_URL: origin,
      ENVIRONMENT: 'local',
    };
    const keys = async () => this.keys;
    const api = openApiIdentity(oidc, clock);
    this.pages = approvalPages({
      environment: 'local',
      desk: {
        ...dossiers,
        dossier: (approvalId) => {
          if (this.#isBroken) throw new Error('secret-of-the-error');
          return dossiers.dossier(approvalId);
        },
      },
      approvers,
      clock,
      keys,
      vote: (approvalId, planDigest, vote, authority) =>
        this.approvals.vote(approvalId, planDigest, vote, authority, 900),
      refusals: new RefusedVoteStore(database, ledger, operations, clock),
      killSwitch: () => this.killSwitch(),
      stopEverything: ({ id }, reason) => this.#setKillSwitch('engaged', reason, id),
      people: openSignIn(oidc, database, keys, clock),
      ...(api === undefined ? {} : { api }),
      apiSignIn: { issuer, cliClientId: cli.client_id, scopes: 'openid' },
      ...(slack === undefined
        ? {}
        : {
            slack: openSlack(
              { secretArn: slack.secretArn, apiUrl: slack.standIn.apiUrl, controlsTable: controls },
              database,
            ),
          }),
      rate: new RateLimitStore(database, controls, clock),
      strictTransport: true,
      onVote: () => undefined,
      onRefusedVote: (refused) => this.refused.push(refused),
      onError: (error) => this.errors.push(error),
    });
  }

  async close(): Promise<void> {
    vi.useRealTimers();
    await Promise.all([this.provider.stop(), this.slack?.stop()]);
  }

  /** Stops the time of everything in this process. @returns the instant */
  freeze(): number {
    const now = Date.now();
    this.travelTo(now);
    return now;
  }

  travelTo(epochMs: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: epochMs });
  }

  /** From now on no approval can be read. */
  break(): void {
    this.#isBroken = true;
  }

  visitor(address = '203.0.113.7'): Visitor {
    return new Visitor(this.pages, address);
  }

  async signedIn(person: string, address?: string): Promise<Visitor> {
    const visitor = this.visitor(address);
    await this.signIn(visitor, person);
    return visitor;
  }

  async signIn(visitor: Visitor, person: string, returnTo = '/'): Promise<Answer> {
    return visitor.ask('GET', await this.answerFor(visitor, person, returnTo));
  }

  /** The callback's path and query as the provider sends them back to this browser, not yet asked for. */
  async answerFor(visitor: Visitor, person: string | undefined, returnTo = '/'): Promise<string> {
    return answerOf(visitor, this.provider.issuer, person, returnTo);
  }

  /** An ID token that the command line got for somebody. */
  async idToken(person: string): Promise<string> {
    const { issuer } = this.provider;
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: cli.client_id,
      redirect_uri: cli.redirect_uris[0] ?? '',
      response_type: 'code',
      scope: 'openid profile',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const answer = await throughProvider(issuer, `${issuer}/auth?${query}`, person);
    const code = new URL(answer, issuer).searchParams.get('code') ?? '';
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: cli.client_id,
        redirect_uri: cli.redirect_uris[0] ?? '',
        code,
        code_verifier: verifier,
      }),
    });
    return ((await response.json()) as { id_token: string }).id_token;
  }

  /** The token that a form of this visitor's session would have, for an attacker who got hold of one. */
  async tokenFor(visitor: Visitor, purpose: string): Promise<string> {
    return formToken(this.keys, sessionIdOf(visitor.cookies.get(sessionCookie) ?? ''), purpose);
  }

  async ask(question: Question = {}): Promise<Asked> {
    const { database, operations } = this.tables;
    return ask({ database, operations, approvals: this.approvals }, Date.now(), question);
  }

  /** Two equal low-risk requests. @returns the batch's key and the value of its first box */
  async askBatch(): Promise<{ key: string; item: string; asked: readonly Asked[] }> {
    const parameters = { functionName: 'batched', aliasName: 'live', fromVersion: '4', toVersion: '3' };
    const plan = (incidentId: string): Plan => planOf('lambda.shift-alias', parameters, incidentId);
    const asked = [await this.ask({ tier: 'low', plan }), await this.ask({ tier: 'low', plan })];
    const inbox = await (await this.signedIn('ana')).ask('GET', '/');
    const key = /href="\/batches\/([^"?]+)"/.exec(inbox.text)?.[1];
    if (key === undefined) throw new Error('the inbox offers no batch');
    const [first] = asked;
    return { key, item: `${first?.planDigest}:${first?.approvalId}`, asked };
  }

  planIn(environment: string, incidentId: string): Plan {
    return { ...planOf(undefined, undefined, incidentId), environment };
  }

  async approval({ approvalId }: Pick<Asked, 'approvalId'>): Promise<Approval> {
    const found = await this.approvals.get(approvalId);
    if (found === undefined) throw new Error(`approval ${approvalId} is gone`);
    return found;
  }

  async dossier({ approvalId }: Pick<Asked, 'approvalId'>): Promise<Dossier> {
    const { database, ledger, operations } = this.tables;
    const found = await new DossierStore(database, ledger, operations).dossier(approvalId);
    if (found === undefined) throw new Error(`approval ${approvalId} cannot be read whole`);
    return found;
  }

  async pendingCount(): Promise<number> {
    return (await this.approvals.list('pending', 100)).length;
  }

  async ledger({ incidentId }: Pick<Asked, 'incidentId'>): Promise<readonly LedgerEntry[]> {
    return this.tables.ledger.read(incidentChain(incidentId));
  }

  killSwitch(): Promise<KillSwitchReading> {
    return readKillSwitch(this.tables.database, this.tables.controls);
  }

  get(key: ItemKey): Promise<Item | undefined> {
    return this.tables.database.get(this.tables.operations, key);
  }

  async put(item: Item | object): Promise<void> {
    const { database, operations } = this.tables;
    await database.transact([{ kind: 'put', table: operations, item: { ...item } as Item }]);
  }

  /** Every request and every piece of evidence as it stands: equal texts say that nothing has changed. */
  async records(): Promise<string> {
    return this.#scan(this.tables.operations, this.tables.ledgerTable);
  }

  /** {@link records} and everything else that is stored. */
  async everything(): Promise<string> {
    return this.#scan(this.tables.operations, this.tables.ledgerTable, this.tables.controls);
  }

  async #scan(...tables: readonly string[]): Promise<string> {
    const items: string[] = [];
    for (const table of tables) {
      for await (const item of this.tables.database.scan(table)) {
        items.push(JSON.stringify(item, Object.keys(item).toSorted()) + JSON.stringify(Object.values(item)));
      }
    }
    return items.toSorted().join('\n');
  }

  async #setKillSwitch(state: 'engaged' | 'released', reason: string, by: string): Promise<void> {
    const { ledger, controls } = this.tables;
    const actor = { kind: 'person', id: by } as const;
    await writeKillSwitch(ledger, controls, { state, scope: 'global', reason, actor }, Date.now());
  }
}

/** @returns the secret's ARN */
async function storedSecret(value: object): Promise<string> {
  const Name = `attacked-${randomBytes(8).toString('hex')}`;
  const SecretString = JSON.stringify(value);
  const { ARN = '' } = await new SecretsManagerClient({}).send(
    new CreateSecretCommand({ Name, SecretString }),
  );
  return ARN;
}
