import { randomBytes } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Hono } from 'hono';
import { vi } from 'vitest';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import type { Approval } from '../../functions/approvals/approval.ts';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import { formToken } from '../../functions/approvals/pages/csrf.ts';
import { sessionIdOf, sessionKeys } from '../../functions/approvals/sign-in/session.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import type { Plan } from '../../functions/change/plan.ts';
import { Database, type Item, type ItemKey } from '../../functions/platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { readKillSwitches } from '../../functions/platform/kill-switch-reading.store.ts';
import type { KillSwitchReading } from '../../functions/platform/kill-switch-scope.ts';
import { planOf } from '../approvals/fixtures.ts';
import { answerOf, startProvider, type TestProvider } from '../approvals/oidc-provider.ts';
import { SlackStandIn, slackSecret } from '../approvals/slack-stand-in.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { type Asked, ask, type Question } from './asked.ts';
import { attackedPages, clock, setKillSwitch } from './attacked-pages.ts';
import { cli, idTokenOf, people, sessionCookie } from './attacked-people.ts';
import { type Answer, Visitor } from './visitor.ts';

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
  readonly tables: TestTables;
  readonly provider: TestProvider;
  readonly approvals: ApprovalStore;
  readonly keys = sessionKeys(randomBytes(32).toString('hex'));
  readonly errors: Error[] = [];
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
    await setKillSwitch(tables, 'released', 'attacks begin', 'tests');
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
    const { database, ledger, operations } = tables;
    this.approvals = new ApprovalStore(database, ledger, operations, clock);
    this.pages = attackedPages(tables, {
      approvals: this.approvals,
      issuer,
      keys: this.keys,
      slack: slack && { secretArn: slack.secretArn, apiUrl: slack.standIn.apiUrl },
      isBroken: () => this.#isBroken,
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

  /** Lets somebody else come in between: once, right after an approval was read that often from now on. */
  afterReads({ approvalId }: Pick<Asked, 'approvalId'>, reads: number, act: () => Promise<unknown>): void {
    const { pk, sk } = itemKeys.approval(approvalId);
    const { database } = this.tables;
    let seen = 0;
    const spy = vi.spyOn(database, 'get').mockImplementation(async (table, key) => {
      const item = await Database.prototype.get.call(database, table, key);
      if (key.pk !== pk || key.sk !== sk || ++seen < reads) return item;
      spy.mockRestore();
      await act();
      return item;
    });
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
    return idTokenOf(this.provider.issuer, person);
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

  /** As it stands over what is asked here. */
  async killSwitch(): Promise<KillSwitchReading> {
    const { database, controls } = this.tables;
    return (await readKillSwitches(database, controls, planOf())).reading;
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
