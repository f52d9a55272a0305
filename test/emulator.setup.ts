import { join } from 'node:path';
import { startEmulator } from '../local/emulator.ts';
import { logFolder, region, rootCredentials } from '../local/places.ts';

/** vitest global set-up of the integration tests: one MiniStack over plain HTTP, IAM not enforced. */
export default async function setup(): Promise<() => Promise<void>> {
  const emulator = await startEmulator({
    iam: false,
    tls: false,
    logFile: join(logFolder, 'emulator-integration.log'),
    onCrash: (message) => console.error(message),
  });
  // The AWS clients of the tests read these; worker processes inherit them.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: emulator.endpointUrl,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: rootCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: rootCredentials.secretAccessKey,
  });
  return emulator.stop;
}
