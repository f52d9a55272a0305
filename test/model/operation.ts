import type { TargetRules } from '../../functions/change/actions/target.ts';
import type { Item, Write } from '../../functions/platform/dynamodb.ts';
import type { Definition } from '../change/asl-interpreter.ts';
import type { PlannedChange } from './subjects.ts';

/** One invocation of a function, or one thing that a person does with the command line or on the pages. */
export type Operation =
  | { readonly do: 'control'; readonly request: Item }
  | { readonly do: 'act'; readonly task: Item }
  | { readonly do: 'switch'; readonly state: 'engaged' | 'released' }
  | { readonly do: 'list-in-flight' }
  /** @param of Name of the change it is about. @default the first */
  | {
      readonly do: 'vote';
      readonly person: string;
      readonly verdict: 'approve' | 'reject';
      readonly of?: PlannedChange['name'];
    }
  /** The incident recovered: nobody needs to decide any more. */
  | { readonly do: 'cancel' }
  /** @param approvalId Absent: the plan's. */
  | { readonly do: 'settle'; readonly approvalId?: string }
  | { readonly do: 'sweep' }
  | { readonly do: 'recover-ended'; readonly execution: string }
  | { readonly do: 'set-target'; readonly version: string }
  /** The wait for a person's verdict on a change that could not be judged. */
  | { readonly do: 'ask-person' }
  /** A person undoes a change that was kept. */
  | { readonly do: 'undo' };

/** Where a rule can be broken without touching the product's code: what goes in and out of it, and its constructors' arguments. */
export interface Seams {
  /** The transaction that is sent instead; as many members, so that refusals line up. */
  readonly writes?: (operation: Operation, writes: readonly Write[]) => readonly Write[];
  /** The item that is read instead. */
  readonly read?: (operation: Operation, item: Item) => Item;
  /** The ledger entries that are written instead. */
  readonly ledger?: (types: readonly string[]) => readonly string[];
  /** The state machine that runs instead. */
  readonly machine?: (definition: Definition) => Definition;
  /** How the executor compares targets instead. */
  readonly rules?: <Parameters extends object, State>(
    rules: TargetRules<Parameters, State>,
  ) => TargetRules<Parameters, State>;
  /** What is found under the key of an intent instead, given the snapshot it belongs to. */
  readonly intent?: (key: string, text: string | undefined, snapshot: string) => string | undefined;
  /** What the operation answers instead. */
  readonly answer?: (operation: Operation, value: unknown) => unknown;
  /** Nobody is told. */
  readonly withoutPages?: true;
}
