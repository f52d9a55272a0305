import { aliasRollback } from './alias-rollback.ts';
import { answers, type Scenario } from './scenario.ts';

/** As `alias-rollback`, but the kill switch is engaged right after the approval: nothing may happen any more. */
export const killSwitch: Scenario = {
  ...aliasRollback,
  name: 'kill-switch',
  summary: 'the kill switch is engaged between approval and execution: nothing happens',
  result: 'stopped',
  whenApproved: async ({ records, note }) => {
    await records.setKillSwitch('engaged', 'scenario kill-switch');
    note('kill switch engaged', 'after the approval, before the change');
  },
  checks: async ({ workload, before }) => {
    const live = await workload.liveVersion();
    return [
      {
        what: 'alias checkout:live was left alone',
        expected: 'yes',
        found: live === before.version ? 'no' : 'yes',
      },
      { what: 'parameter /checkout/flags/new-pricing', expected: before.flag, found: await workload.flag() },
      { what: 'status of the checkout', expected: '500', found: await answers(workload) },
    ];
  },
};
