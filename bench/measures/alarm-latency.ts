import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { Database } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { alarmEvent } from '../../test/intake/samples.ts';
import { type Benchmark, percentile, ratio } from '../benchmark.ts';
import { createDirectTarget, executionStarts } from '../direct-target.ts';
import { onLocalStack } from '../stack.ts';

const warmUp = 5;
const samples = 60;

/** How long after an alarm event the incident's execution has started. */
export const benchmark: Benchmark = {
  title: 'Alarm event to execution started',
  how: `${samples} alarms, each a problem of its own, one a second after ${warmUp} to warm up, on the deployed local stack (IAM enforced, TLS); from handing the event to the bus to the execution's start time. The same events also start a state machine straight from a rule: the difference is what queue, intake and its transaction cost.`,
  measure: (progress) =>
    onLocalStack(async (_state, { OperationsTable = '', IncidentStateMachineArn = '' }) => {
      const prefix = `latency-${randomUUID().slice(0, 8)}`;
      const directArn = await createDirectTarget(prefix, IncidentStateMachineArn);
      const bus = new EventBridgeClient({});
      const sent: { eventId: string; atMs: number }[] = [];
      for (let index = 0; index < warmUp + samples; index++) {
        const {
          source,
          'detail-type': DetailType,
          resources,
          detail,
        } = alarmEvent('ALARM', {}, `${prefix}-${index}`);
        const atMs = Date.now();
        const { Entries } = await bus.send(
          new PutEventsCommand({
            Entries: [{ Source: source, DetailType, Resources: resources, Detail: JSON.stringify(detail) }],
          }),
        );
        if (index >= warmUp) sent.push({ eventId: Entries?.[0]?.EventId ?? '', atMs });
        if (index % 20 === 0) progress(`${index} of ${warmUp + samples}`);
        await sleep(1_000);
      }
      await sleep(3_000);
      const database = new Database();
      const starts = await executionStarts(IncidentStateMachineArn);
      const intake: number[] = [];
      for (const { eventId, atMs } of sent) {
        const record = await database.get(OperationsTable, itemKeys.event(eventId));
        intake.push((starts.get(String(record?.['incidentId'])) ?? Number.NaN) - atMs);
      }
      const directStarts = [...(await executionStarts(directArn)).values()]
        .toSorted((a, b) => a - b)
        .slice(warmUp);
      const direct = directStarts.map((startMs, index) => startMs - (sent[index]?.atMs ?? Number.NaN));
      if ([...intake, ...direct].some(Number.isNaN))
        throw new Error('an event started nothing: the measurement does not count');
      const row = (what: string, found: readonly number[]): string[] => [
        what,
        `${percentile(found, 0.5).toFixed(0)} ms`,
        ratio(percentile(found, 0.5), percentile(direct, 0.5)),
        `${percentile(found, 0.99).toFixed(0)} ms`,
        ratio(percentile(found, 0.99), percentile(direct, 0.99)),
      ];
      return {
        head: ['', 'p50', 'ratio', 'p99', 'ratio'],
        rows: [row('through intake', intake), row('rule to state machine', direct)],
      };
    }),
};
