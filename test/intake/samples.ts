import { type Arrival, readArrival } from '../../functions/intake/signal.ts';
import { parseTaxonomy } from '../../functions/intake/taxonomy.ts';
import taxonomyJson from '../../policies/event-taxonomy.json' with { type: 'json' };

export const shippedTaxonomy = parseTaxonomy(taxonomyJson);

/** Members that a test wants to differ from an ordinary event. */
export interface Overrides {
  readonly id?: string;
  readonly time?: string;
  readonly detail?: Record<string, unknown>;
  readonly [member: string]: unknown;
}

const envelope = {
  version: '0',
  id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
  account: '123456789012',
  region: 'us-east-1',
  time: '2025-03-01T03:00:00Z',
};

/** "CloudWatch Alarm State Change" of a metric alarm, as AWS documents it. */
export function alarmEvent(state = 'ALARM', overrides: Overrides = {}, name = 'checkout-errors') {
  return {
    ...envelope,
    'detail-type': 'CloudWatch Alarm State Change',
    source: 'aws.cloudwatch',
    resources: [`arn:aws:cloudwatch:us-east-1:123456789012:alarm:${name}`],
    ...overrides,
    detail: {
      alarmName: name,
      configuration: {
        metrics: [
          {
            id: '30b6c6b2-a864-43a2-4877-c09a1afc3b87',
            metricStat: {
              metric: { dimensions: { FunctionName: 'checkout' }, name: 'Errors', namespace: 'AWS/Lambda' },
              period: 60,
              stat: 'Sum',
            },
            returnData: true,
          },
        ],
      },
      previousState: {
        value: 'OK',
        reason: 'Threshold was not crossed',
        timestamp: '2025-03-01T02:00:00.000+0000',
      },
      state: {
        value: state,
        reason: 'Threshold Crossed: 1 out of the last 1 datapoints was greater than the threshold (5.0).',
        timestamp: '2025-03-01T03:00:00.000+0000',
      },
      ...overrides.detail,
    },
  };
}

export function compositeAlarmEvent(overrides: Overrides = {}) {
  return alarmEvent(
    'ALARM',
    {
      ...overrides,
      detail: {
        configuration: { alarmRule: 'ALARM("checkout-errors") OR ALARM("checkout-latency")' },
        ...overrides.detail,
      },
    },
    'checkout-down',
  );
}

export function metricMathAlarmEvent() {
  return alarmEvent('ALARM', {
    detail: {
      configuration: {
        metrics: [
          { id: 'rate', expression: '100 * errors / requests', label: 'error rate', returnData: true },
          {
            id: 'errors',
            metricStat: { metric: { name: 'Errors' }, period: 60, stat: 'Sum' },
            returnData: false,
          },
        ],
      },
    },
  });
}

export function anomalyAlarmEvent() {
  return alarmEvent('ALARM', {
    detail: {
      configuration: {
        metrics: [{ id: 'band', expression: 'ANOMALY_DETECTION_BAND(latency, 2)', returnData: true }],
      },
    },
  });
}

export function configurationEvent(operation = 'update') {
  return {
    ...envelope,
    'detail-type': 'CloudWatch Alarm Configuration Change',
    source: 'aws.cloudwatch',
    resources: ['arn:aws:cloudwatch:us-east-1:123456789012:alarm:checkout-errors'],
    detail: { alarmName: 'checkout-errors', operation, state: { value: 'OK' }, configuration: {} },
  };
}

export function customEvent(overrides: Overrides = {}) {
  return {
    ...envelope,
    'detail-type': 'interlock.signal',
    source: 'interlock',
    resources: [],
    ...overrides,
    detail: {
      class: 'checkout.payment-errors',
      severity: 'high',
      resource: { type: 'service', id: 'payments' },
      title: 'Payments are declined',
      detail: { declined: 12 },
      ...overrides.detail,
    },
  };
}

export function arrivalOf(event: unknown, environment = 'local'): Arrival {
  return readArrival(JSON.stringify(event), shippedTaxonomy, environment);
}

/** The signal of an event that is expected to carry one. */
export function signalOf(event: unknown, environment = 'local') {
  const arrival = arrivalOf(event, environment);
  if (arrival.kind === 'record') throw new Error(`expected a signal, got: ${arrival.rule}`);
  return arrival.signal;
}
