import { answers, type Scenario } from './scenario.ts';

/** The bad release is live and the flag is on; switching the flag off does not help, so it is switched on again. */
export const failedValidation: Scenario = {
  name: 'failed-validation',
  summary: 'the change does not help, so it is rolled back and read back as restored',
  behaviour: 'flag-off',
  alarmDescription: 'More than half of the checkouts failed in the last 10 seconds',
  result: 'rolled-back',
  breakWorkload: async ({ workload, note }) => {
    await workload.setFlag('on');
    const { good, bad } = await workload.releaseBadVersion();
    note(
      'two faults',
      `version ${bad} is live instead of ${good}, and the flag is on: the flag alone is not the cause`,
    );
  },
  checks: async ({ workload, before }) => {
    const live = await workload.liveVersion();
    return [
      { what: 'parameter /checkout/flags/new-pricing', expected: 'on', found: await workload.flag() },
      {
        what: 'alias checkout:live was left alone',
        expected: 'yes',
        found: live === before.version ? 'no' : 'yes',
      },
      { what: 'status of the checkout', expected: '500', found: await answers(workload) },
    ];
  },
};
