import { randomUUID } from 'node:crypto';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Context } from 'aws-lambda';
import { beforeAll, expect, test, vi } from 'vitest';
import { alarmEvent, arrivalOf } from './samples.ts';
import { Crash, Fuse, freshWorkbench, type IntakeWorkbench } from './workbench.ts';

let bench: IntakeWorkbench;
let handler: (event: unknown, context: Context) => Promise<{ done: number }>;

beforeAll(async () => {
  bench = await freshWorkbench();
  const { TopicArn = '' } = await new SNSClient({}).send(
    new CreateTopicCommand({ Name: `people-${randomUUID().slice(0, 8)}` }),
  );
  vi.stubEnv('ARTEFACT_VERSION', 'test-artefact');
  vi.stubEnv('CONTROLS_TABLE', bench.tables.controls);
  vi.stubEnv('OPERATIONS_TABLE', bench.tables.operations);
  vi.stubEnv('LEDGER_TABLE', bench.tables.ledgerTable);
  vi.stubEnv('INCIDENT_STATE_MACHINE_ARN', bench.stateMachineArn);
  vi.stubEnv('PERSON_TOPIC_ARN', TopicArn);
  const { logger } = await import('../../functions/platform/pipeline.ts');
  for (const level of ['info', 'error'] as const) vi.spyOn(logger, level).mockReturnValue();
  ({ handler } = await import('../../functions/intake/sweep-incidents.handler.ts'));
});

const call = () => handler({}, { functionName: 'sweep-incidents', awsRequestId: 'r' } as Context);

/** Opened so many minutes ago by a delivery that died before it started the execution. */
async function neverStarted(name: string, minutesAgo: number): Promise<void> {
  const dying = bench.intake({ nowEpochMs: Date.now() - minutesAgo * 60_000, fuse: new Fuse(1) });
  const arrival = arrivalOf(alarmEvent('ALARM', { id: randomUUID() }, name));
  await expect(dying.accept(arrival)).rejects.toThrow(Crash);
}

const statuses = async () =>
  (await bench.everything()).operations
    .filter(({ sk }) => sk === 'INCIDENT')
    .map(({ status, signal }) => [signal.alarmName, status])
    .sort();

test('a sweep starts what can still be started and hands the rest to a person', async () => {
  await neverStarted('just-now', 0);
  await neverStarted('started-late', 5);
  await neverStarted('given-up', 20);
  expect(await call()).toEqual({ done: 2 });
  expect(await statuses()).toEqual([
    ['given-up', 'closed'],
    ['just-now', 'open'],
    ['started-late', 'open'],
  ]);
  expect(await bench.executionNames()).toHaveLength(1);
});

test('a sweep that could not look after every incident fails, so that it is noticed', async () => {
  const { StepFunctionsIncidentExecutions } = await import(
    '../../functions/intake/incident-executions.client.ts'
  );
  const away = vi
    .spyOn(StepFunctionsIncidentExecutions.prototype, 'state')
    .mockRejectedValue(new Error('throttled'));
  await expect(call()).rejects.toMatchObject({ code: 'sweep-incidents.incomplete', retryable: true });
  away.mockRestore();
});
