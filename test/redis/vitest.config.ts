import { defineConfig } from 'vitest/config';
import { common, oxc, run } from '../../vitest.config.js';

// `npm run test:machines`: on real servers, which each file starts for itself; one file at a time, because a lease ends on a
// loaded machine.
export default defineConfig({
  oxc,
  test: { ...common, ...run, include: ['test/redis/**/*.test.ts'], maxWorkers: 1 },
});
