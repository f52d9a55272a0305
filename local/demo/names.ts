/** Names and values that the demo stack and the scenarios share. */
export const demo = {
  stackName: 'InterlockDemo-local',
  workload: 'checkout',
  functionName: 'checkout',
  aliasName: 'live',
  parameterName: '/checkout/flags/new-pricing',
  alarmName: 'checkout-errors',
  namespace: 'Checkout',
  metricName: 'FailedRequests',
  /** The price list that the build has. */
  goodPriceList: 'autumn',
  /** What the bad release names: the build does not have it, so every request fails. */
  badPriceList: 'winter',
} as const;
