import type { Hono } from 'hono';
import type { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import { approvalPages } from '../../functions/approvals/pages/pages.tsx';
import { RateLimitStore } from '../../functions/approvals/pages/rate-limit.store.ts';
import { RefusedVoteStore } from '../../functions/approvals/refused-vote.store.ts';
import { openApiIdentity, openSignIn } from '../../functions/approvals/sign-in/oidc-identity.client.ts';
import { oidcSettings } from '../../functions/approvals/sign-in/oidc-settings.ts';
import type { SessionKeys } from '../../functions/approvals/sign-in/session.ts';
import { openSlack } from '../../functions/approvals/slack/slack.client.ts';
import { readEngagedSwitches } from '../../functions/platform/kill-switch-reading.store.ts';
import { writeKillSwitch } from '../../functions/platform/kill-switch-writing.store.ts';
import type { TestTables } from '../platform/tables.ts';
import { approvers, cli, origin } from './attacked-people.ts';

/** Looked up at each call: a test may have stopped the time since. */
export const clock = (): number => Date.now();

/** What differs from one world to another. */
interface Attacked {
  readonly approvals: ApprovalStore;
  readonly issuer: string;
  readonly keys: SessionKeys;
  readonly slack: { readonly secretArn: string; readonly apiUrl: string } | undefined;
  /** Whether reading an approval fails. */
  readonly isBroken: () => boolean;
  readonly onError: (error: Error) => void;
}

/** The pages, the API and the Slack endpoint over these tables, put together as their Lambda does. */
export function attackedPages(tables: TestTables, attacked: Attacked): Hono {
  const { database, ledger, operations, controls } = tables;
  const { approvals, issuer, slack, isBroken, onError } = attacked;
  const dossiers = new DossierStore(database, ledger, operations);
  const oidc = oidcSettings({
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'interlock-pages',
    OIDC_CLI_CLIENT_ID: cli.client_id,
    PUBLIC_BASE_URL: origin,
    ENVIRONMENT: 'local',
  });
  const keys = async () => attacked.keys;
  const api = openApiIdentity(oidc, clock);
  return approvalPages({
    environment: 'local',
    desk: {
      pending: dossiers.pending,
      recent: dossiers.recent,
      decidedSince: dossiers.decidedSince,
      neverAgain: dossiers.neverAgain,
      incident: dossiers.incident,
      dossier: (approvalId) => {
        if (isBroken()) throw new Error('secret-of-the-error');
        return dossiers.dossier(approvalId);
      },
    },
    approvers,
    clock,
    keys,
    vote: (approvalId, planDigest, vote, authority) =>
      approvals.vote(approvalId, planDigest, vote, authority, 900),
    refusals: new RefusedVoteStore(database, ledger, operations, clock),
    killSwitches: () => readEngagedSwitches(database, controls),
    stopEverything: async ({ id }, reason) => {
      await setKillSwitch(tables, 'engaged', reason, id);
      return 'stopped';
    },
    people: openSignIn(oidc, database, controls, keys, clock),
    ...(api === undefined ? {} : { api }),
    apiSignIn: { issuer, cliClientId: cli.client_id, scopes: 'openid' },
    ...(slack === undefined ? {} : { slack: openSlack({ ...slack, controlsTable: controls }, database) }),
    rate: new RateLimitStore(database, controls, clock),
    strictTransport: true,
    onVote: () => undefined,
    onRefusedVote: () => undefined,
    onError,
  });
}

/** Switches everything, under somebody's name. */
export async function setKillSwitch(
  { ledger, controls }: TestTables,
  state: 'engaged' | 'released',
  reason: string,
  by: string,
): Promise<void> {
  const actor = { kind: 'person', id: by } as const;
  await writeKillSwitch(ledger, controls, { state, scope: 'global', reason, actor }, clock());
}
