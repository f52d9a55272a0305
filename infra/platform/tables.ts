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

/** Operations that change nothing. */
export type ReadVerb = 'GetItem' | 'ConditionCheckItem' | 'Query';
/** There is no DeleteItem: nothing in Interlock is ever deleted but by its TTL. */
export type WriteVerb = 'PutItem' | 'UpdateItem';

/** What a role may write, and under which partition keys (`LOCK`, `WINDOW#*`): the item types it owns. */
export interface Writes {
  readonly verbs: readonly WriteVerb[];
  readonly keys: readonly string[];
}

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

  /** The named reads of `Controls`, and writes to the item types the role owns. */
  grantControls(grantee: IGrantable, reads: readonly ReadVerb[], writes?: Writes): void {
    grantItems(this.controls, grantee, reads, writes);
  }

  /** The named reads of `Operations`, not of its index, and writes to the item types the role owns. */
  grantOperations(grantee: IGrantable, reads: readonly ReadVerb[], writes?: Writes): void {
    grantItems(this.operations, grantee, reads, writes);
  }

  /** Reading the lists by status. */
  grantOperationsByStatus(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:Query'],
      resourceArns: [`${this.operations.tableArn}/index/${byStatus}`],
    });
  }

  /**
   * Appending to chains of some kinds and reading a chain's end. Nobody is ever granted more than this on the
   * ledger. The chain of the kill switch is for what people do: they write it with credentials of their own, or
   * through the one function that engages it for the approval pages; no other function is granted it.
   *
   * @param chains Patterns of chain ids. @default every incident's chain
   */
  grantLedger(grantee: IGrantable, chains: readonly string[] = ['incident#*']): void {
    grantItems(this.ledger, grantee, ['Query'], { verbs: ['PutItem'], keys: chains });
  }
}

/**
 * Not `table.grant`: that adds `index/*`, which no caller but a list needs. The keys hold on AWS; the emulator
 * lets any key pass, so what is tried there is the table and the operation.
 */
function grantItems(
  table: Table,
  grantee: IGrantable,
  reads: readonly ReadVerb[],
  writes: Writes | undefined,
): void {
  if (reads.length > 0) {
    Grant.addToPrincipal({
      grantee,
      actions: reads.map((verb) => `dynamodb:${verb}`),
      resourceArns: [table.tableArn],
    });
  }
  if (writes === undefined) return;
  Grant.addToPrincipal({
    grantee,
    actions: writes.verbs.map((verb) => `dynamodb:${verb}`),
    resourceArns: [table.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...writes.keys] } },
  });
}
