import { answers, type Scenario } from './scenario.ts';

/** An unfinished feature was switched on; switching it off is low risk and needs nobody. */
export const lowRisk: Scenario = {
  name: 'low-risk',
  summary: 'an unfinished feature is on; switching the flag off is automatic',
  behaviour: 'flag-off',
  alarmDescription: 'More than half of the checkouts failed in the last 10 seconds',
  result: 'resolved',
  breakWorkload: async ({ workload, note }) => {
    await workload.setFlag('on');
    note('feature on', 'flag /checkout/flags/new-pricing set to on: every request fails');
  },
  checks: async ({ workload, before }) => [
    { what: 'parameter /checkout/flags/new-pricing', expected: 'off', found: await workload.flag() },
    {
      what: 'version behind alias checkout:live',
      expected: before.version,
      found: await workload.liveVersion(),
    },
    { what: 'status of the checkout', expected: '200', found: await answers(workload) },
  ],
};
