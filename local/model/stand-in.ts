import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../places.ts';
import { startGroup } from '../processes.ts';
import type { Behaviour } from './answers.ts';
import type { Fault } from './faults.ts';

/** The running stand-in. */
export interface StandIn {
  /** `http://127.0.0.1:PORT`; the OpenAI-compatible API is below `/v1`, Bedrock's below the address itself. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts the scripted stand-in in a process of its own. */
export async function startStandIn(): Promise<StandIn> {
  const group = startGroup(process.execPath, [join(root, 'local', 'model', 'main.ts')], {
    cwd: root,
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const { stdout } = group.process;
  if (stdout === null) throw new Error('the stand-in has no standard output');
  for await (const line of createInterface({ input: stdout })) {
    return { url: (JSON.parse(line) as { url: string }).url, stop: () => group.stop() };
  }
  throw new Error(`the scripted stand-in did not start (exit code ${await group.ended})`);
}

/** Tells the stand-in what to play from now on. */
export async function direct(url: string, script: { behaviour?: Behaviour; fault?: Fault }): Promise<void> {
  const response = await fetch(`${url}/control`, { method: 'PUT', body: JSON.stringify(script) });
  if (!response.ok)
    throw new Error(`the stand-in refused ${JSON.stringify(script)}: ${await response.text()}`);
}
