import type { TestProject } from 'vitest/node';
import { provideStack } from '../deployment.setup.ts';
import { findChromium, howToGetChromium } from './chromium.ts';

/** vitest global set-up of the browser tests: a stack of their own, as `npm start` starts it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (findChromium() === undefined) throw new Error(howToGetChromium);
  return provideStack(project, 'browser');
}
