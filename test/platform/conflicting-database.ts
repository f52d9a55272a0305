import {
  DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';

/**
 * A client that cancels a transaction which touches an item that another transaction is writing or checking at
 * this moment, as DynamoDB does and the emulator, which takes one after the other, does not. Clients that share
 * `busy` see each other.
 *
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
 */
export function conflictingClient(busy: Set<string>, onConflict: () => void = () => {}): DynamoDBClient {
  const client = new DynamoDBClient({});
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] !== 'TransactWriteItemsCommand') return next(args);
      const { TransactItems = [] } = args.input as TransactWriteItemsCommandInput;
      const touched = TransactItems.map(keyOf);
      if (touched.some((key) => busy.has(key))) {
        onConflict();
        throw new TransactionCanceledException({
          message: 'Transaction cancelled',
          $metadata: {},
          CancellationReasons: touched.map((key) => ({
            Code: busy.has(key) ? 'TransactionConflict' : 'None',
          })),
        });
      }
      for (const key of touched) busy.add(key);
      try {
        return await next(args);
      } finally {
        for (const key of touched) busy.delete(key);
      }
    },
    { step: 'initialize', name: 'conflicts' },
  );
  return client;
}

function keyOf(item: TransactWriteItem): string {
  const { Put, Update, Delete, ConditionCheck } = item;
  const key = Put?.Item ?? (Update ?? Delete ?? ConditionCheck)?.Key;
  const table = (Put ?? Update ?? Delete ?? ConditionCheck)?.TableName;
  return JSON.stringify([table, key?.['pk']?.S, key?.['sk']?.S]);
}
