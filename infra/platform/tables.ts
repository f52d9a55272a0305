import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface TablesProps {
  readonly encryptionKey: IKey;
  /** No deletion protection, destroyed with the stack. */
  readonly discardable: boolean;
}

/** One item operation. There is no DeleteItem: nothing in Interlock is ever deleted but by its TTL. */
export type ItemVerb = 'GetItem' | 'PutItem' | 'UpdateItem' | 'ConditionCheckItem' | 'Query';

/** Index of `Operations` by status and time, for lists and sweeps. */
const byStatus = 'byStatus';

/** The three tables of `docs/data-model.md` and who may do what with them. */
export class Tables extends Construct {
  readonly controls: Table;
  readonly operations: Table;
  readonly ledger: Table;

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    // `Table`, not `TableV2`: the emulator replaces an unnamed TableV2 on any update.
    const table = (name: string, options: { ttl: boolean; stream: boolean }): Table =>
      new Table(this, name, {
        partitionKey: { name: 'pk', type: AttributeType.STRING },
        sortKey: { name: 'sk', type: AttributeType.STRING },
        billingMode: BillingMode.PAY_PER_REQUEST,
        encryption: TableEncryption.CUSTOMER_MANAGED,
        encryptionKey: props.encryptionKey,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        deletionProtection: !props.discardable,
        removalPolicy: props.discardable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
        ...(options.ttl ? { timeToLiveAttribute: 'ttlEpochSeconds' } : {}),
        ...(options.stream ? { stream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
      });
    this.controls = table('Controls', { ttl: true, stream: false });
    const operations = table('Operations', { ttl: true, stream: true });
    operations.addGlobalSecondaryIndex({
      indexName: byStatus,
      partitionKey: { name: 'statusKey', type: AttributeType.STRING },
      sortKey: { name: 'statusAt', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    this.operations = operations;
    this.ledger = table('Ledger', { ttl: false, stream: true });
  }

  /** Exactly the named operations on `Controls`, whole table (the emulator's key conditions fail open). */
  grantControls(grantee: IGrantable, ...verbs: ItemVerb[]): Grant {
    return grantVerbs(this.controls, grantee, verbs);
  }

  /** Exactly the named operations on `Operations`, not on its index. */
  grantOperations(grantee: IGrantable, ...verbs: ItemVerb[]): Grant {
    return grantVerbs(this.operations, grantee, verbs);
  }

  /** Reading the lists by status. */
  grantOperationsByStatus(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:Query'],
      resourceArns: [`${this.operations.tableArn}/index/${byStatus}`],
    });
  }

  /** Appending to the ledger and reading a chain's end. Nobody is ever granted more than this on it. */
  grantLedger(grantee: IGrantable): Grant {
    return grantVerbs(this.ledger, grantee, ['PutItem', 'Query']);
  }
}

/** Not `table.grant`: that adds `index/*`, which no caller but a list needs. */
function grantVerbs(table: Table, grantee: IGrantable, verbs: readonly ItemVerb[]): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: verbs.map((verb) => `dynamodb:${verb}`),
    resourceArns: [table.tableArn],
  });
}
