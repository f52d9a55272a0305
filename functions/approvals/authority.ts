import * as z from 'zod/mini';
import { InterlockError } from '../platform/errors.ts';

/** A person, as an identity provider vouches for them at this moment. */
export interface Identity {
  readonly id: string;
  readonly displayName: string;
  readonly groups: readonly string[];
}

const policySchema = z.strictObject({
  version: z.literal(1),
  /** A group may decide these action classes in these environments; `*` means every one. */
  grants: z.array(
    z.strictObject({
      group: z.string().check(z.minLength(1)),
      actionClasses: z.array(z.string().check(z.minLength(1))),
      environments: z.array(z.string().check(z.minLength(1))),
    }),
  ),
  /** Who answers for an agent and therefore may not approve what it asks for. */
  agentOwners: z.array(
    z.strictObject({
      agentRole: z.string().check(z.minLength(1)),
      identityIds: z.array(z.string().check(z.minLength(1))),
    }),
  ),
});

/** Who may decide what: `policies/approvers.json`. */
export type ApproverPolicy = z.output<typeof policySchema>;

/** @throws InterlockError `approvals.invalid-approvers` naming the members at fault. */
export function parseApproverPolicy(json: unknown): ApproverPolicy {
  const parsed = z.safeParse(policySchema, json);
  if (parsed.success) return parsed.data;
  const members = parsed.error.issues.map((issue) => issue.path.join('.') || issue.code).join(', ');
  throw new InterlockError(
    'approvals.invalid-approvers',
    `policies/approvers.json has missing, unknown or malformed members: ${members}`,
  );
}

/** What somebody wants to decide about. */
export interface AuthoritySubject {
  /** Absent when the plan's action is not in the catalogue: nobody may decide it. */
  readonly actionClass?: string;
  readonly environment: string;
  readonly agentRole: string;
}

/** `view` sees the page but may not vote, and is told why; `nothing` is answered as if there were no page. */
export type Authority =
  | { readonly may: 'decide' }
  | { readonly may: 'view'; readonly because: 'owns-the-agent' | 'agent-has-no-owner' | 'is-the-requester' }
  | { readonly may: 'nothing' };

/**
 * Whether this person may decide, at this moment. Denies when anything is unknown: no group with a matching
 * grant, an action outside the catalogue, an agent nobody answers for. The requesting agent and its owners
 * never decide.
 */
export function authorityOver(
  policy: ApproverPolicy,
  identity: Identity,
  subject: AuthoritySubject,
): Authority {
  const { actionClass, environment, agentRole } = subject;
  if (actionClass === undefined) return { may: 'nothing' };
  const granted = policy.grants.some(
    (grant) =>
      identity.groups.includes(grant.group) &&
      covers(grant.actionClasses, actionClass) &&
      covers(grant.environments, environment),
  );
  if (!granted) return { may: 'nothing' };
  if (identity.id === agentRole) return { may: 'view', because: 'is-the-requester' };
  const owners = policy.agentOwners.filter((entry) => entry.agentRole === agentRole);
  if (owners.length === 0) return { may: 'view', because: 'agent-has-no-owner' };
  if (owners.some(({ identityIds }) => identityIds.includes(identity.id))) {
    return { may: 'view', because: 'owns-the-agent' };
  }
  return { may: 'decide' };
}

/** Who answers for which agent. */
export type AgentOwners = ApproverPolicy['agentOwners'];

/**
 * Whether a person answers for an agent, and so must not approve that it may do more.
 *
 * @param person As `personOf` names them: in small letters.
 */
export function ownsAgent(agentOwners: AgentOwners, agentRole: string, person: string): boolean {
  return agentOwners.some(
    (entry) => entry.agentRole === agentRole && entry.identityIds.some((id) => id.toLowerCase() === person),
  );
}

/** Whether this person may read about an environment: anyone who may decide anything there. */
export function mayView(policy: ApproverPolicy, identity: Identity, environment: string): boolean {
  return policy.grants.some(
    (grant) => identity.groups.includes(grant.group) && covers(grant.environments, environment),
  );
}

function covers(granted: readonly string[], asked: string): boolean {
  return granted.includes('*') || granted.includes(asked);
}
