import { describe, expect, it, onTestFinished } from 'vitest';
import type { RedriveDeadLettersParameters } from '../../../functions/change/actions/sqs-redrive-dead-letters/definition.ts';
import { drained } from '../../../functions/change/actions/sqs-redrive-dead-letters/definition.ts';
import { QueueClient } from '../../../functions/change/actions/sqs-redrive-dead-letters/queue.client.ts';
import { queueTarget } from '../../../functions/change/actions/sqs-redrive-dead-letters/queue-target.ts';
import { fixture } from './sqs-redrive-dead-letters.fixture.ts';

async function prepared() {
  const made = await fixture.create();
  onTestFinished(made.destroy);
  const client = new QueueClient();
  const stateOf = async (parameters: RedriveDeadLettersParameters) => {
    const reading = await client.read(parameters);
    if (reading.outcome !== 'found') throw new Error(reading.reason);
    return reading.state;
  };
  return { ...made, client, stateOf };
}

describe('a dead-letter queue', () => {
  it('is emptied into the queue its messages came from', async () => {
    const { client, parameters, stateOf, settle, depths } = await prepared();
    const snapshot = await stateOf(parameters);
    expect(snapshot).toStrictEqual({ approximateMessages: 3, lastTask: null });
    expect(queueTarget.isBefore(parameters, snapshot)).toBe(true);
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    await settle();
    const after = await stateOf(parameters);
    expect(after).toMatchObject({ approximateMessages: 0, lastTask: { status: 'COMPLETED' } });
    expect(queueTarget.readBack(after)).toBe(drained);
    expect(queueTarget.isAfter(parameters, after)).toBe(true);
    expect(await depths()).toStrictEqual({ source: 3, deadLetters: 0 });
  });

  it('is emptied once, however often the redrive is asked for', async () => {
    const { client, parameters, stateOf, settle, send } = await prepared();
    const snapshot = await stateOf(parameters);
    const slow = { ...parameters, messagesPerSecond: 5 };
    expect(await client.apply(slow, snapshot)).toStrictEqual({ outcome: 'written' });
    expect(queueTarget.isAfter(slow, await stateOf(slow))).toBe(true);
    expect(await client.apply(slow, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    await settle();
    await send('failed again');
    expect(await client.apply(slow, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await stateOf(slow)).toMatchObject({ approximateMessages: 1 });
  });

  it('cannot be filled again', async () => {
    const { client, parameters, stateOf, settle, depths } = await prepared();
    const snapshot = await stateOf(parameters);
    await client.apply(parameters, snapshot);
    await settle();
    expect(await client.restore()).toMatchObject({ outcome: 'failed' });
    expect(queueTarget.isRestored(snapshot, await stateOf(parameters))).toBe(false);
    expect(await depths()).toStrictEqual({ source: 3, deadLetters: 0 });
  });

  it('that somebody else has redriven since is left alone', async () => {
    const { client, parameters, stateOf, foreignWrite, send } = await prepared();
    const snapshot = await stateOf(parameters);
    await foreignWrite();
    await send('failed again');
    const current = await stateOf(parameters);
    expect(queueTarget.isUntouched(snapshot, current)).toBe(false);
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await stateOf(parameters)).toStrictEqual(current);
  });

  it('that holds more than was agreed on is left alone, before and after the snapshot', async () => {
    const { client, parameters, stateOf, send } = await prepared();
    const snapshot = await stateOf(parameters);
    await send('a fourth');
    const current = await stateOf(parameters);
    expect(queueTarget.isBefore(parameters, current)).toBe(false);
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await stateOf(parameters)).toStrictEqual(current);
  });

  it('is refused when its messages may come from another queue than the plan says', async () => {
    const { client, parameters, createSource } = await prepared();
    const refusal = {
      outcome: 'refused',
      reason: 'the source queue is not the only one whose dead letters go to this queue',
    };
    expect(await client.read({ ...parameters, sourceQueueName: 'another' })).toStrictEqual(refusal);
    await createSource(`${parameters.sourceQueueName}-second`);
    expect(await client.read(parameters)).toStrictEqual(refusal);
  });

  it('that does not exist is refused, and so is a queue that takes no dead letters', async () => {
    const { client, parameters, unknownParameters } = await prepared();
    expect(await client.read(unknownParameters)).toStrictEqual({
      outcome: 'refused',
      reason: 'the dead-letter queue does not exist',
    });
    expect(
      await client.read({ ...parameters, deadLetterQueueName: parameters.sourceQueueName }),
    ).toMatchObject({ outcome: 'refused' });
  });
});
