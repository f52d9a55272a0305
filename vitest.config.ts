import { defineConfig } from 'vitest/config';

/** Tests of a deployed local stack: one stack, so one file after the other. */
const deployed = { fileParallelism: false, testTimeout: 300_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          maxWorkers: '100%',
          isolate: false,
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: ['test/**/*.{integration,e2e,attack,browser}.test.ts', 'test/infra/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'infra',
          include: ['test/infra/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          // vitest would take one worker on two cores; each file has tables of its own.
          maxWorkers: '100%',
          include: ['test/**/*.integration.test.ts'],
          globalSetup: ['test/emulator.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'attacks',
          // As for integration; `npm run check:attacks` brings an emulator of its own.
          maxWorkers: '100%',
          isolate: false,
          include: ['test/attacks/**/*.attack.test.ts'],
          globalSetup: ['test/attacks/attacks.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          globalSetup: ['test/deployment.setup.ts'],
          ...deployed,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.browser.test.ts'],
          globalSetup: ['test/browser/browser.setup.ts'],
          ...deployed,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser-tls',
          include: ['test/browser/**/*.browser.test.ts'],
          globalSetup: ['test/browser/browser-tls.setup.ts'],
          ...deployed,
        },
      },
    ],
  },
});
