import { join } from 'node:path';
import { connectThisProcess } from '../local/connection.ts';
import { startEmulator } from '../local/emulator.ts';
import { logFolder } from '../local/places.ts';

/** vitest global set-up of the integration tests: one MiniStack over plain HTTP, IAM not enforced. */
export default async function setup(): Promise<() => Promise<void>> {
  const emulator = await startEmulator({
    iam: false,
    tls: false,
    logFile: join(logFolder, 'emulator-integration.log'),
    onCrash: (message) => console.error(message),
  });
  // The worker processes of the tests inherit this process's environment.
  connectThisProcess(emulator);
  return emulator.stop;
}
