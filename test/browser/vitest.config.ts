import { defineConfig } from 'vitest/config';
import { common, oxc, run } from '../../vitest.config.js';

// `npm run test:browser`: the monitor's page in Debian's chromium, one file at a time, because some count frames.
export default defineConfig({
  oxc,
  test: { ...common, ...run, include: ['test/browser/**/*.test.ts'], maxWorkers: 1 },
});
