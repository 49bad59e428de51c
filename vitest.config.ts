import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';
import LongestFirst from './test/support/longest-first.js';

/** What has a command of its own: `npm run test:long`, `test:consumers`, `test:programs`, `test:machines`, `test:browser`. */
const OTHERS = ['long', 'consumers', 'programs', 'redis', 'browser'].map((room) => `test/${room}/**`);
/** What changes its process for good (moves clocks, fills tables, turns recording on), or counts the threads in it. */
const ALONE = [
  ...['monitor', 'primitives', 'pool', 'python/threading'].map((room) => `test/${room}/**/*.test.ts`),
  'test/operators/{run-in-thread,thread*}.test.ts',
];

export const common = {
  // In a worker thread `isMainThread` would be false.
  pool: 'forks',
  // For what hangs: on a loaded machine a test takes five times as long.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Likewise, and sooner, so that the test shows what it had polled.
  expect: { poll: { timeout: 50_000 } },
  retry: 0,
  // The built package is loaded by Node itself, as its workers load it: one copy a thread.
  server: { deps: { external: [/\/dist\//] } },
} satisfies ViteUserConfig['test'];

/** Of a run, whatever it runs. */
export const run = {
  reporters: ['default', './test/support/closing-line.ts'],
  globalSetup: './test/support/temporary-files.ts',
} satisfies ViteUserConfig['test'];

/** Node 20 has no `using`. */
export const oxc = { target: 'es2022' };

export default defineConfig({
  test: {
    ...run,
    sequence: { sequencer: LongestFirst },
    // One more than processors: most tests wait for their threads now and then.
    maxWorkers: 3,
    projects: [
      { oxc, test: { ...common, name: 'alone', include: ALONE } },
      {
        oxc,
        test: {
          ...common,
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...OTHERS, ...ALONE],
          // One process runs many files: each begins sooner, and would see what another has left behind.
          isolate: false,
        },
      },
    ],
  },
});
