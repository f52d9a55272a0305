import type { RiskTier } from '../../platform/vocabulary.ts';

/** Share of a capacity that is altered, in percent and rounded up: above 100 when it is more than doubled. */
export function changedPercent(from: number, to: number): number {
  return Math.ceil((Math.abs(to - from) * 100) / Math.max(from, 1));
}

/**
 * How dangerous it is to change how many tasks or instances serve a workload; the further from where it
 * stands in either direction, the more dangerous.
 *
 * - `low`: more, up to double. Customers lose nothing, and the cost is bounded by what is paid already.
 * - `medium`: more than double (quotas, databases and bills feel it; so does starting what somebody had
 *   stopped), or fewer, but at least half.
 * - `high`: fewer than half. What is left may not carry the load.
 */
export function tierOfCapacity(from: number, to: number): RiskTier {
  if (to < from) return to * 2 < from ? 'high' : 'medium';
  return to > from * 2 ? 'medium' : 'low';
}
