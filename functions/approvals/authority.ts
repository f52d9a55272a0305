import * as z from 'zod/mini';
import type { EpochMs } from '../platform/clock.ts';
import { InterlockError } from '../platform/errors.ts';
import { malformedMembers } from '../platform/malformed-members.ts';

/** A person, as an identity provider vouches for them at this moment. */
export interface Identity {
  /** The one name that counts: in delegations, in votes, and where people are counted. */
  readonly id: string;
  readonly displayName: string;
  readonly groups: readonly string[];
  /**
   * What else the provider calls them, such as their verified e-mail address. Whoever one of these excludes does
   * not decide; nothing is granted by them. @default none
   */
  readonly aliases?: readonly string[];
}

const name = z.string().check(z.minLength(1), z.maxLength(256));

const policySchema = z.strictObject({
  version: z.literal(1),
  /** A group may decide these action classes in these environments; `*` means every one. */
  grants: z.array(
    z.strictObject({
      group: name,
      actionClasses: z.array(name),
      environments: z.array(name),
      /** `escalation`: only for an approval that nobody decided by its escalation time. @default from the start */
      joins: z.optional(z.enum(['start', 'escalation'])),
    }),
  ),
  /** One person stands in for another, with that person's authority through these groups, until an instant. */
  delegations: z.optional(
    z.array(
      z.strictObject({
        from: name,
        to: name,
        groups: z.array(name).check(z.minLength(1)),
        /** ISO 8601 with a zone: at this instant it has ended. */
        until: z.iso.datetime({ offset: true }),
      }),
    ),
  ),
  /** Who a Slack user is. Without an entry a Slack user is nobody here. */
  slackUsers: z.optional(z.array(z.strictObject({ teamId: name, userId: name, identityId: name }))),
  /** Who answers for an agent and therefore may not approve what it asks for. */
  agentOwners: z.array(
    z.strictObject({
      agentRole: name,
      identityIds: z.array(name),
    }),
  ),
});

/** Who may decide what: `policies/approvers.json`. */
export type ApproverPolicy = z.output<typeof policySchema>;

/** @throws InterlockError `approvals.invalid-approvers` naming the members at fault. */
export function parseApproverPolicy(json: unknown): ApproverPolicy {
  const parsed = z.safeParse(policySchema, json);
  if (parsed.success) return parsed.data;
  const members = malformedMembers(parsed.error);
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
  /** The person who asked for it, where the signal came from one. */
  readonly requestedBy?: string;
  /** Whoever last changed the target, where its tag {@link changedByTag} says so. */
  readonly changedBy?: string;
  /** From this instant on the groups that join at escalation may decide too. */
  readonly escalateAtEpochMs: EpochMs;
}

/** Tag of a target that names the person whose change is live there; a deployment pipeline sets it. */
export const changedByTag = 'interlock:changed-by';

/** `view` sees the page but may not vote, and is told why; `nothing` is answered as if there were no page. */
export type Authority =
  | {
      readonly may: 'decide';
      /** The person whose authority is used, where it is not one's own: their votes and this one count once. */
      readonly onBehalfOf?: string;
    }
  | { readonly may: 'view'; readonly because: Exclusion }
  | { readonly may: 'nothing' };

/** Why somebody whose group may decide may not decide this. */
export type Exclusion =
  | 'owns-the-agent'
  | 'agent-has-no-owner'
  | 'is-the-requester'
  | 'made-the-change'
  /** Their group is asked once the approval escalates. */
  | 'not-yet-escalated';

/**
 * Whether this person may decide, at this moment. Denies when anything is unknown: no group with a matching
 * grant, an action outside the catalogue, an agent nobody answers for. The requesting agent, its owners, the
 * person who asked for it and the person whose change it is about never decide, neither by themselves nor
 * through somebody who stands in for them; of whom somebody stands in for, the name in the policy alone is known.
 * One's own authority goes before a delegated one.
 */
export function authorityOver(
  policy: ApproverPolicy,
  identity: Identity,
  subject: AuthoritySubject,
  now: EpochMs,
): Authority {
  const own = authorityThrough(policy, identity, subject, now);
  // Whoever is excluded stays so, whoever they stand in for.
  if (own.may === 'decide' || exclusionOf(policy, identity, subject) !== undefined) return own;
  for (const { from: id, groups } of delegationsTo(policy, identity, now)) {
    if (authorityThrough(policy, { id, groups }, subject, now).may === 'decide') {
      return { may: 'decide', onBehalfOf: id };
    }
  }
  return own;
}

