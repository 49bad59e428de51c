import { configDefaults, defineConfig } from 'vitest/config';
import LongestFirst from './test/support/longest-first.js';

export default defineConfig({
  // Node 20 has no `using`.
  oxc: { target: 'es2022' },
  test: {
    include: ['test/**/*.test.ts'],
    // What has a command of its own: `npm run test:long`, `test:consumers`, `test:programs`, `test:machines`, `test:browser`.
    exclude: [
      ...configDefaults.exclude,
      ...['long', 'consumers', 'programs', 'redis', 'browser'].map((room) => `test/${room}/**`),
    ],
    // In a worker thread `isMainThread` would be false.
    pool: 'forks',
    maxWorkers: 2,
    // For what hangs: on a loaded machine a test takes five times as long.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/closing-line.ts'],
    // The built package is loaded by Node itself, as its workers load it: one copy a thread.
    server: { deps: { external: [/\/dist\//] } },
  },
});
