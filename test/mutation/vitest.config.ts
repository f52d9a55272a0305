import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The unit tests that hold the rules which `npm run check:mutation` breaks one by one. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/{autonomy,policy,change}/**/*.test.ts'],
    exclude: ['**/*.integration.test.ts'],
    env: { POWERTOOLS_DEV: 'false' },
  },
});
