import type { EngagedSwitches } from '../../platform/kill-switch-scope.ts';
import type { Identity } from '../authority.ts';
import type { DecisionPorts } from '../decide-approval.ts';
import type { ApprovalDesk } from '../dossier.ts';
import type { VoteReports } from '../report-vote.ts';
import type { ApiIdentity } from '../sign-in/api-identity.ts';
import type { IdentityProvider } from '../sign-in/identity.ts';
import type { SessionKeys } from '../sign-in/session.ts';
import type { SlackPorts } from '../slack/slack-ports.ts';

/** What the pages need from the outside. */
export interface PagesPorts extends DecisionPorts, VoteReports {
  readonly environment: string;
  readonly desk: ApprovalDesk;
  /** Every kill switch that is engaged, as they stand at this moment. */
  readonly killSwitches: () => Promise<EngagedSwitches>;
  /** Has the global kill switch engaged under this person's name, with its ledger entry. */
  readonly stopEverything: (by: Identity, reason: string) => Promise<Stopping>;
  readonly people: IdentityProvider;
  /** Who sent a request of the command line; absent where the stage has no identity provider for it. */
  readonly api?: ApiIdentity;
  /** What the command line needs to sign somebody in; absent where `api` is. */
  readonly apiSignIn?: ApiSignIn;
  /** Absent where no Slack application is configured. */
  readonly slack?: SlackPorts;
  readonly rate: RateLimit;
  readonly keys: () => Promise<SessionKeys>;
  /** Tells browsers to come by TLS only. Off for a local stage: it would hold for every port of `localhost`. */
  readonly strictTransport: boolean;
}

/** How far stopping everything has come: the switch is engaged, or there is no answer yet and it goes on. */
export type Stopping = 'stopped' | 'under-way';

/** The command line's client at the identity provider. Public: it holds no secret. */
export interface ApiSignIn {
  readonly issuer: string;
  readonly cliClientId: string;
  /** Separated by spaces. */
  readonly scopes: string;
}

/** Counts what changes something, per address and per identity. Reading is never counted. */
export interface RateLimit {
  /** @param caller An IP address, or an identity id. */
  take(kind: 'address' | 'identity', caller: string): Promise<'allowed' | 'limited'>;
}
