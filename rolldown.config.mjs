import { readFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

const common = {
  logLevel: 'warn',
  platform: 'node',
  external: [/^node:/, 'rxjs', 'piscina'],
  onLog(_level, log) {
    throw new Error(log.message);
  },
};
const output = {
  dir: 'dist',
  sourcemap: true,
  // The declarations and src have them.
  comments: { jsdoc: false },
};

/** What the declarations use that a project's own `lib` may not have. */
const LIBRARIES = '/// <reference lib="es2022.error" />\n/// <reference lib="esnext.disposable" />';

/** Lets an editor go from a declaration in dist to its source, by way of the maps that tsc has made. */
const declarationMaps = {
  name: 'declaration-maps',
  load: {
    filter: { id: /\.d\.ts$/ },
    handler: (id) => ({ code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') }),
  },
};

/**
 * tsc checks and declares, rolldown joins: src -> dist, few files, because Node takes longer to find and open a module
 * than to run it. Chunks are shared by all entries, so each thread has one instance of every module.
 *
 * A group has the files that its test names and all that they import; what two groups would have is in the first:
 * - session.js: what a worker loads before its first thread. Nothing in it may reach rxjs.
 * - later.js: what a worker needs for some threads, for errors, streams, tracing and `threadMap`. Nor may this. Where an
 *   import is lazy for it and something else imports it statically, rolldown warns, and the build fails.
 * - main.js: what index.js exports.
 *
 * A build for `require` is to be a third of this list: index in format cjs, beside the worker files of the first.
 */
export default defineConfig([
  {
    ...common,
    input: {
      index: 'src/index.ts',
      session: 'src/pool/in-worker/session.ts',
      'map-values': 'src/operators/thread-map/in-worker/map-values.ts',
      'run-pipe': 'src/operators/thread-pipe/in-worker/run-pipe.ts',
    },
    // Lets session.js export to other chunks what it holds for them; index.js holds nothing.
    preserveEntrySignatures: 'allow-extension',
    output: {
      ...output,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      // toString and error texts show them.
      keepNames: true,
      codeSplitting: {
        groups: [
          { name: 'session', test: /in-worker\/(prepare|session)\.ts$|rolldown\/runtime/, priority: 3 },
          {
            name: 'later',
            test: /in-worker\/(failure|progress|streaming|target-trace|worker-batch)\.ts$/,
            priority: 2,
          },
          { name: 'main', test: /\/src\/(?!index\.ts$|operators\/.*\/in-worker\/)/, priority: 1 },
        ],
      },
    },
  },
  {
    ...common,
    input: { 'worker-entry': 'src/pool/in-worker/worker-entry.ts' },
    external: [...common.external, './session.js'],
    output: { ...output, format: 'cjs', entryFileNames: '[name].cjs' },
  },
  {
    ...common,
    // What tsc has declared: of all that, what index.ts exports and what its types name, in one file.
    input: 'build/declarations/index.d.ts',
    plugins: [declarationMaps, dts({ dtsInput: true, tsconfig: false, sourcemap: true })],
    // Most of the build's time, and no fault.
    checks: { bundlerTimings: false },
    output: { dir: 'dist', format: 'esm', banner: LIBRARIES },
  },
]);
