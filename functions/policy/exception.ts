import * as z from 'zod/mini';
import { type AgentOwners, ownsAgent } from '../approvals/authority.ts';
import type { EpochMs } from '../platform/clock.ts';
import { digestOf } from '../platform/digest.ts';
import { personOf } from '../platform/person.ts';
import type { ExceptionState } from '../platform/vocabulary.ts';
import type { ExceptionPermit } from './policy-set.ts';

const dayMs = 86_400_000;
/** What the id of an exception's permit begins with, so that no deployed policy is called like it. */
const permitPrefix = 'exception-';
/** An exception that should last longer is a policy, and belongs into `policies/`. */
export const longestExceptionDays = 30;

/** One line of visible text: nothing that could hide in a terminal, a page or a policy. */
const line = (minimum: number, maximum: number) =>
  z.string().check(z.minLength(minimum), z.maxLength(maximum), z.refine(isVisible));

const requestSchema = z.strictObject({
  /** Who answers for it: a person or team by name. */
  owner: line(2, 100),
  /** Where it is discussed and followed up. */
  ticket: line(2, 100),
  reason: line(10, 500),
  agentRole: line(1, 64),
  action: line(1, 100),
  /** Exactly one target, such as `lambda-alias/checkout:live`. */
  targetKey: z.string().check(z.minLength(3), z.maxLength(512), z.refine(isVisible), z.refine(isOneTarget)),
  environment: line(1, 64),
  expiresAtEpochMs: z.int(),
});

/** What is asked for: one role may do one action on one target of one environment for a while. */
export type ExceptionRequest = z.output<typeof requestSchema>;

export const exceptionStatuses = ['requested', 'approved', 'rejected', 'revoked'] as const;
export type ExceptionStatus = (typeof exceptionStatuses)[number];

/** A temporary override of the allowlist, as stored. It never overrides a forbid. */
export interface PolicyException extends ExceptionRequest {
  readonly exceptionId: string;
  readonly status: ExceptionStatus;
  /** ARN of whoever asked. */
  readonly requestedBy: string;
  readonly requestedAtEpochMs: EpochMs;
  readonly decidedBy?: string;
  readonly decidedAtEpochMs?: EpochMs;
  /** Cedar text of the permit; see {@link exceptionPolicy}. */
  readonly policy: string;
}

export type ParsedRequest =
  | { readonly outcome: 'valid'; readonly request: ExceptionRequest }
  | { readonly outcome: 'invalid'; readonly faults: readonly string[] };

/**
 * Checks what was asked for.
 *
 * @param targetKinds Kinds of target by action of the catalogue: an exception for anything else permits nothing.
 */
export function parseExceptionRequest(
  input: unknown,
  targetKinds: ReadonlyMap<string, readonly string[]>,
  now: EpochMs,
): ParsedRequest {
  const parsed = z.safeParse(requestSchema, input);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path: [member = 'the request'] }) =>
      member === 'targetKey'
        ? 'targetKey does not name exactly one target as kind/name, such as lambda-alias/checkout:live'
        : `${String(member)} is missing, too long or not one line of plain text`,
    );
    return { outcome: 'invalid', faults: [...new Set(faults)] };
  }
  const { action, targetKey, expiresAtEpochMs } = parsed.data;
  const faults: string[] = [];
  const kinds = targetKinds.get(action);
  if (kinds === undefined) {
    faults.push(
      `action ${action} is not in the action catalogue; it has ${[...targetKinds.keys()].join(', ')}`,
    );
  } else if (!kinds.includes(kindOf(targetKey))) {
    const keys = kinds.map((kind) => `${kind}/…`).join(' or ');
    faults.push(`target ${targetKey} is of another kind than those of ${action}, whose keys are ${keys}`);
  }
  if (expiresAtEpochMs <= now) faults.push('it would have expired already; name a later end');
  if (expiresAtEpochMs > now + longestExceptionDays * dayMs) {
    faults.push(
      `it would last longer than ${longestExceptionDays} days; name an earlier end, or change the policy`,
    );
  }
  return faults.length === 0 ? { outcome: 'valid', request: parsed.data } : { outcome: 'invalid', faults };
}

/** What a target's key says before its first `/`. */
export function kindOf(targetKey: string): string {
  return targetKey.slice(0, targetKey.indexOf('/'));
}

/** The same request at the same instant is the same exception: a repeated write adds nothing. */
export function exceptionIdFor(request: ExceptionRequest, requestedBy: string, now: EpochMs): string {
  return `exc-${digestOf([request, requestedBy, now]).slice(0, 20)}`;
}

/** The permit that an exception stands for. Every name is an escaped string: none of them can add a clause. */
export function exceptionPolicy(exception: ExceptionRequest & { readonly exceptionId: string }): string {
  const { exceptionId, owner, ticket, reason, agentRole, action, targetKey, environment } = exception;
  const until = new Date(exception.expiresAtEpochMs).toISOString();
  return `@reason(${cedarString(`exception ${exceptionId} (${ticket}, ${owner}): ${reason}`)})
permit (
  principal == Interlock::AgentRole::${cedarString(agentRole)},
  action == Interlock::Action::${cedarString(action)},
  resource == Interlock::Target::${cedarString(targetKey)}
)
when {
  resource.environment == ${cedarString(environment)} &&
  context.environment == ${cedarString(environment)} &&
  context.time.now < datetime("${until}")
};
`;
}

