import { connectThisProcess } from '../local/connection.ts';
import { stackOutputs } from '../local/deployment.ts';
import { type LocalState, useStateFile } from '../local/local-state.ts';
import { Screen } from '../local/screen.ts';
import { startStack } from '../local/stack.ts';
import { Teardown } from '../local/teardown.ts';

/** Runs a measurement on a freshly deployed local stack, IAM enforced and over TLS, and takes it down afterwards. */
export async function onLocalStack<Result>(
  measure: (state: LocalState, outputs: Readonly<Record<string, string>>) => Promise<Result>,
): Promise<Result> {
  useStateFile('bench.json');
  const teardown = new Teardown();
  try {
    const state = await startStack({
      screen: new Screen(process.stderr),
      teardown,
      logs: 'bench',
      onCrash: (message) => console.error(message),
    });
    connectThisProcess(state);
    return await measure(state, await stackOutputs('Interlock-local'));
  } finally {
    await teardown.run();
  }
}
