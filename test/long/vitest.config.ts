import { defineConfig } from 'vitest/config';

// `npm run test:long`: what takes minutes, and at its end a table of what was tried and how often.
export default defineConfig({
  oxc: { target: 'es2022' },
  test: {
    include: ['test/long/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 1_200_000,
    hookTimeout: 60_000,
    retry: 0,
    reporters: ['default', './test/support/long/table.ts', './test/support/closing-line.ts'],
    server: { deps: { external: [/\/dist\//] } },
  },
});
