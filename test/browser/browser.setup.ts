import type { TestProject } from 'vitest/node';
import { demo } from '../../local/demo/names.ts';
import { stackOutputs } from '../../local/deployment.ts';
import { readState, useStateFile } from '../../local/local-state.ts';
import deploy from '../deployment.setup.ts';
import { findChromium, howToGetChromium } from './chromium.ts';

/** vitest global set-up of the browser tests: the stack that this run has deployed for e2e, or one of their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (findChromium() === undefined) throw new Error(howToGetChromium);
  useStateFile('e2e.json');
  const state = readState();
  if (state?.pid !== process.pid) return deploy(project);
  project.provide('deployment', {
    state,
    outputs: await stackOutputs('Interlock-local'),
    demoOutputs: await stackOutputs(demo.stackName),
  });
  return async () => {};
}
