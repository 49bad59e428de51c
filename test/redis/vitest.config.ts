import { configDefaults, defineConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:machines`: on real servers, which each file starts for itself; one file at a time, because a lease ends on a
// loaded machine.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/redis/**/*.test.ts'],
    exclude: [...configDefaults.exclude],
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
