import { defineConfig } from 'vitest/config';
import { common, oxc, run } from '../../vitest.config.js';

// `npm run test:programs`: every program of the README, the docs, the docstrings, the examples and the benchmarks is run.
export default defineConfig({
  oxc,
  test: { ...common, ...run, include: ['test/programs/**/*.test.ts'], maxWorkers: 2 },
});
