import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { connectThisProcess } from '../../local/connection.ts';
import { scenarios } from '../../local/scenarios/catalogue.ts';
import { runScenario } from '../../local/scenarios/run-scenario.ts';
import { verifyLedger } from '../../local/verify-ledger.ts';

/** Every scenario of `npm start`, one after the other on one stack, judged by reading the workload back. */
const { state } = inject('deployment');

describe('scenarios on the deployed stack', () => {
  beforeAll(() => connectThisProcess(state));

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_name, scenario) => {
    const entries: LedgerEntry[] = [];
    const verdict = await runScenario(scenario, {
      state,
      scripted: true,
      alarm: 'own',
      onEntry: (entry) => entries.push(entry),
      onNote: () => {},
    });
    expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verdict.passed).toBe(true);
    expect(entries.at(-1)?.type).toBe('incident.closed');
  });

  afterAll(async () => {
    expect(await verifyLedger(state)).toMatchObject({ verified: true });
  });
});
