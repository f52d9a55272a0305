import { CustomResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';

export interface PolicyProps {
  readonly platform: Platform;
}

/**
 * Publishes each policy set once, as it is deployed: archived whole under its digest, so that every decision can
 * be made again, with a ledger entry that says what is different from the one before. Stages that it declares lower than before are
 * lowered with it, also where people had raised them.
 */
export class Policy extends Construct {
  constructor(scope: Construct, id: string, props: PolicyProps) {
    super(scope, id);
    const { platform } = props;
    const publish = new InterlockFunction(this, 'PublishPoliciesFunction', {
      platform,
      name: 'publish-policies',
      tables: ['controls', 'operations', 'ledger'],
    });
    platform.tables.grantOperations(publish, ['GetItem'], {
      verbs: ['PutItem'],
      keys: ['POLICY#*', 'POLICY-CURRENT'],
    });
    // A lower declaration lowers what was set at run time, in the same transaction.
    platform.tables.grantControls(publish, ['ConditionCheckItem', 'Query'], {
      verbs: ['PutItem'],
      keys: ['STAGE'],
    });
    platform.tables.grantLedger(publish, ['control#policy#*']);
    const publication = new CustomResource(this, 'Publication', {
      serviceToken: publish.function.functionArn,
      resourceType: 'Custom::InterlockPolicies',
      serviceTimeout: Duration.minutes(5),
      properties: { PolicyDigest: platform.artefact.policyDigest },
    });
    // Its grants too: the first publication comes with the first deployment.
    publication.node.addDependency(publish);
  }
}
