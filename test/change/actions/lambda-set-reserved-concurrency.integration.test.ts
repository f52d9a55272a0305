import {
  DeleteFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { ReservedConcurrencyClient } from '../../../functions/change/actions/lambda-set-reserved-concurrency/reserved-concurrency.client.ts';
import { fixture } from './lambda-set-reserved-concurrency.fixture.ts';

const client = new ReservedConcurrencyClient();
const lambda = new LambdaClient({});

async function setUp() {
  const target = await fixture.create();
  const read = async () => {
    const reading = await client.read(target.parameters);
    if (reading.outcome !== 'found') throw new Error(reading.reason);
    return reading.state;
  };
  return { ...target, read };
}

describe('reserved concurrency', () => {
  it('is set and brought back', async () => {
    const { parameters, read } = await setUp();
    const snapshot = await read();
    expect(snapshot).toStrictEqual({ reserved: 20 });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    const current = await read();
    expect(current).toStrictEqual({ reserved: 25 });
    expect(await client.restore(parameters, snapshot, current)).toStrictEqual({ outcome: 'written' });
    expect(await read()).toStrictEqual({ reserved: 20 });
  });

  it('is removed and brought back, and set where there was none and removed again', async () => {
    const { parameters, read } = await setUp();
    const remove = { ...parameters, toConcurrency: 'none' as const };
    expect(await client.apply(remove, { reserved: 20 })).toStrictEqual({ outcome: 'written' });
    expect(await read()).toStrictEqual({ reserved: 'none' });
    await client.restore(remove, { reserved: 20 }, { reserved: 'none' });
    expect(await read()).toStrictEqual({ reserved: 20 });

    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: parameters.functionName }));
    await client.apply(parameters, { reserved: 'none' });
    expect(await read()).toStrictEqual({ reserved: 25 });
    await client.restore(parameters, { reserved: 'none' }, { reserved: 25 });
    expect(await read()).toStrictEqual({ reserved: 'none' });
  });

  it('of 0, which stops a function, is told from none and is brought back as it was', async () => {
    const { parameters, read } = await setUp();
    await lambda.send(
      new PutFunctionConcurrencyCommand({
        FunctionName: parameters.functionName,
        ReservedConcurrentExecutions: 0,
      }),
    );
    const snapshot = await read();
    expect(snapshot).toStrictEqual({ reserved: 0 });
    await client.apply(parameters, snapshot);
    await client.restore(parameters, snapshot, await read());
    expect(await read()).toStrictEqual({ reserved: 0 });
  });

  it('that somebody else has set since is left alone', async () => {
    const { parameters, read, foreignWrite } = await setUp();
    const snapshot = await read();
    await foreignWrite();
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await client.restore(parameters, snapshot, { reserved: 25 })).toStrictEqual({
      outcome: 'target-changed',
    });
    expect(await read()).toStrictEqual({ reserved: 33 });
  });

  it('of a function that does not exist is refused, and so is a write after it has gone', async () => {
    const { parameters, unknownParameters, read, destroy } = await setUp();
    expect(await client.read(unknownParameters)).toStrictEqual({
      outcome: 'refused',
      reason: 'the function does not exist',
    });
    const snapshot = await read();
    await destroy();
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
  });
});
