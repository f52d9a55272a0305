import type { TestProject } from 'vitest/node';
import deploy from '../deployment.setup.ts';
import { findChromium, howToGetChromium } from './chromium.ts';

/** vitest global set-up of the browser tests: the stack of the end-to-end tests, where they run too. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (findChromium() === undefined) throw new Error(howToGetChromium);
  return deploy(project);
}
