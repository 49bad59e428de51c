import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';
import LongestFirst from './test/support/longest-first.js';

/** What has a command of its own: `npm run test:long`, `test:consumers`, `test:programs`, `test:machines`, `test:browser`. */
const OTHERS = ['long', 'consumers', 'programs', 'redis', 'browser'].map((room) => `test/${room}/**`);
/** What computes, over a simulated memory, and leaves nothing in its process: it begins faster in one that has run some. */
const SIMULATED = ['test/interleaving/**/*.test.ts'];

export const common = {
  // In a worker thread `isMainThread` would be false.
  pool: 'forks',
  // For what hangs: on a loaded machine a test takes five times as long.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  // The built package is loaded by Node itself, as its workers load it: one copy a thread.
  server: { deps: { external: [/\/dist\//] } },
} satisfies ViteUserConfig['test'];

export const reporters = ['default', './test/support/closing-line.ts'];

/** Node 20 has no `using`. */
export const oxc = { target: 'es2022' };

export default defineConfig({
  test: {
    reporters,
    sequence: { sequencer: LongestFirst },
    // One more than processors: most tests wait for their threads now and then.
    maxWorkers: 3,
    projects: [
      { oxc, test: { ...common, name: 'simulated', include: SIMULATED, isolate: false } },
      {
        oxc,
        test: {
          ...common,
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...OTHERS, ...SIMULATED],
        },
      },
    ],
  },
});
