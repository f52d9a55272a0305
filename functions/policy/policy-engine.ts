import {
  type CedarValueJson,
  initSync,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/web';
import { InterlockError } from '../platform/errors.ts';
import type { ExceptionPermit, PolicyAnswer, PolicyRequest, PolicySet } from './policy-set.ts';
import { policiesAskingForTags, type TagPolicy } from './policy-tags.ts';
import { policyTimeOf } from './policy-time.ts';
import { policiesAskingForTime } from './policy-time-asked.ts';

/** Cedar never evicts what it parsed: overwriting these few names keeps memory flat, whatever is asked. */
const schemaName = 'interlock';
const deployedName = 'interlock';
const extendedName = 'interlock-with-exceptions';
const timelessName = 'interlock-without-forbids-by-time';

/** What each name holds now. Cedar's names are global: an engine parses again when another one took them over. */
const parsed = new Map<string, unknown>();

/**
 * The policy boundary: Cedar over one policy set. Deny by default, forbid wins, and an error anywhere denies,
 * because Cedar skips a policy that errors and would otherwise answer from the rest.
 */
export class PolicyEngine {
  /** Whether the answer may be another one at another time, exceptions aside. */
  readonly asksForTime: boolean;
  readonly #set: PolicySet;
  readonly #askingForTags: readonly TagPolicy[];
  readonly #forbidsByTime: readonly string[];

  /**
   * @param wasm The compiled Cedar module as bytes.
   * @throws InterlockError `policy.unparsable` naming the policy at fault: a function with a broken policy set must not start.
   */
  constructor(wasm: Uint8Array, set: PolicySet) {
    initSync({ module: wasm as Uint8Array<ArrayBuffer> });
    this.#set = set;
    this.#useDeployed();
    this.#askingForTags = policiesAskingForTags(set.policies);
    const askingForTime = policiesAskingForTime(set.policies);
    this.asksForTime = askingForTime.length > 0;
    this.#forbidsByTime = askingForTime.filter((id) => !isPermit(set.policies[id] ?? ''));
  }

  /**
   * Same request, same set, same exceptions, same answer. Tags that are not known deny as soon as a policy asks
   * for them: nothing is permitted that some tags would forbid.
   *
   * @param exceptions Permits beside the set; a forbid of the set overrides each of them.
   */
  evaluate(request: PolicyRequest, exceptions: readonly ExceptionPermit[] = []): PolicyAnswer {
    try {
      this.#useDeployed();
      const isExtended = exceptions.length > 0;
      if (isExtended && !this.#useExtended(exceptions)) {
        return { outcome: 'policy-error', determiningPolicies: exceptions.map(({ id }) => id).toSorted() };
      }
      const answer = this.#answer(request, isExtended ? extendedName : deployedName, exceptions);
      return answer.outcome === 'forbidden' && this.#isClosedNow(answer, request, exceptions)
        ? { ...answer, isClosedNow: true }
        : answer;
    } catch {
      return { outcome: 'policy-error', determiningPolicies: [] };
    }
  }

  #answer(request: PolicyRequest, name: string, exceptions: readonly ExceptionPermit[]): PolicyAnswer {
    if (request.targetTags !== undefined) return this.#ask(request, request.targetTags, name);
    return this.#whateverTheTags(this.#ask(request, {}, name), [
      ...this.#askingForTags,
      ...policiesAskingForTags(policiesOf(exceptions)),
    ]);
  }

  /** Asked once more without the forbids by time: behind a freeze stands also what no policy permits on any day. */
  #isClosedNow(
    { determiningPolicies }: { readonly determiningPolicies: readonly string[] },
    request: PolicyRequest,
    exceptions: readonly ExceptionPermit[],
  ): boolean {
    if (!determiningPolicies.every((id) => this.#forbidsByTime.includes(id))) return false;
    const lasting = Object.entries(this.#set.policies).filter(([id]) => !this.#forbidsByTime.includes(id));
    const policies = { ...Object.fromEntries(lasting), ...policiesOf(exceptions) };
    if (!prepare(timelessName, keyOf(exceptions), policies)) return false;
    const { outcome } = this.#answer(request, timelessName, exceptions);
    return outcome === 'permitted' || outcome === 'tags-unknown';
  }

  #ask(request: PolicyRequest, tags: PolicyTags, preparsedPolicySetId: string): PolicyAnswer {
    const resource = { type: 'Interlock::Target', id: request.target.key };
    const answer = statefulIsAuthorized({
      principal: { type: 'Interlock::AgentRole', id: request.agentRole },
      action: { type: 'Interlock::Action', id: request.action },
      resource,
      context: contextOf(request),
      preparsedSchemaName: schemaName,
      preparsedPolicySetId,
      validateRequest: true,
      entities: [
        {
          uid: resource,
          attrs: {
            kind: request.target.type,
            name: request.target.id,
            nameLower: request.target.id.toLowerCase(),
            environment: request.targetEnvironment,
          },
          parents: [],
          tags: { ...tags },
        },
      ],
    });
    if (answer.type === 'failure') return { outcome: 'policy-error', determiningPolicies: [] };
    const { decision, diagnostics } = answer.response;
    const determiningPolicies = diagnostics.reason.toSorted();
    if (diagnostics.errors.length > 0) {
      return {
        outcome: 'policy-error',
        determiningPolicies: diagnostics.errors.map((error) => error.policyId).toSorted(),
      };
    }
    if (decision === 'allow') return { outcome: 'permitted', determiningPolicies };
    if (determiningPolicies.length === 0) return { outcome: 'no-permit' };
    return this.#forbidden(determiningPolicies);
  }

  /** What of an answer to a target without tags holds for every other tags too; the rest is not known. */
  #whateverTheTags(answer: PolicyAnswer, asking: readonly TagPolicy[]): PolicyAnswer {
    if (asking.length === 0 || answer.outcome === 'policy-error') return answer;
    const ids = asking.map(({ id }) => id);
    if (answer.outcome === 'forbidden') {
      const anyway = answer.determiningPolicies.filter((id) => !ids.includes(id));
      if (anyway.length > 0) return this.#forbidden(anyway);
    }
    if (answer.outcome === 'no-permit' && asking.every(({ effect }) => effect === 'forbid')) return answer;
    return { outcome: 'tags-unknown', determiningPolicies: ids };
  }

  #forbidden(determiningPolicies: readonly string[]): PolicyAnswer {
    const reason = determiningPolicies.map((id) => reasonOf(id, this.#set.policies[id] ?? '')).join('; ');
    return { outcome: 'forbidden', determiningPolicies, reason };
  }

  #useDeployed(): void {
    if (parsed.get(deployedName) === this.#set) return;
    parsed.clear();
    const schema = preparseSchema(schemaName, this.#set.schema);
    if (schema.type === 'failure') throw unparsable('the schema', schema.errors);
    const policies = preparsePolicySet(deployedName, { staticPolicies: { ...this.#set.policies } });
    if (policies.type === 'failure') throw unparsable('the policy set', policies.errors);
    parsed.set(deployedName, this.#set);
  }

  /** False when an exception is no policy of its own: it cannot be read, or it takes a deployed one's name. */
  #useExtended(exceptions: readonly ExceptionPermit[]): boolean {
    const key = keyOf(exceptions);
    if (parsed.get(extendedName) === key) return true;
    if (new Set(exceptions.map(({ id }) => id)).size < exceptions.length) return false;
    if (exceptions.some(({ id, policy }) => Object.hasOwn(this.#set.policies, id) || !isPermit(policy)))
      return false;
    return prepare(extendedName, key, { ...this.#set.policies, ...policiesOf(exceptions) });
  }
}

/** Has Cedar parse a set that is derived from the deployed one, unless the name holds it. False: it cannot be read. */
function prepare(name: string, key: string, staticPolicies: Readonly<Record<string, string>>): boolean {
  if (parsed.get(name) === key) return true;
  parsed.delete(name);
  if (preparsePolicySet(name, { staticPolicies: { ...staticPolicies } }).type === 'failure') return false;
  parsed.set(name, key);
  return true;
}

function keyOf(exceptions: readonly ExceptionPermit[]): string {
  return JSON.stringify(exceptions.map(({ id, policy }) => [id, policy]));
}

function policiesOf(exceptions: readonly ExceptionPermit[]): Readonly<Record<string, string>> {
  return Object.fromEntries(exceptions.map(({ id, policy }) => [id, policy]));
}

type PolicyTags = NonNullable<PolicyRequest['targetTags']>;

/** What policies see of a request beside its principal, action and resource. */
export function contextOf(request: PolicyRequest) {
  const { weekday, hourUtc, monthDay } = policyTimeOf(request.nowEpochMs);
  const now = { __extn: { fn: 'datetime', arg: new Date(request.nowEpochMs).toISOString() } };
  return {
    environment: request.environment,
    tier: request.tier,
    parameters: request.parameters as Record<string, CedarValueJson>,
    textLower: request.parameterText,
    blastRadius: { ...request.blastRadius },
    history: { ...request.history },
    time: { now, weekday, hourUtc, monthDay },
  };
}

function isPermit(text: string): boolean {
  const policy = policyToJson(text);
  return policy.type === 'success' && policy.json.effect === 'permit';
}

/** The words of a policy's `@reason` annotation, for whoever is told no. */
function reasonOf(id: string, text: string): string {
  const policy = policyToJson(text);
  return policy.type === 'success' ? (policy.json.annotations?.['reason'] ?? id) : id;
}

function unparsable(what: string, errors: readonly { message: string }[]): InterlockError {
  return new InterlockError(
    'policy.unparsable',
    `${what} cannot be parsed: ${errors.map((error) => error.message).join('; ')}`,
  );
}
