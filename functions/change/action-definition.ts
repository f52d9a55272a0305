import type * as z from 'zod/mini';
import type { RiskTier } from '../platform/vocabulary.ts';
import type { RollbackPlan, SuccessCriterion, Target } from './plan.ts';

/** Where targets live: what an ARN needs beside the parameters. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** How much one change touches; limits and policies are drawn on it. */
export interface BlastRadius {
  /** How many resources are altered. */
  readonly resources: number;
  /** Share of the target's capacity or traffic that is altered, 0…100 and more when it is raised beyond double. */
  readonly capacityPercent: number;
}

/** The way back. An action without a tested one says why, and is then never automatic. */
export type Reversal<Parameters extends object> =
  | { readonly kind: 'restore-snapshot'; readonly steps: (parameters: Parameters) => string[] }
  | { readonly kind: 'irreversible'; readonly reason: string };

/** One statement of the role that carries the action out, and of the boundary above it. */
export interface Permission {
  /** IAM actions, such as `ecs:UpdateService`. */
  readonly actions: readonly string[];
  /** What they are allowed on: the parts of an ARN, or `*` where the API knows no resource. */
  readonly resource:
    | {
        readonly service: string;
        readonly resource: string;
        readonly resourceName?: string;
        readonly separator?: ':' | '/';
        /** Its ARN names no region, as of IAM. @default false */
        readonly isGlobal?: boolean;
      }
    | '*';
  /** Only what carries this environment's tag. `false` needs a reason in `why`. */
  readonly onlyTagged: boolean;
  /** Why the resource cannot be named more closely. */
  readonly why: string;
}

/** A part of a change that is made and validated before the next. */
export interface ChangeStep {
  /** For people and the ledger, such as `10 % of traffic`. */
  readonly name: string;
  /** What must hold before the next step; the last step is held against all criteria of the plan instead. */
  readonly criteria: readonly SuccessCriterion[];
}

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
  /** How the tier follows from the parameters, in words; for the docs. @default the examples say enough */
  readonly tierRule?: string;
  readonly target: (parameters: Parameters) => Target;
  /** The resource whose owner (a CloudFormation stack?) and tags are looked up. */
  readonly targetArn: (parameters: Parameters, place: Place) => string;
  readonly effect: (parameters: Parameters) => { before: string; after: string };
  readonly blastRadius: (parameters: Parameters) => BlastRadius;
  /** A function where only the parameters tell, as for a runbook that may name its inverse. */
  readonly reversal: Reversal<Parameters> | ((parameters: Parameters) => Reversal<Parameters>);
  /** Criteria that belong to the action itself; the incident's alarm and the workload's probe are added to them. */
  readonly successCriteria: (parameters: Parameters) => SuccessCriterion[];
  /** Steps of a progressive change; fewer than two mean at once, see {@link stepsOf}. */
  readonly steps?: (parameters: Parameters) => readonly ChangeStep[];
  /** What a person does by hand instead, one command or look each. */
  readonly runbook: (parameters: Parameters) => string[];
  /** Statements of the action's own role, beside what every action needs. */
  readonly permissions: readonly Permission[];
  /** Parameters as a plan would carry them: for the docs, the matrix and the tests. At least one. */
  readonly examples: readonly [Parameters, ...Parameters[]];
}

/** Steps of a change with these parameters; none where it is made at once. */
export function stepsOf<Parameters extends object>(
  { steps }: Pick<ActionDefinition<Parameters>, 'steps'>,
  parameters: Parameters,
): readonly ChangeStep[] {
  const stated = steps?.(parameters) ?? [];
  return stated.length < 2 ? [] : stated;
}

/** The way back of a change with these parameters. */
export function reversalOf<Parameters extends object>(
  { reversal }: Pick<ActionDefinition<Parameters>, 'reversal'>,
  parameters: Parameters,
): Reversal<Parameters> {
  return typeof reversal === 'function' ? reversal(parameters) : reversal;
}

/** The way back as a plan carries it. */
export function rollbackPlanOf<Parameters extends object>(
  definition: Pick<ActionDefinition<Parameters>, 'reversal'>,
  parameters: Parameters,
): RollbackPlan {
  const reversal = reversalOf(definition, parameters);
  return reversal.kind === 'irreversible'
    ? reversal
    : { kind: 'restore-snapshot', steps: reversal.steps(parameters) };
}
