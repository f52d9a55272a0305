import { type IAspect, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/**
 * Calls whose resource the emulator does not see: it checks them against `*`, so a grant on the right ARN is
 * refused here although AWS accepts it. A role that holds the call in the template gets it on `*` as well.
 * Measured on MiniStack 1.5.33; `docs/local-mode.md` lists them.
 */
const checkedAgainstEverything = ['cloudwatch:ListTagsForResource', 'states:SendTaskSuccess'];

/** What the emulator needs beside the template's own grants. Added to stage `local` only, and to nobody new. */
export class EmulatorGrants implements IAspect {
  visit(node: IConstruct): void {
    if (!(node instanceof Policy)) return;
    const granted = grantedActions(node);
    const actions = checkedAgainstEverything.filter((action) => granted.has(action));
    if (actions.length > 0) node.addStatements(new PolicyStatement({ actions, resources: ['*'] }));
  }
}

function grantedActions(policy: Policy): ReadonlySet<string> {
  const { Statement } = Stack.of(policy).resolve(policy.document) as {
    Statement: readonly { Effect: string; Action?: string | readonly string[] }[];
  };
  return new Set(
    Statement.filter((statement) => statement.Effect === 'Allow').flatMap(({ Action = [] }) => Action),
  );
}
