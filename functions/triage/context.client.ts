import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type AlarmContext, emptyContext, parseProbeUrl, type TriageContext, tagNames } from './context.ts';
import { GapCollector } from './gap-collector.ts';
import type { Incident } from './incident.ts';
import { readFunction, readParameter } from './workload-resources.client.ts';

/** Enough for any workload a person could review; more is a gap. */
const maxResourcesPerType = 10;
const maxProbeUrls = 3;

interface TaggedResource {
  readonly arn: string;
  readonly probeUrl: string | undefined;
}

/** Reads what surrounds an incident. Every call is a read, and no failed read stops the others. */
export class ContextClient {
  readonly #cloudWatch = new CloudWatchClient({ maxAttempts: 2 });
  readonly #tagging = new ResourceGroupsTaggingAPIClient({ maxAttempts: 2 });
  readonly #lambda = new LambdaClient({ maxAttempts: 2 });
  readonly #ssm = new SSMClient({ maxAttempts: 2 });
  readonly #environment: string;
  readonly #deadlineMs: number;

  /** @param deadlineMs For all reads together; what is not read by then is a gap. @default 10000 */
  constructor(environment: string, deadlineMs = 10_000) {
    this.#environment = environment;
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
    const functionArns = await this.#tagged('lambda:function', workload, gaps, abortSignal);
    const parameterArns = await this.#tagged('ssm:parameter', workload, gaps, abortSignal);
    const [functions, parameters] = await Promise.all([
      Promise.all(functionArns.map(({ arn }) => readFunction(this.#lambda, arn, gaps, abortSignal))),
      Promise.all(parameterArns.map(({ arn }) => readParameter(this.#ssm, arn, gaps, abortSignal))),
    ]);
    const probeUrls = new Set(functionArns.flatMap(({ probeUrl }) => parseProbeUrl(probeUrl) ?? []));
    if (probeUrls.size > maxProbeUrls)
      gaps.add(`only ${maxProbeUrls} of ${probeUrls.size} probe URLs are used`);
    return {
      alarm,
      workload,
      functions: functions.flatMap((each) => each ?? []),
      parameters: parameters.flatMap((each) => each ?? []),
      probeUrls: [...probeUrls].sort().slice(0, maxProbeUrls),
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

  /** Resources of one type that carry both tags, in the order of their ARNs. */
  async #tagged(
    type: string,
    workload: string,
    gaps: GapCollector,
    abortSignal: AbortSignal,
  ): Promise<TaggedResource[]> {
    const found = await gaps.attempt(`resources of type ${type}`, async () => {
      const { ResourceTagMappingList = [], PaginationToken = '' } = await this.#tagging.send(
        new GetResourcesCommand({
          ResourceTypeFilters: [type],
          TagFilters: [
            { Key: tagNames.workload, Values: [workload] },
            { Key: tagNames.environment, Values: [this.#environment] },
          ],
          ResourcesPerPage: 100,
        }),
        { abortSignal },
      );
      return { resources: ResourceTagMappingList, isPartial: PaginationToken !== '' };
    });
    const resources = (found?.resources ?? []).flatMap(({ ResourceARN: arn, Tags = [] }) =>
      arn === undefined ? [] : [{ arn, probeUrl: Tags.find(({ Key }) => Key === tagNames.probeUrl)?.Value }],
    );
    if (found?.isPartial === true || resources.length > maxResourcesPerType) {
      gaps.add(`only ${maxResourcesPerType} resources of type ${type} were read`);
    }
    return resources.sort((a, b) => (a.arn < b.arn ? -1 : 1)).slice(0, maxResourcesPerType);
  }
}
