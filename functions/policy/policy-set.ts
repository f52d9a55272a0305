/** The deployed policies as text: one Cedar policy per file, the file's name is its id. */
export interface PolicySet {
  /** Cedar schema in its human-readable syntax. */
  readonly schema: string;
  /** Policy id → text of exactly one policy. Kept apart so that answers name ids an auditor can look up. */
  readonly policies: Readonly<Record<string, string>>;
}

/** What the boundary is asked: may this role do this to that? All members are closed words or names already parsed. */
export interface PolicyRequest {
  readonly agentRole: string;
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string; readonly key: string };
  /** Where the target lives, as the plan says. */
  readonly targetEnvironment: string;
  /** Where this Interlock acts. */
  readonly environment: string;
  readonly tier: string;
}

/** What the boundary answers. Everything but `permitted` denies. */
export type PolicyAnswer =
  | { readonly outcome: 'permitted'; readonly determiningPolicies: readonly string[] }
  | {
      readonly outcome: 'forbidden';
      readonly determiningPolicies: readonly string[];
      readonly reason: string;
    }
  | { readonly outcome: 'no-permit' }
  | { readonly outcome: 'policy-error'; readonly determiningPolicies: readonly string[] };
