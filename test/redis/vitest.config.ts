import { defineConfig } from 'vitest/config';
import { common, oxc, reporters } from '../../vitest.config.js';

// `npm run test:machines`: on real servers, which each file starts for itself; one file at a time, because a lease ends on a
// loaded machine.
export default defineConfig({
  oxc,
  test: { ...common, reporters, include: ['test/redis/**/*.test.ts'], maxWorkers: 1 },
});
