import * as z from 'zod/mini';
import { parseJson } from '../platform/parse-json.ts';
import { type AutonomyStage, autonomyStages } from '../platform/vocabulary.ts';
import type { Place } from './autonomy-policy.ts';
import { placeName } from './stage.ts';

/** A place whose declared stage a publication changes. */
export interface DeclarationChange extends Place {
  readonly stage: AutonomyStage;
  readonly previous: AutonomyStage;
}

/** Only what declares: an archived file may have been written for an earlier matrix. */
const declarations = z.object({
  stages: z.array(
    z.object({
      environment: z.string(),
      agentRole: z.string(),
      actionClass: z.string(),
      stage: z.enum(autonomyStages),
    }),
  ),
});

/**
 * What two versions of `policies/autonomy.json` declare differently, in order of place. What is not declared is
 * `observe`, and so is everything in a file that is missing or cannot be read.
 */
export function declarationChanges(
  before: string | undefined,
  after: string | undefined,
): DeclarationChange[] {
  const [old, now] = [declaredIn(before), declaredIn(after)];
  return [...new Map([...old, ...now])]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { environment, agentRole, actionClass }]) => ({
      environment,
      agentRole,
      actionClass,
      stage: now.get(name)?.stage ?? 'observe',
      previous: old.get(name)?.stage ?? 'observe',
    }))
    .filter(({ stage, previous }) => stage !== previous);
}

function declaredIn(text: string | undefined) {
  const parsed = z.safeParse(declarations, parseJson(text));
  return new Map((parsed.success ? parsed.data.stages : []).map((entry) => [placeName(entry), entry]));
}
