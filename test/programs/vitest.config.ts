import { configDefaults, defineConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:programs`: every program of the README, the docs, the docstrings, the examples and the benchmarks is run.
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/programs/**/*.test.ts'], exclude: [...configDefaults.exclude] },
});
