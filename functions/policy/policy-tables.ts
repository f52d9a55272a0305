import { type ActionDefinition, reversalOf } from '../change/action-definition.ts';
import { catalogue, resolveAction } from '../change/catalogue.ts';
import { type CaseAction, type CaseFailure, failureOf, type PolicyCase, requestOf } from './policy-case.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { parameterTextOf, policyParametersOf } from './policy-schema.ts';

/** How a run of the tables went. */
export interface TableReport {
  readonly cases: number;
  readonly failures: readonly CaseFailure[];
  /** Policies that decided at least one case. */
  readonly determining: ReadonlySet<string>;
  /** The tags of targets that cases are about, as given. */
  readonly tags: readonly Readonly<Record<string, string>>[];
}

/** Asks every case and holds the answers against what it expects. */
export function runPolicyCases(engine: PolicyEngine, cases: readonly PolicyCase[]): TableReport {
  const failures: CaseFailure[] = [];
  const determining = new Set<string>();
  for (const given of cases) {
    const request = requestOf(given, caseAction);
    if (typeof request === 'string') {
      failures.push({ case: given.case, expected: given.expect, actual: request });
      continue;
    }
    const answer = engine.evaluate(request);
    // Who asks for tags that nobody could read has not decided anything yet.
    if (answer.outcome !== 'no-permit' && answer.outcome !== 'tags-unknown')
      for (const id of answer.determiningPolicies) determining.add(id);
    const failure = failureOf(given, answer);
    if (failure !== undefined) failures.push(failure);
  }
  const tags = cases.flatMap((given) => (typeof given.tags === 'object' ? [given.tags] : []));
  return { cases: cases.length, failures, determining, tags };
}

/** An action of the catalogue with its first example's parameters, those given put over them. */
function caseAction(id: string, over: Readonly<Record<string, unknown>>): CaseAction | string {
  const definition = catalogue.find((known) => known.id === id);
  if (definition === undefined) return `action ${id} is not in the action catalogue`;
  const resolved = resolveAction(id, { ...definition.examples[0], ...over });
  if (resolved.outcome !== 'resolved') return `the parameters do not fit the schema of ${id}`;
  return describe(definition, resolved.parameters);
}

function describe(definition: ActionDefinition, parameters: object): CaseAction {
  return {
    target: definition.target(parameters),
    tier: definition.tier(parameters),
    parameters: policyParametersOf(definition.parametersJsonSchema, parameters),
    parameterText: parameterTextOf(parameters),
    blastRadius: definition.blastRadius(parameters),
  };
}

/** One example of the catalogue as policies and the matrix see it. */
export interface CatalogueExample extends CaseAction {
  readonly action: string;
  readonly actionClass: string;
  readonly isIrreversible: boolean;
}

/** Every example of every action, in catalogue order. */
export function catalogueExamples(): CatalogueExample[] {
  return catalogue.flatMap((definition) =>
    definition.examples.map((parameters) => ({
      ...describe(definition, parameters),
      action: definition.id,
      actionClass: definition.actionClass,
      isIrreversible: reversalOf(definition, parameters).kind === 'irreversible',
    })),
  );
}
