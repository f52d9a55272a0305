import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The unit tests that hold the rules which `npm run check:mutation` breaks one by one. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/{autonomy,policy,change}/**/*.test.ts'],
    exclude: ['**/*.integration.test.ts', '**/*.e2e.test.ts'],
    // A broken rule that never ends is ended by Stryker; instrumented code is slow beside other work.
    testTimeout: 30_000,
    env: { POWERTOOLS_DEV: 'false' },
  },
});