/** What somebody may use of others' authority at this moment. */
function delegationsTo({ delegations = [] }: ApproverPolicy, { id }: Identity, now: EpochMs) {
  return delegations.filter(
    ({ from, to, until }) => samePerson(to, id) && !samePerson(from, to) && now < Date.parse(until),
  );
}

/** What of an {@link Identity} authority and exclusions go by. */
type Person = Pick<Identity, 'id' | 'groups' | 'aliases'>;

function authorityThrough(
  policy: ApproverPolicy,
  person: Person,
  subject: AuthoritySubject,
  now: EpochMs,
): Authority {
  const { actionClass, environment } = subject;
  if (actionClass === undefined) return { may: 'nothing' };
  const granted = policy.grants.filter(
    (grant) =>
      person.groups.includes(grant.group) &&
      covers(grant.actionClasses, actionClass) &&
      covers(grant.environments, environment),
  );
  if (granted.length === 0) return { may: 'nothing' };
  const because = exclusionOf(policy, person, subject);
  if (because !== undefined) return { may: 'view', because };
  const isAsked = granted.some(({ joins }) => joins !== 'escalation' || now >= subject.escalateAtEpochMs);
  return isAsked ? { may: 'decide' } : { may: 'view', because: 'not-yet-escalated' };
}

function exclusionOf(
  policy: ApproverPolicy,
  { id, aliases = [] }: Person,
  { agentRole, requestedBy, changedBy }: AuthoritySubject,
): Exclusion | undefined {
  const names = [id, ...aliases];
  const isCalled = (other: string | undefined) => names.some((each) => samePerson(each, other));
  if (isCalled(agentRole) || isCalled(requestedBy)) return 'is-the-requester';
  if (isCalled(changedBy)) return 'made-the-change';
  const { agentOwners } = policy;
  if (!agentOwners.some((entry) => entry.agentRole === agentRole)) return 'agent-has-no-owner';
  return names.some((each) => ownsAgent(agentOwners, agentRole, each)) ? 'owns-the-agent' : undefined;
}

/** Providers and people differ in how they capitalise a name; nobody is two people by that. */
export function samePerson(one: string, other: string | undefined): boolean {
  return other !== undefined && one.toLowerCase() === other.toLowerCase();
}

/** Who answers for which agent. */
export type AgentOwners = ApproverPolicy['agentOwners'];

/** Whether a person answers for an agent, and so must not approve what it asks for or that it may do more. */
export function ownsAgent(agentOwners: AgentOwners, agentRole: string, person: string): boolean {
  return agentOwners.some(
    (entry) => entry.agentRole === agentRole && entry.identityIds.some((id) => samePerson(id, person)),
  );
}

/**
 * Whether this person may read about an environment, and stop everything in it: anyone who may decide anything
 * there, by themselves or for somebody else.
 */
export function mayView(
  policy: ApproverPolicy,
  identity: Identity,
  environment: string,
  now: EpochMs,
): boolean {
  const lent = delegationsTo(policy, identity, now).flatMap(({ groups }) => groups);
  const groups = new Set([...identity.groups, ...lent]);
  return policy.grants.some((grant) => groups.has(grant.group) && covers(grant.environments, environment));
}

function covers(granted: readonly string[], asked: string): boolean {
  return granted.includes('*') || granted.includes(asked);
}

/** Which groups are asked about something. */
export interface AskedGroups {
  /** From the start. */
  readonly now: readonly string[];
  /** Once the approval escalates, besides those. */
  readonly atEscalation: readonly string[];
}

/** Whose members may decide, for people to see whom to call; each group once. Nobody, where the action is unknown. */
export function askedGroups(
  policy: ApproverPolicy,
  { actionClass, environment }: AuthoritySubject,
): AskedGroups {
  if (actionClass === undefined) return { now: [], atEscalation: [] };
  const asked = policy.grants.filter(
    (grant) => covers(grant.actionClasses, actionClass) && covers(grant.environments, environment),
  );
  const groups = (given: typeof asked) => new Set(given.map(({ group }) => group));
  const now = groups(asked.filter(({ joins }) => joins !== 'escalation'));
  return { now: [...now], atEscalation: [...groups(asked)].filter((group) => !now.has(group)) };
}