/** A Cedar string literal: all but harmless ASCII is written as a code point. */
function cedarString(text: string): string {
  const escaped = text.replaceAll(
    /[^A-Za-z0-9 _.,:;/#()@+=%&-]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? 'fffd'}}`,
  );
  return `"${escaped}"`;
}

export type MayDecide =
  | { readonly outcome: 'may' }
  | { readonly outcome: 'refused'; readonly reason: string };

/** Statuses from which each decision may be made. */
const decidableFrom = {
  approved: ['requested'],
  rejected: ['requested'],
  revoked: ['requested', 'approved'],
} as const satisfies Readonly<Record<string, readonly ExceptionStatus[]>>;
export type ExceptionDecision = keyof typeof decidableFrom;

/**
 * Whether this person may decide: a second one approves or rejects, and not the agent's owner approves; whoever
 * wants less may always revoke.
 */
export function mayDecide(
  exception: PolicyException,
  person: string,
  decision: ExceptionDecision,
  agentOwners: AgentOwners,
  now: EpochMs,
): MayDecide {
  const { exceptionId, status, requestedBy, agentRole, expiresAtEpochMs } = exception;
  if (!(decidableFrom[decision] as readonly ExceptionStatus[]).includes(status)) {
    return refused(`exception ${exceptionId} is ${status} and cannot be ${decision} any more`);
  }
  if (decision === 'revoked') return { outcome: 'may' };
  const [first, second] = [personOf(requestedBy), personOf(person)];
  if (second === undefined) return refused('it is not known who you are; check your AWS credentials');
  if (first === undefined || first === second) {
    return refused(`exception ${exceptionId} was requested by ${requestedBy}; a second person has to decide`);
  }
  if (decision === 'approved' && ownsAgent(agentOwners, agentRole, second)) {
    return refused(
      `agent-owner: you answer for ${agentRole} (policies/approvers.json); somebody else has to approve exception ${exceptionId}`,
    );
  }
  if (decision === 'approved' && expiresAtEpochMs <= now) {
    return refused(`exception ${exceptionId} has expired; request a new one`);
  }
  return { outcome: 'may' };
}

function refused(reason: string): MayDecide {
  return { outcome: 'refused', reason };
}

/** How an exception stands at this moment; it is in force strictly before its end. */
export function exceptionState(
  { status, expiresAtEpochMs }: Pick<PolicyException, 'status' | 'expiresAtEpochMs'>,
  now: EpochMs,
): ExceptionState {
  // Not `end <= now`: an end that is no instant has passed.
  const isOver = !(now < expiresAtEpochMs);
  if (status === 'approved') return isOver ? 'expired' : 'in-force';
  if (status === 'requested') return isOver ? 'lapsed' : 'waiting';
  return status;
}

/** How an exception stands in the register. */
export interface ExceptionAge {
  readonly state: ExceptionState;
  /** Whole days since it was requested. */
  readonly ageDays: number;
  /** Whole days until it expires, rounded down; negative once it has. */
  readonly daysLeft: number;
}

export function exceptionAge(exception: PolicyException, now: EpochMs): ExceptionAge {
  const { requestedAtEpochMs, expiresAtEpochMs } = exception;
  return {
    state: exceptionState(exception, now),
    ageDays: Math.floor((now - requestedAtEpochMs) / dayMs),
    daysLeft: Math.floor((expiresAtEpochMs - now) / dayMs),
  };
}

/** What a decision is about, as far as exceptions can be drawn on it. */
export interface ExceptionScope {
  readonly agentRole: string;
  readonly action: string;
  readonly targetKey: string;
  readonly environment: string;
}

/** Whether a stored exception may add its permit to a decision of this scope; its text is written anew, not believed. */
export function permitOf(
  stored: Readonly<Record<string, unknown>>,
  scope: ExceptionScope,
  now: EpochMs,
): ExceptionPermit | undefined {
  if (stored['status'] !== 'approved' || typeof stored['exceptionId'] !== 'string') return undefined;
  const { exceptionId } = stored;
  const names = Object.keys(requestSchema.def.shape);
  const parsed = z.safeParse(requestSchema, Object.fromEntries(names.map((name) => [name, stored[name]])));
  if (!parsed.success) return undefined;
  const request = parsed.data;
  const isOurs =
    request.agentRole === scope.agentRole &&
    request.action === scope.action &&
    request.targetKey === scope.targetKey &&
    request.environment === scope.environment;
  if (!isOurs || request.expiresAtEpochMs <= now) return undefined;
  const policy = exceptionPolicy({ ...request, exceptionId });
  return stored['policy'] === policy ? { id: `${permitPrefix}${exceptionId}`, policy } : undefined;
}

function isVisible(text: string): boolean {
  return text.isWellFormed() && text.trim() === text && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
}

/** A star would name every target to whoever reads it, and one target of that name to Cedar. */
function isOneTarget(text: string): boolean {
  return text.includes('/') && !text.includes('*');
}

/** The exception behind the id of its permit, as decisions name it. */
export function exceptionIdOf(permitId: string): string {
  return permitId.startsWith(permitPrefix) ? permitId.slice(permitPrefix.length) : permitId;
}
