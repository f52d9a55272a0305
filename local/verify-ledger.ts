import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { connectionEnvironment } from './connection.ts';
import type { LocalState } from './local-state.ts';
import { root } from './places.ts';

/** What `interlock audit verify` says. */
export interface LedgerReport {
  readonly verified: boolean;
  readonly words: string;
}

/** Runs the command line tool in a process of its own, as an auditor would. */
export async function verifyLedger(state: LocalState): Promise<LedgerReport> {
  const { code, output, errors } = await run(['audit', 'verify', '--json'], state);
  try {
    const report = JSON.parse(output) as {
      entries: number;
      chains: number;
      faults: readonly { fault: string }[];
    };
    const faults = report.faults.map(({ fault }) => fault).join(', ');
    return {
      verified: code === 0 && report.faults.length === 0,
      words: `${report.entries} entries in ${report.chains} chains${faults === '' ? ', no gap, nothing altered' : `: ${faults}`}`,
    };
  } catch {
    return {
      verified: false,
      words: `interlock audit verify failed: ${errors.trim().split('\n').at(-1) ?? ''}`,
    };
  }
}

function run(
  args: readonly string[],
  state: LocalState,
): Promise<{ code: number; output: string; errors: string }> {
  const env = { ...process.env, ...connectionEnvironment(state) };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'cli', 'main.ts'), ...args],
      { env, timeout: 60_000 },
      (error, output, errors) => resolve({ code: error === null ? 0 : 1, output, errors }),
    );
  });
}
