import type { DemoAlarm } from '../demo/alarm.ts';
import type { Workload } from '../demo/workload.ts';
import type { LocalState } from '../local-state.ts';
import type { Behaviour } from '../model/answers.ts';
import type { Records } from './records.ts';

/** One fact about the workload (or, where it says so, about our records) after a scenario. */
export interface Check {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** What a scenario works with. */
export interface Bench {
  readonly state: LocalState;
  readonly outputs: Readonly<Record<string, string>>;
  readonly workload: Workload;
  readonly records: Records;
  readonly alarm: DemoAlarm;
  /** The workload as its owners left it before the scenario. */
  readonly before: { readonly version: string; readonly flag: string };
  /** Tells the person at the terminal something that no ledger entry says. */
  readonly note: (what: string, more: string) => void;
}

/** A rehearsed way in which the demo workload fails, and how that must end. */
export interface Scenario {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** What the scripted stand-in plays; a real model decides for itself. */
  readonly behaviour: Behaviour;
  /** Description of the scenario's alarm; untrusted text for everybody who reads it. */
  readonly alarmDescription: string;
  /** How the incident must end. */
  readonly result: string;
  /** Makes the workload fail, as a bad release or a wrong setting would. */
  readonly breakWorkload: (bench: Bench) => Promise<void>;
  /** Runs once the incident is open, before anybody approves. */
  readonly whenOpened?: (bench: Bench, incidentId: string) => Promise<void>;
  /** Runs as soon as the approval is decided. */
  readonly whenApproved?: (bench: Bench) => Promise<void>;
  /** The workload as it must be in the end, each fact freshly read from AWS's own API. */
  readonly checks: (bench: Bench, incidentId: string) => Promise<Check[]>;
}

/** The workload answers a customer as it should, or not. */
export async function answers(workload: Workload): Promise<string> {
  const response = await fetch(workload.url);
  await response.arrayBuffer();
  return String(response.status);
}
