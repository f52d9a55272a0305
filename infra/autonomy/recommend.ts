import { Construct } from 'constructs';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';

export interface RecommendProps {
  readonly platform: Platform;
}

/** Writes what people are given about a plan that is theirs to carry out or to decide on. Acts on nothing. */
export class Recommend extends Construct {
  readonly recommend: InterlockFunction;

  constructor(scope: Construct, id: string, props: RecommendProps) {
    super(scope, id);
    const { platform } = props;
    this.recommend = new InterlockFunction(this, 'RecommendFunction', {
      platform,
      name: 'recommend',
      tables: ['operations', 'ledger'],
    });
    platform.tables.grantOperations(this.recommend, ['GetItem'], {
      verbs: ['PutItem'],
      keys: ['RECOMMENDATION#*'],
    });
    platform.tables.grantLedger(this.recommend);
  }
}
