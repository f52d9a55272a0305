import { expect, it } from 'vitest';
import { catalogue, resolveAction } from '../../functions/change/catalogue.ts';
import { touchedArns } from '../../functions/change/touched-resources.ts';

const place = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };

/** What the example of an action touches. */
function touched(id: string, example = 0): readonly string[] {
  const resolved = resolveAction(id, catalogue.find((action) => action.id === id)?.examples[example]);
  if (resolved.outcome !== 'resolved') throw new Error(`${id} has no such example`);
  return touchedArns(resolved, place);
}

it.each<[string, string, string[]]>([
  ['the target alone', 'lambda.shift-alias', ['arn:aws:lambda:eu-west-1:111122223333:function:checkout']],
  [
    'both queues of a redrive',
    'sqs.redrive-dead-letters',
    ['arn:aws:sqs:eu-west-1:111122223333:orders-dead-letters', 'arn:aws:sqs:eu-west-1:111122223333:orders'],
  ],
  [
    'a runbook, what it acts on and what takes it back',
    'ssm.run-automation',
    [
      'arn:aws:ssm:eu-west-1:111122223333:document/Checkout-EnableMaintenance',
      'arn:aws:ecs:eu-west-1:111122223333:service/shop/checkout',
      'arn:aws:ssm:eu-west-1:111122223333:document/Checkout-DisableMaintenance',
    ],
  ],
  [
    'the state machine of an execution, in the account and region that the execution names',
    'states.redrive-execution',
    [
      'arn:aws:states:eu-west-1:111122223333:stateMachine:order-import',
      'arn:aws:states:us-east-1:111122223333:stateMachine:order-import',
    ],
  ],
])('an action touches %s', (_what, action, arns) => {
  expect(touched(action)).toStrictEqual(arns);
});

it('a runbook that nothing takes back touches nothing more', () => {
  expect(touched('ssm.run-automation', 1)).toStrictEqual([
    'arn:aws:ssm:eu-west-1:111122223333:document/Checkout-FlushCache',
    'arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0',
  ]);
});
