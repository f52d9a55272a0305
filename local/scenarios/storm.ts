import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { aliasRollback } from './alias-rollback.ts';
import type { Bench, Scenario } from './scenario.ts';

/** How many duplicates are put. */
export const stormSize = 1_000;
/** EventBridge's limit for one PutEvents call. */
const perCall = 10;
const drainTimeoutMs = 180_000;

/** As `alias-rollback`, while a thousand duplicates of the alarm arrive: one incident, and no event lost. */
export const storm: Scenario = {
  ...aliasRollback,
  name: 'storm',
  summary: `${stormSize.toLocaleString('en')} duplicate alarms become one incident`,
  whenOpened: async (bench) => {
    const startedAt = performance.now();
    const eventIds = await putDuplicates(bench);
    bench.note('storm', `${eventIds.length} duplicates of the alarm put on the bus`);
    const lost = await waitUntilAccountedFor(bench, eventIds);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    lostEvents.set(bench, lost);
    bench.note(
      'storm accounted for',
      `${eventIds.length - lost} of ${eventIds.length} events in ${seconds} s`,
    );
  },
  checks: async (bench, incidentId) => {
    const { records, alarm } = bench;
    const incidents = await records.incidentsOf(alarm.alarmName);
    return [
      ...(await aliasRollback.checks(bench, incidentId)),
      { what: 'events without an outcome', expected: '0', found: String(lostEvents.get(bench)) },
      { what: 'incidents opened by the alarm', expected: '1', found: String(incidents.length) },
      { what: 'executions started', expected: '1', found: String(await executionsOf(bench, incidents)) },
    ];
  },
};

const lostEvents = new WeakMap<Bench, number>();

/** Duplicates of the alarm's own event, each with an event id of its own, as a flapping alarm sends them. */
async function putDuplicates({ alarm }: Bench): Promise<string[]> {
  const client = new EventBridgeClient({});
  const state = (value: string) => ({
    value,
    reason: 'Threshold Crossed',
    timestamp: new Date().toISOString(),
  });
  const entry = {
    Source: 'aws.cloudwatch',
    DetailType: 'CloudWatch Alarm State Change',
    Resources: [`arn:aws:cloudwatch:us-east-1:000000000000:alarm:${alarm.alarmName}`],
    Detail: JSON.stringify({
      alarmName: alarm.alarmName,
      state: state('ALARM'),
      previousState: state('OK'),
      configuration: { metrics: [] },
    }),
  };
  const eventIds: string[] = [];
  const calls = Array.from({ length: stormSize / perCall }, () =>
    Array.from({ length: perCall }, () => entry),
  );
  const worker = async (): Promise<void> => {
    for (let Entries = calls.pop(); Entries !== undefined; Entries = calls.pop()) {
      const { Entries: put = [], FailedEntryCount } = await client.send(new PutEventsCommand({ Entries }));
      if (FailedEntryCount !== 0) throw new Error('the bus refused a duplicate');
      eventIds.push(...put.map(({ EventId = '' }) => EventId));
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return eventIds;
}

/** Waits until intake has decided about every event. @returns how many are still without an outcome */
async function waitUntilAccountedFor({ records }: Bench, eventIds: readonly string[]): Promise<number> {
  let open = [...eventIds];
  const deadline = Date.now() + drainTimeoutMs;
  while (open.length > 0 && Date.now() < deadline) {
    const stillOpen: string[] = [];
    for (let start = 0; start < open.length; start += 25) {
      const ids = open.slice(start, start + 25);
      const outcomes = await Promise.all(ids.map((id) => records.eventOutcome(id)));
      stillOpen.push(...ids.filter((_, index) => outcomes[index] === undefined));
      // Intake works through them in order: when a whole group is open, the rest is too.
      if (outcomes.every((outcome) => outcome === undefined)) {
        stillOpen.push(...open.slice(start + 25));
        break;
      }
    }
    open = stillOpen;
    if (open.length > 0) await sleep(500);
  }
  return open.length;
}

async function executionsOf({ outputs }: Bench, incidentIds: readonly string[]): Promise<number> {
  const { executions = [] } = await new SFNClient({}).send(
    new ListExecutionsCommand({ stateMachineArn: outputs['IncidentStateMachineArn'], maxResults: 1_000 }),
  );
  return executions.filter(({ name = '' }) => incidentIds.includes(name)).length;
}
