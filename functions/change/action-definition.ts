import type * as z from 'zod/mini';
import type { RiskTier } from '../platform/vocabulary.ts';
import type { SuccessCriterion, Target } from './plan.ts';

/**
 * One kind of change that an agent may propose. Pure: what it means, how dangerous it is, and what must be
 * true afterwards. Its effect is made by the Lambda beside it, on that Lambda's own role.
 */
export interface ActionDefinition<Parameters extends object = object> {
  /** `service.verb-noun`, the name a plan uses. */
  readonly id: string;
  /** What autonomy stages and approvers are set for. */
  readonly actionClass: string;
  /** One sentence for the model and the approver. */
  readonly summary: string;
  /** Strict: an unknown member refuses the plan. */
  readonly parameters: z.ZodMiniType<Parameters>;
  /** JSON Schema of `parameters`, shown to the model. */
  readonly parametersJsonSchema: object;
  readonly tier: (parameters: Parameters) => RiskTier;
  readonly target: (parameters: Parameters) => Target;
  readonly effect: (parameters: Parameters) => { before: string; after: string };
  readonly rollbackSteps: (parameters: Parameters) => string[];
  /** Criteria that belong to the action itself; the incident's alarm and the workload's probe are added to them. */
  readonly successCriteria: (parameters: Parameters) => SuccessCriterion[];
}
