import type { TestProject } from 'vitest/node';
import { demo } from '../local/demo/names.ts';
import { stackOutputs } from '../local/deployment.ts';
import { type LocalState, useStateFile } from '../local/local-state.ts';
import { Screen } from '../local/screen.ts';
import { type StackOptions, startStack } from '../local/stack.ts';
import { Teardown } from '../local/teardown.ts';

/** The local stack that the end-to-end tests run against. */
export interface Deployment {
  readonly state: LocalState;
  /** Outputs of stack `Interlock-local`. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Outputs of the demo workload's stack. */
  readonly demoOutputs: Readonly<Record<string, string>>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    deployment: Deployment;
  }
}

/** vitest global set-up of the end-to-end tests: the local stack, as `npm start` starts it. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideStack(project, 'e2e');
}

/**
 * Gives a vitest project a deployed stack. That connects this process, and the worker processes of the tests
 * inherit its environment.
 *
 * @param name Of its state file and its logs.
 */
export async function provideStack(
  { provide }: TestProject,
  name: string,
  options: Pick<StackOptions, 'tls'> = {},
): Promise<() => Promise<void>> {
  useStateFile(`${name}.json`);
  const teardown = new Teardown();
  try {
    const state = await startStack({
      ...options,
      screen: new Screen(process.stderr),
      teardown,
      logs: name,
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
