import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { Database } from '../../functions/platform/dynamodb.ts';
import { alarmEvent } from '../../test/intake/samples.ts';
import type { Benchmark } from '../benchmark.ts';
import { createDirectTarget, executionStarts } from '../direct-target.ts';
import { onLocalStack } from '../stack.ts';

const storm = 1_000;

/** A thousand alarms for one problem, with intake and without. */
export const benchmark: Benchmark = {
  title: 'Storm of 1,000 alarms for one problem',
  how: 'The events go onto the bus in batches of ten with ids of their own; wall time is from the first of them to the last record. Both ways take the same events at the same time on the deployed local stack, IAM enforced and over TLS: intake, and a rule that starts an execution for every event. Lost is what has no record of its own.',
  measure: (progress) =>
    onLocalStack(async (_state, { OperationsTable = '', IncidentStateMachineArn = '' }) => {
      const alarmName = `storm-${randomUUID().slice(0, 8)}`;
      const directArn = await createDirectTarget(alarmName, IncidentStateMachineArn);
      const database = new Database();
      const bus = new EventBridgeClient({});
      const before = (await executionStarts(IncidentStateMachineArn)).size;
      const startedAt = Date.now();
      const sending = Array.from({ length: storm / 10 }, async () => {
        const { source, 'detail-type': DetailType, resources, detail } = alarmEvent('ALARM', {}, alarmName);
        const entry = { Source: source, DetailType, Resources: resources, Detail: JSON.stringify(detail) };
        const { Entries = [] } = await bus.send(
          new PutEventsCommand({ Entries: Array.from({ length: 10 }, () => entry) }),
        );
        return Entries.map(({ EventId = '' }) => EventId);
      });
      const eventIds = (await Promise.all(sending)).flat();
      progress(`${new Set(eventIds).size} events are on the bus after ${Date.now() - startedAt} ms`);
      const waiting = new Set(eventIds);
      const outcomes = new Map<string, number>();
      let directDoneMs = 0;
      while (waiting.size > 0 && Date.now() - startedAt < 180_000) {
        for (const eventId of [...waiting].slice(0, 100)) {
          const record = await database.get(OperationsTable, { pk: `EVENT#${eventId}`, sk: 'EVENT' });
          if (record === undefined) break;
          waiting.delete(eventId);
          const outcome = String(record['outcome']);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
        if (directDoneMs === 0 && (await executionStarts(directArn)).size >= storm)
          directDoneMs = Date.now() - startedAt;
        await sleep(50);
      }
      const intakeMs = Date.now() - startedAt;
      const started = (await executionStarts(IncidentStateMachineArn)).size - before;
      const direct = (await executionStarts(directArn)).size;
      const seconds = (ms: number): string => (ms === 0 ? 'not all' : `${(ms / 1_000).toFixed(1)} s`);
      return {
        head: ['', 'wall time', 'executions started', 'ratio', 'suppressed with the rule', 'lost'],
        rows: [
          [
            'intake',
            seconds(intakeMs),
            String(started),
            `1:${Math.round(direct / started)}`,
            String(outcomes.get('suppressed') ?? 0),
            String(waiting.size),
          ],
          [
            'rule to state machine',
            seconds(directDoneMs),
            String(direct),
            '1:1',
            '0',
            String(storm - direct),
          ],
        ],
      };
    }),
};
