import { createHash, randomBytes } from 'node:crypto';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { type ProviderUser, throughProvider } from '../approvals/oidc-provider.ts';
import { slackTeamId } from '../approvals/slack-stand-in.ts';

export const sessionCookie = '__Host-interlock-session';
/** Where the attacked pages are. */
export const origin = 'https://approvals.example';

/** Whom the provider knows. */
export const people: readonly ProviderUser[] = [
  { id: 'ana', displayName: 'Ana', groups: ['approvers'] },
  { id: 'ben', displayName: 'Ben', groups: ['approvers'] },
  { id: 'olga', displayName: 'Olga', groups: ['approvers'] },
  { id: 'kim', displayName: 'Kim', groups: ['leads'] },
  { id: 'pia', displayName: 'Pia', groups: ['elsewhere'] },
  { id: 'dan', displayName: 'Dan', groups: ['developers'] },
  { id: 'sam', displayName: 'Sam', groups: [] },
];

/** 1 January 2030: until then Sam stands in for Ben. */
export const delegationEndsAt = 1_893_456_000_000;

/** Who may decide what on the attacked pages. */
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
export const cli = {
  client_id: 'attacked-cli',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code'],
  redirect_uris: ['https://cli.example/answer'],
};

/** An ID token that the command line got for somebody at this provider. */
export async function idTokenOf(issuer: string, person: string): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: cli.client_id,
    redirect_uri: cli.redirect_uris[0] ?? '',
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const answer = await throughProvider(issuer, `${issuer}/auth?${query.toString()}`, person);
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
