import * as z from 'zod/mini';
import type { EpochMs } from '../platform/clock.ts';
import type { SuccessCriterion } from './plan.ts';

export type MetricCriterion = Extract<SuccessCriterion, { readonly kind: 'metric' }>;

const name = z.string().check(z.minLength(1), z.maxLength(255));

const schema = z.strictObject({
  kind: z.literal('metric'),
  namespace: name,
  metricName: name,
  dimensions: z.record(name, z.string().check(z.minLength(1), z.maxLength(1_024))),
  statistic: z.enum(['Sum', 'Average', 'Maximum']),
  // Longer datapoints do not complete within a validation.
  periodSeconds: z.union([z.literal(60), z.literal(120)]),
  comparison: z.enum(['at-most', 'at-least']),
  threshold: z.number(),
});

/** The criterion if it asks for a metric that can be looked at; a stored plan is not believed to be well-formed. */
export function metricOf(criterion: SuccessCriterion): MetricCriterion | undefined {
  const parsed = z.safeParse(schema, criterion);
  return parsed.success ? parsed.data : undefined;
}

/** The datapoints that lie wholly between two instants: from the first period after `since` to the last one before `now`. */
export function completePeriods(
  periodSeconds: number,
  since: EpochMs,
  now: EpochMs,
): { readonly from: EpochMs; readonly until: EpochMs } | undefined {
  const periodMs = periodSeconds * 1_000;
  const from = Math.ceil(since / periodMs) * periodMs;
  const until = Math.floor(now / periodMs) * periodMs;
  return from < until ? { from, until } : undefined;
}
