import { type ApproverPolicy, parseApproverPolicy } from '../functions/approvals/authority.ts';
import {
  type AutonomyPolicy,
  type Place,
  parseAutonomyPolicy,
} from '../functions/autonomy/autonomy-policy.ts';
import { type BreakGlassPolicy, parseBreakGlassPolicy } from '../functions/autonomy/break-glass-policy.ts';
import { type KnownNames, knownNames } from '../functions/autonomy/known-places.ts';
import { catalogue } from '../functions/change/catalogue.ts';
import { InterlockError } from '../functions/platform/errors.ts';
import { readPolicyFiles } from '../functions/platform/policy-files.store.ts';
import { PolicyArchive } from '../functions/policy/policy-archive.store.ts';
import type { PolicyFiles } from '../functions/policy/policy-files.ts';
import type { Connection } from './connection.ts';
import { printable } from './output.ts';

/** Every policy set that was published on the connected stage. */
export function archiveOf({ database, ledger, tables }: Connection): PolicyArchive {
  return new PolicyArchive(database, ledger, tables);
}

/**
 * The files that the connected stage decides by. What a command may do there must not hang on the checkout it is
 * run from: that may be stale, and whoever runs it can edit it.
 *
 * @throws InterlockError `cli.nothing-published`.
 */
export async function publishedFiles(connection: Connection): Promise<PolicyFiles> {
  const files = await archiveOf(connection).current();
  if (files !== undefined) return files;
  throw new InterlockError(
    'cli.nothing-published',
    `stage ${connection.stage} has no published policies yet, and this command goes by those alone; deploying the stage publishes them, \`interlock policy history\` shows it`,
  );
}

/** The stages that are declared, and the matrix. */
export function autonomyPolicyIn(files: PolicyFiles): AutonomyPolicy {
  return parseAutonomyPolicy(jsonIn(files, 'autonomy.json'));
}

/** Who approves, and who answers for which agent. */
export function approverPolicyIn(files: PolicyFiles): ApproverPolicy {
  return parseApproverPolicy(jsonIn(files, 'approvers.json'));
}

/** Who may break the glass in an environment. */
export function breakGlassPolicyIn(files: PolicyFiles, environment: string): BreakGlassPolicy {
  return parseBreakGlassPolicy(jsonIn(files, 'break-glass.json'), environment);
}

/** Names that the files, the catalogue and the environment know. */
export function knownNamesIn(files: PolicyFiles, environment: string): KnownNames {
  const cedar = Object.entries(files).filter(([name]) => name.endsWith('.cedar'));
  return knownNames(
    autonomyPolicyIn(files),
    cedar.map(([, text]) => text),
    catalogue,
    environment,
  );
}

/** Names that this checkout knows: for what must also work where nothing can be read, such as an emergency stop. */
export function readKnownNames(environment: string): KnownNames {
  return knownNamesIn(readPolicyFiles(), environment);
}

/** @throws InterlockError `cli.unknown-name`. */
export function mustBeKnownPlace(place: Place, names: KnownNames): void {
  mustBeKnown('environment', place.environment, names.environments);
  mustBeKnown('agent role', place.agentRole, names.agentRoles);
  mustBeKnown('action class', place.actionClass, names.actionClasses);
}

/** @throws InterlockError `cli.unknown-name` listing the names there are. */
export function mustBeKnown(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new InterlockError(
    'cli.unknown-name',
    `there is no ${what} ${JSON.stringify(printable(name))}; known are ${known.join(', ')}`,
  );
}

function jsonIn(files: PolicyFiles, name: string): unknown {
  return JSON.parse(files[name] ?? 'null');
}
