import type { TestProject } from 'vitest/node';
import { demo } from '../../local/demo/names.ts';
import { stackOutputs } from '../../local/deployment.ts';
import { useStateFile } from '../../local/local-state.ts';
import { Screen } from '../../local/screen.ts';
import { startStack } from '../../local/stack.ts';
import { Teardown } from '../../local/teardown.ts';
import { findChromium, howToGetChromium } from './chromium.ts';

/** vitest global set-up of the browser tests over TLS: a stack as `npm start -- --tls` starts it. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  if (findChromium() === undefined) throw new Error(howToGetChromium);
  useStateFile('browser-tls.json');
  const teardown = new Teardown();
  try {
    const state = await startStack({
      screen: new Screen(process.stderr),
      teardown,
      tls: true,
      logs: 'browser-tls',
      onCrash: (message) => console.error(message),
    });
    provide('deployment', {
      state,
      outputs: await stackOutputs('Interlock-local'),
      demoOutputs: await stackOutputs(demo.stackName),
    });
  } catch (error) {
    await teardown.run();
    throw error;
  }
  return () => teardown.run();
}
