import {
  initSync,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  validate,
} from '@cedar-policy/cedar-wasm/web';
import { InterlockError } from '../platform/errors.ts';
import type { PolicyAnswer, PolicyRequest, PolicySet } from './policy-set.ts';

/** Cedar never evicts a parsed set: overwriting one id keeps memory flat. */
const parsedId = 'interlock';

/**
 * The policy boundary: Cedar over one policy set. Deny by default, forbid wins, and an error anywhere denies,
 * because Cedar skips a policy that errors and would otherwise answer from the rest.
 */
export class PolicyEngine {
  readonly #reasons: ReadonlyMap<string, string>;

  /**
   * @param wasm The compiled Cedar module as bytes.
   * @throws InterlockError `policy.unparsable` naming the policy at fault: a function with a broken policy set must not start.
   */
  constructor(wasm: Uint8Array, set: PolicySet) {
    initSync({ module: wasm as Uint8Array<ArrayBuffer> });
    const schema = preparseSchema(parsedId, set.schema);
    if (schema.type === 'failure') throw unparsable('the schema', schema.errors);
    const policies = preparsePolicySet(parsedId, { staticPolicies: { ...set.policies } });
    if (policies.type === 'failure') throw unparsable('the policy set', policies.errors);
    this.#reasons = new Map(Object.entries(set.policies).map(([id, text]) => [id, reasonOf(id, text)]));
  }

  /** Same request, same set, same answer. */
  evaluate(request: PolicyRequest): PolicyAnswer {
    const resource = { type: 'Interlock::Target', id: request.target.key };
    const answer = statefulIsAuthorized({
      principal: { type: 'Interlock::AgentRole', id: request.agentRole },
      action: { type: 'Interlock::Action', id: request.action },
      resource,
      context: { environment: request.environment, tier: request.tier },
      preparsedSchemaName: parsedId,
      preparsedPolicySetId: parsedId,
      validateRequest: true,
      entities: [
        {
          uid: resource,
          attrs: {
            kind: request.target.type,
            name: request.target.id,
            environment: request.targetEnvironment,
          },
          parents: [],
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
    const reason = determiningPolicies.map((id) => this.#reasons.get(id) ?? id).join('; ');
    return { outcome: 'forbidden', determiningPolicies, reason };
  }
}

/** A mistake in the policies that strict validation against the schema found. */
export interface PolicyFault {
  readonly policyId: string;
  readonly message: string;
}

/** Strict validation, at build and publication only: the first call takes 0.2–0.4 s. */
export function validatePolicySet(wasm: Uint8Array, set: PolicySet): PolicyFault[] {
  initSync({ module: wasm as Uint8Array<ArrayBuffer> });
  const answer = validate({
    validationSettings: { mode: 'strict' },
    schema: set.schema,
    policies: { staticPolicies: { ...set.policies } },
  });
  if (answer.type === 'failure')
    return answer.errors.map((error) => ({ policyId: '', message: error.message }));
  return [...answer.validationErrors, ...answer.validationWarnings].map((fault) => ({
    policyId: fault.policyId,
    message: fault.error.message,
  }));
}

/** The words of a policy's `@reason` annotation, for whoever is told no. */
function reasonOf(id: string, text: string): string {
  const parsed = policyToJson(text);
  if (parsed.type === 'failure') throw unparsable(`policy ${id}`, parsed.errors);
  return parsed.json.annotations?.['reason'] ?? id;
}

function unparsable(what: string, errors: readonly { message: string }[]): InterlockError {
  return new InterlockError(
    'policy.unparsable',
    `${what} cannot be parsed: ${errors.map((error) => error.message).join('; ')}`,
  );
}
