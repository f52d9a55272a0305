import { type ApproverPolicy, parseApproverPolicy } from '../functions/approvals/authority.ts';
import { type AutonomyPolicy, parseAutonomyPolicy } from '../functions/autonomy/autonomy-policy.ts';
import { type BreakGlassPolicy, parseBreakGlassPolicy } from '../functions/autonomy/break-glass-policy.ts';
import { type KnownNames, knownNames } from '../functions/autonomy/known-places.ts';
import { catalogue } from '../functions/change/catalogue.ts';
import { InterlockError } from '../functions/platform/errors.ts';
import { readPolicyFiles } from '../functions/platform/policy-files.store.ts';
import { printable } from './output.ts';

/** The stages that this checkout declares. */
export function readAutonomyPolicy(): AutonomyPolicy {
  return parseAutonomyPolicy(readPolicy('autonomy.json'));
}

/** Who approves, and who answers for which agent. */
export function readApproverPolicy(): ApproverPolicy {
  return parseApproverPolicy(readPolicy('approvers.json'));
}

/** Who may break the glass in the connected environment. */
export function readBreakGlassPolicy(environment: string): BreakGlassPolicy {
  return parseBreakGlassPolicy(readPolicy('break-glass.json'), environment);
}

/** Names that this checkout and the connected environment know. */
export function readKnownNames(environment: string): KnownNames {
  const cedar = Object.entries(readPolicyFiles()).filter(([name]) => name.endsWith('.cedar'));
  return knownNames(
    readAutonomyPolicy(),
    cedar.map(([, text]) => text),
    catalogue,
    environment,
  );
}

/** @throws InterlockError `cli.unknown-name` listing the names there are. */
export function mustBeKnown(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new InterlockError(
    'cli.unknown-name',
    `there is no ${what} ${JSON.stringify(printable(name))}; known are ${known.join(', ')}`,
  );
}

function readPolicy(name: string): unknown {
  return JSON.parse(readPolicyFiles()[name] ?? 'null');
}
