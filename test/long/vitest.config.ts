import { defineConfig } from 'vitest/config';
import { common, oxc, run } from '../../vitest.config.js';
import LongestFirst from '../support/longest-first.js';

// `npm run test:long`: what takes minutes, and at its end a table of what was tried and how often.
export default defineConfig({
  oxc,
  test: {
    ...common,
    ...run,
    include: ['test/long/**/*.test.ts'],
    // One more than processors: storms and deaths wait, interleavings compute.
    maxWorkers: 3,
    testTimeout: 1_200_000,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/long/table.ts', './test/support/closing-line.ts'],
  },
});
