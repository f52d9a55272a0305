import { answers, type Scenario } from './scenario.ts';

/** A bad release is live; the plan shifts the alias back, and one person has to agree. */
export const aliasRollback: Scenario = {
  name: 'alias-rollback',
  summary: 'a bad release is live; shifting the alias back needs one approval (default)',
  behaviour: 'shift-back',
  alarmDescription: 'More than half of the checkouts failed in the last 10 seconds',
  result: 'resolved',
  breakWorkload: async ({ workload, note }) => {
    const { good, bad } = await workload.releaseBadVersion();
    note('bad release', `alias live of checkout moved from version ${good} to ${bad}: every request fails`);
  },
  checks: async ({ workload, before }) => [
    {
      what: 'version behind alias checkout:live',
      expected: before.version,
      found: await workload.liveVersion(),
    },
    { what: 'parameter /checkout/flags/new-pricing', expected: before.flag, found: await workload.flag() },
    { what: 'status of the checkout', expected: '200', found: await answers(workload) },
  ],
};
