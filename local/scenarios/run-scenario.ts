import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { alarmState, createAlarm, type DemoAlarm, deleteAlarm, stackAlarm } from '../demo/alarm.ts';
import { startTraffic, type Traffic } from '../demo/traffic.ts';
import { Workload } from '../demo/workload.ts';
import { stackOutputs } from '../deployment.ts';
import type { LocalState } from '../local-state.ts';
import { direct } from '../model/stand-in.ts';
import { ScriptedApprover } from './approver.ts';
import { Records } from './records.ts';
import type { Bench, Check, Scenario } from './scenario.ts';

export interface RunOptions {
  readonly state: LocalState;
  /** Answers approvals by itself, through the pages. Otherwise a person does. */
  readonly scripted: boolean;
  /** The stack's own alarm (once per stack: its cooldown would suppress a second run) or a new one. */
  readonly alarm: 'stack' | 'own';
  readonly onEntry: (entry: LedgerEntry) => void;
  readonly onNote: (what: string, more: string) => void;
}

/** How a scenario ended. `passed` follows from the checks alone. */
export interface Verdict {
  readonly scenario: string;
  readonly passed: boolean;
  readonly incidentId: string;
  readonly result: string;
  readonly checks: readonly (Check & { readonly ok: boolean })[];
  /** From the change of the alarm to the closed incident, milliseconds. */
  readonly durationMs: number;
}

/** A step that never came. */
export class ScenarioTimeoutError extends Error {
  constructor(what: string, timeoutMs: number) {
    super(`${what} within ${timeoutMs / 1_000} s`);
    this.name = 'ScenarioTimeoutError';
  }
}

const scriptedTimeoutMs = 240_000;
/** A person may take as long as an approval lives, and a little. */
const personTimeoutMs = 2_400_000;

/**
 * Runs one scenario on the running local stack: breaks the demo workload, follows the incident, judges by
 * reading the workload back, and puts the workload right again.
 *
 * @throws ScenarioTimeoutError when the alarm, the incident or its end does not come.
 */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Verdict> {
  const { state } = options;
  const outputs = await stackOutputs('Interlock-local');
  const workload = new Workload(state.workloadUrl);
  const records = new Records(outputs);
  if (state.modelControlUrl !== undefined)
    await direct(state.modelControlUrl, { behaviour: scenario.behaviour });
  const before = { version: await workload.liveVersion(), flag: await workload.flag() };
  const alarm =
    options.alarm === 'stack'
      ? stackAlarm
      : await createAlarm(`${scenario.name}-${Date.now().toString(36)}`, scenario.alarmDescription);
  const bench: Bench = { state, outputs, workload, records, alarm, before, note: options.onNote };
  const traffic = startTraffic(workload.url, alarm.metricName);
  try {
    options.onNote('customers arrive', 'waiting until the checkout answers every one of them');
    await isHealthy(traffic);
    await scenario.breakWorkload(bench);
    options.onNote('alarm watched', `waiting until ${alarm.alarmName} turns`);
    await turnsToAlarm(alarm);
    const startedAt = Date.now();
    const incidentId = await opens(records, alarm);
    const result = await follow(scenario, bench, incidentId, options);
    const durationMs = Date.now() - startedAt;
    const own = { what: 'result of the incident (our own record)', expected: scenario.result, found: result };
    const checks = [...(await scenario.checks(bench, incidentId)), own].map((check) => ({
      ...check,
      ok: check.found === check.expected,
    }));
    const passed = checks.every(({ ok }) => ok);
    return { scenario: scenario.name, passed, incidentId, result, checks, durationMs };
  } finally {
    await traffic.stop();
    await restore(bench);
  }
}

/** The workload as it was, automation on, the stand-in sensible: the next scenario starts from there. */
async function restore({ workload, before, records, alarm, state }: Bench): Promise<void> {
  await workload.pointLiveAt(before.version);
  await workload.setFlag(before.flag === 'on' ? 'on' : 'off');
  if (alarm !== stackAlarm) await deleteAlarm(alarm);
  await records.setKillSwitch('released', 'scenario ended');
  if (state.modelControlUrl !== undefined) await direct(state.modelControlUrl, {});
}

async function isHealthy(traffic: Traffic): Promise<void> {
  await until('the demo workload did not become healthy', 30_000, () =>
    Promise.resolve(traffic.recent().length >= 8 && traffic.recent().slice(-8).every(Boolean)),
  );
}

async function turnsToAlarm(alarm: DemoAlarm): Promise<void> {
  await until(
    `alarm ${alarm.alarmName} did not turn to ALARM`,
    60_000,
    async () => (await alarmState(alarm)) === 'ALARM',
  );
}

async function opens(records: Records, alarm: DemoAlarm): Promise<string> {
  return until(`no incident was opened for alarm ${alarm.alarmName}`, 60_000, async () => {
    const [incidentId] = await records.incidentsOf(alarm.alarmName);
    return incidentId;
  });
}

/** Reports each new ledger entry, answers approvals if scripted, and waits for the end. @returns the result */
async function follow(
  scenario: Scenario,
  bench: Bench,
  incidentId: string,
  options: RunOptions,
): Promise<string> {
  let seen = 0;
  const whenOpened = scenario.whenOpened?.(bench, incidentId) ?? Promise.resolve();
  whenOpened.catch(() => {}); // awaited below, where a failure is reported
  const answering: Promise<void>[] = [];
  let failed: unknown;
  const timeoutMs = options.scripted ? scriptedTimeoutMs : personTimeoutMs;
  const result = await until(`incident ${incidentId} did not end`, timeoutMs, async () => {
    if (failed !== undefined) throw failed;
    const entries = await bench.records.chain(incidentId);
    for (const entry of entries.slice(seen)) {
      options.onEntry(entry);
      if (entry.type !== 'approval.requested') continue;
      const approvalId = String(entry.detail['approvalId']);
      const answer = whenOpened.then(() => answerApproval(scenario, bench, approvalId, options.scripted));
      answering.push(answer.catch((error: unknown) => void (failed = error)));
    }
    seen = entries.length;
    return entries.find(({ type }) => type === 'incident.closed')?.detail['result'];
  });
  await whenOpened;
  await Promise.all(answering);
  return String(result);
}

const approvers = ['ana', 'ben'] as const;

async function answerApproval(
  scenario: Scenario,
  { records, ...bench }: Bench,
  approvalId: string,
  scripted: boolean,
): Promise<void> {
  const approved = async (): Promise<boolean> => (await records.approvalStatus(approvalId)) === 'approved';
  if (scripted) {
    for (const identity of approvers) {
      const status = await new ScriptedApprover(bench.state.frontDoorUrl, identity).approve(approvalId);
      if (status >= 400) throw new Error(`the approval page refused ${identity}: status ${status}`);
      if (scenario.whenApproved !== undefined || (await approved())) break;
    }
  } else if (scenario.whenApproved !== undefined) {
    await until('nobody approved', personTimeoutMs, approved, 20);
  }
  await scenario.whenApproved?.({ records, ...bench });
}

/** Asks again until there is an answer that is not undefined or false. */
async function until<Answer>(
  failure: string,
  timeoutMs: number,
  ask: () => Promise<Answer | undefined | false>,
  everyMs = 200,
): Promise<Answer> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(everyMs);
  }
  throw new ScenarioTimeoutError(failure, timeoutMs);
}
