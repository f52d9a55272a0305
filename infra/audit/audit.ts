import { Construct } from 'constructs';
import { StreamSource } from '../platform/event-sources.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';

export interface AuditProps {
  readonly platform: Platform;
}

/** Watches the ledger: an entry that was changed or removed is a finding. */
export class Audit extends Construct {
  constructor(scope: Construct, id: string, props: AuditProps) {
    super(scope, id);
    const { platform } = props;
    const ledgerWatch = new InterlockFunction(this, 'LedgerWatchFunction', {
      platform,
      name: 'ledger-watch',
      tables: ['operations', 'ledger'],
      environment: { PERSON_TOPIC_ARN: platform.personTopic.topicArn },
    });
    platform.tables.grantOperations(ledgerWatch, [], { verbs: ['PutItem'], keys: ['FINDING#*'] });
    platform.tables.grantLedger(ledgerWatch, ['control#findings#*']);
    platform.grantTellPeople(ledgerWatch);
    new StreamSource(this, 'LedgerStream', {
      platform,
      table: platform.tables.ledger,
      target: ledgerWatch,
      filters: [{ eventName: ['MODIFY', 'REMOVE'] }],
      holds: 'changes to ledger entries that could not be made into findings',
    });
  }
}
