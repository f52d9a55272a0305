/** The deployed policies as text: one Cedar policy per file, the file's name is its id. */
export interface PolicySet {
  /** Cedar schema in its human-readable syntax. */
  readonly schema: string;
  /** Policy id → text of exactly one policy. Kept apart so that answers name ids an auditor can look up. */
  readonly policies: Readonly<Record<string, string>>;
}

/** How much was started in an environment since midnight UTC, before what is asked about. */
export interface ChangeHistory {
  readonly changesToday: number;
  readonly changesTodayOfAction: number;
  readonly changesTodayOnTarget: number;
}

/** Parameters that policies see; a record holds more of them. */
export interface PolicyParameters {
  readonly [name: string]: string | number | boolean | PolicyParameters;
}

/** What the boundary is asked: may this role do this to that? All members are closed words or names already parsed. */
export interface PolicyRequest {
  readonly agentRole: string;
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string; readonly key: string };
  /** Where the target lives, as the plan says. */
  readonly targetEnvironment: string;
  /** `undefined`: not known, which is not the same as none. */
  readonly targetTags: Readonly<Record<string, string>> | undefined;
  /** Where this Interlock acts. */
  readonly environment: string;
  readonly tier: string;
  /** The members that the schema of the action has for policies, see `policyParametersOf`. */
  readonly parameters: PolicyParameters;
  /** All text among the parameters, see `parameterTextOf`. */
  readonly parameterText: string;
  /** Whole numbers. */
  readonly blastRadius: { readonly resources: number; readonly capacityPercent: number };
  readonly history: ChangeHistory;
  readonly nowEpochMs: number;
}

/** A temporary permit beside the deployed ones; its expiry stands in its text. */
export interface ExceptionPermit {
  readonly id: string;
  /** Text of exactly one policy. */
  readonly policy: string;
}

/** What the boundary answers. Everything but `permitted` denies. */
export type PolicyAnswer =
  | { readonly outcome: 'permitted'; readonly determiningPolicies: readonly string[] }
  | {
      readonly outcome: 'forbidden';
      readonly determiningPolicies: readonly string[];
      readonly reason: string;
      /** Only policies that ask for the time stand against it: without them it would not be denied for what it is. */
      readonly isClosedNow?: true;
    }
  | { readonly outcome: 'no-permit' }
  | { readonly outcome: 'policy-error'; readonly determiningPolicies: readonly string[] }
  /** Nothing denies it without the target's tags; these policies ask for them, and they are not known. */
  | { readonly outcome: 'tags-unknown'; readonly determiningPolicies: readonly string[] };
