import { configDefaults, defineConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:browser`: the monitor's page in Debian's chromium, one file at a time, because some count frames.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/browser/**/*.test.ts'],
    exclude: [...configDefaults.exclude],
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
