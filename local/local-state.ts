import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PersonKey } from './people.ts';
import { workFolder } from './places.ts';

/** What other programs (the CLI, the end-to-end tests) need to know about the running local stack. */
export interface LocalState {
  readonly pid: number;
  /** `https://127.0.0.1:PORT`: every AWS service. Root key `test`/`test`. */
  readonly endpointUrl: string;
  /** Bundle with the run's certificate. */
  readonly caFile: string;
  readonly region: string;
  readonly stage: 'local';
  /** `http://localhost:PORT` (with `--tls` `https:`): what approval links start with. */
  readonly frontDoorUrl: string;
  /** The local identity provider, on a port of its own: issuer of everybody's sign-in. */
  readonly identityProviderUrl: string;
  /** Where a seeded user's groups can be changed while it runs; see `identity-provider/control-client.ts`. */
  readonly identityControlUrl: string;
  /** Goes with every request there, so that no page elsewhere can send one. */
  readonly identityControlToken: string;
  /** OpenAI-compatible base URL, with `/v1`. */
  readonly modelUrl: string;
  /** Where the scripted stand-in takes its script; absent with a real model. */
  readonly modelControlUrl?: string;
  /** The demo workload's checkout. */
  readonly workloadUrl: string;
  /** Keys of the seeded users, for `interlock --as <user>`. They open this emulator and nothing else. */
  readonly people: Readonly<Record<string, PersonKey>>;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** The command line reads the same variable: a second stack of one folder (the tests') keeps its own file. */
const stateFileVariable = 'INTERLOCK_LOCAL_STATE';

function stateFile(): string {
  return process.env[stateFileVariable] ?? join(workFolder, 'local.json');
}

/** Keeps the state of stacks that this process and its children start or look for apart from that of `npm start`. */
export function useStateFile(name: string): void {
  process.env[stateFileVariable] = join(workFolder, name);
}

export function writeState(state: LocalState): void {
  mkdirSync(workFolder, { recursive: true });
  writeFileSync(stateFile(), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}

/** Removes the file if it still describes the stack of this process. */
export function removeState(): void {
  if (readState()?.pid === process.pid) rmSync(stateFile(), { force: true });
}

/** The stack that was last written down; nothing if there is none. It may have died since. */
export function readState(): LocalState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(), 'utf8')) as LocalState;
  } catch {
    return undefined;
  }
}
