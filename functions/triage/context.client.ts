import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import * as z from 'zod/mini';
import type { Place } from '../change/action-definition.ts';
import { readSettings } from '../platform/settings.ts';
import {
  type AlarmContext,
  emptyContext,
  type OtherResources,
  parseProbeUrl,
  type TriageContext,
  tagNames,
} from './context.ts';
import { GapCollector } from './gap-collector.ts';
import type { Incident } from './incident.ts';
import { type TaggedResource, TaggedResourcesClient } from './tagged-resources.client.ts';
import { readResources, resourceReaders } from './workload-resources.client.ts';

const maxProbeUrls = 3;

/** Reads what surrounds an incident. Every call is a read, and no failed read stops the others. */
export class ContextClient {
  readonly #cloudWatch = new CloudWatchClient({ maxAttempts: 2 });
  readonly #readers = resourceReaders();
  readonly #tagged: TaggedResourcesClient;
  readonly #place: Place;
  readonly #deadlineMs: number;

  /**
   * @param place Where the workloads are. @default the function's setting `PLACE`
   * @param deadlineMs For all reads together; what is not read by then is a gap. @default 10000
   */
  constructor(environment: string, place: Place = placeInSettings(), deadlineMs = 10_000) {
    this.#tagged = new TaggedResourcesClient(environment);
    this.#place = place;
    this.#deadlineMs = deadlineMs;
  }

  /** The alarm, and the workload that the alarm's own tag names; empty for a signal without an alarm. */
  async gather({ signal }: Incident): Promise<TriageContext> {
    const { alarmName } = signal;
    if (alarmName === undefined) return emptyContext(['the signal names no alarm, so no workload is known']);
    const gaps = new GapCollector();
    const abortSignal = AbortSignal.timeout(this.#deadlineMs);
    const found = await gaps.attempt('the alarm', () => this.#alarm(alarmName, abortSignal));
    if (found === undefined) {
      gaps.add(`alarm ${alarmName} was not found, so no workload is known`);
      return emptyContext(gaps.all);
    }
    const history = await gaps.attempt("the alarm's history", () => this.#history(alarmName, abortSignal));
    const alarm = { ...found.alarm, history: history ?? [] };
    const workload = await gaps.attempt("the alarm's tags", () => this.#workload(found.arn, abortSignal));
    if (workload === undefined) {
      gaps.add(`the alarm has no readable tag ${tagNames.workload}, so no workload is known`);
      return { ...emptyContext(gaps.all), alarm };
    }
    const reading = { gaps, abortSignal };
    const types = Object.values(this.#readers).map(({ type }) => type);
    const tagged = await this.#tagged.find(workload, types, reading);
    const arns = tagged.map(({ arn }) => arn);
    const { functions, parameters, ...others } = await readResources(this.#readers, arns, reading);
    return {
      alarm,
      workload,
      membership: { place: this.#place, arns },
      functions,
      parameters,
      otherResources: nonEmpty(others),
      probeUrls: probeUrlsOf(tagged, gaps),
      gaps: gaps.all,
    };
  }

  async #alarm(
    alarmName: string,
    abortSignal: AbortSignal,
  ): Promise<{ arn: string; alarm: Omit<AlarmContext, 'history'> } | undefined> {
    const { MetricAlarms = [], CompositeAlarms = [] } = await this.#cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNames: [alarmName], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }),
      { abortSignal },
    );
    const found = [...MetricAlarms, ...CompositeAlarms].find(({ AlarmName }) => AlarmName === alarmName);
    if (found?.AlarmArn === undefined) return undefined;
    const { StateValue = 'unknown', AlarmDescription = '', StateReason = '' } = found;
    return {
      arn: found.AlarmArn,
      alarm: { name: alarmName, state: StateValue, description: AlarmDescription, stateReason: StateReason },
    };
  }

  async #history(alarmName: string, abortSignal: AbortSignal): Promise<AlarmContext['history']> {
    const { AlarmHistoryItems = [] } = await this.#cloudWatch.send(
      new DescribeAlarmHistoryCommand({
        AlarmName: alarmName,
        MaxRecords: 10,
        ScanBy: 'TimestampDescending',
      }),
      { abortSignal },
    );
    return AlarmHistoryItems.slice(0, 10).map(({ Timestamp, HistorySummary = '' }) => ({
      at: Timestamp?.toISOString() ?? 'unknown time',
      summary: HistorySummary,
    }));
  }

  async #workload(alarmArn: string, abortSignal: AbortSignal): Promise<string | undefined> {
    const { Tags = [] } = await this.#cloudWatch.send(
      new ListTagsForResourceCommand({ ResourceARN: alarmArn }),
      { abortSignal },
    );
    return Tags.find(({ Key }) => Key === tagNames.workload)?.Value;
  }
}

function placeInSettings(): Place {
  const { PLACE } = readSettings({
    PLACE: z.string().check(z.regex(/^[a-z-]+:[a-z0-9-]+:[0-9]{12}$/)),
  });
  const [partition = '', region = '', account = ''] = PLACE.split(':');
  return { partition, region, account };
}

/** Each kind has its place in the prompt only where there is something to show. */
function nonEmpty(resources: Required<OtherResources>): OtherResources {
  return Object.fromEntries(Object.entries(resources).filter(([, found]) => found.length > 0));
}

/** What the functions of the workload say in their tags. */
function probeUrlsOf(tagged: readonly TaggedResource[], gaps: GapCollector): string[] {
  const urls = new Set(
    tagged
      .filter(({ arn }) => arn.split(':')[2] === 'lambda')
      .flatMap(({ tags }) => parseProbeUrl(tags.get(tagNames.probeUrl)) ?? []),
  );
  if (urls.size > maxProbeUrls) gaps.add(`only ${maxProbeUrls} of ${urls.size} probe URLs are used`);
  return [...urls].sort().slice(0, maxProbeUrls);
}
