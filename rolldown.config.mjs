import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineConfig } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

const require = createRequire(import.meta.url);
const piscina = dirname(require.resolve('piscina'));

const common = {
  logLevel: 'warn',
  platform: 'node',
  external: [/^node:/, 'rxjs', 'piscina', 'ioredis', 'bullmq', '@opentelemetry/api'],
  // src/redis/script
  moduleTypes: { '.lua': 'text' },
  // package.json speaks of the files in dist. Of those in src, some are imported for what they register.
  treeshake: { moduleSideEffects: [{ test: /[\\/]src[\\/]/, sideEffects: true }] },
  onLog(_level, log) {
    throw new Error(log.message);
  },
};
const output = {
  dir: 'dist',
  sourcemap: true,
  // The maps lead to src, which is published as well.
  sourcemapExcludeSources: true,
  // The declarations and src have them.
  comments: { jsdoc: false },
};

/** Piscina starts a worker.js that lies beside it: in one file with it, that is this file. */
const piscinaInOneFile = {
  name: 'piscina-in-one-file',
  transform: {
    filter: { id: join(piscina, 'index.js') },
    handler(code) {
      const beside = "(0, node_path_1.resolve)(__dirname, 'worker.js')";
      if (code.split(beside).length !== 2) throw new Error(`Piscina no longer starts ${beside}`);
      return code.replace(beside, '__filename');
    },
  },
  generateBundle() {
    const licences = ['node_modules/piscina/LICENSE', 'node_modules/rxjs/LICENSE.txt'].map(
      (file) => `${file}\n\n${readFileSync(file, 'utf8')}`,
    );
    this.emitFile({ type: 'asset', fileName: 'worker-bundle.LICENSES.txt', source: licences.join('\n\n') });
  },
};

/**
 * Packages that are loaded when they are first needed, by `require`, which what copies only the files that a program imports
 * (@vercel/nft, in Nuxt, Nitro and Vercel's builds) does not see. It sees the paths of these files, which nobody loads.
 */
const packages = {
  name: 'packages',
  generateBundle() {
    for (const name of ['piscina', 'bullmq'])
      this.emitFile({ type: 'asset', fileName: `imports-${name}.js`, source: `import '${name}';\n` });
  },
};

/**
 * Style sheets that the page's modules import: joined into one, in the order of the imports. index.html gets the names, which
 * have a hash, so that a browser may keep the files for good.
 */
const pageFiles = {
  name: 'page-files',
  load: {
    filter: { id: /\.css$/ },
    handler: () => ({ code: '', moduleType: 'js' }),
  },
  generateBundle(_, bundle) {
    const sheets = [...this.getModuleIds()].filter((id) => id.endsWith('.css'));
    const css = sheets.map((id) => readFileSync(id, 'utf8')).join('\n');
    const sheet = this.emitFile({ type: 'asset', name: 'app.css', source: css });
    const [script] = Object.values(bundle).filter(({ isEntry }) => isEntry);
    const page = readFileSync('src/monitor/page/index.html', 'utf8')
      .replace('./app.css', `./${this.getFileName(sheet)}`)
      .replace('./app.js', `./${script.fileName}`);
    this.emitFile({ type: 'asset', fileName: 'index.html', source: page });
    const licences = ['preact', 'uplot', '@dagrejs/dagre', '@dagrejs/graphlib'].map((name) => {
      const file = `node_modules/${name}/LICENSE`;
      return `${file}\n\n${readFileSync(file, 'utf8')}`;
    });
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: licences.join('\n\n') });
  },
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

/** The same declarations are those of the CommonJS build. */
const commonJsDeclarations = {
  name: 'commonjs-declarations',
  writeBundle(_, files) {
    for (const file of Object.keys(files).filter((name) => name.endsWith('.d.ts'))) {
      const text = readFileSync(join('dist', file), 'utf8').replaceAll('"./index.js"', '"./index.cjs"');
      writeFileSync(
        join('dist', file.replace(/ts$/, 'cts')),
        text.replace(/^\/\/# sourceMappingURL.*$/m, ''),
      );
    }
  },
};

/** What `monitor` and `redis` name of the library's own types is that of index.d.ts: a class declared twice would be two. */
const coreTypes = {
  name: 'core-types',
  resolveId(id, importer = '') {
    const inRoom = /[\\/]declarations[\\/](monitor|redis)[\\/]/;
    const isOurs = id.startsWith('.') && inRoom.test(importer) && !inRoom.test(join(dirname(importer), id));
    return isOurs ? { id: './index.js', external: true } : null;
  },
};

/** What register.js loads, in main alone: the built package's entry. */
const monitorItself = {
  name: 'monitor-itself',
  // It exports nothing, and what cannot `require` it begins it. TypeScript asks for declarations where somebody loads it.
  generateBundle() {
    const files = {
      'register.cjs': "import('./register.js');",
      'register.d.ts': 'export {};',
      'register.d.cts': 'export {};',
    };
    for (const [fileName, source] of Object.entries(files))
      this.emitFile({ type: 'asset', fileName, source: `${source}\n` });
  },
  resolveId: (id) =>
    id === './server/serve-monitor.js' ? { id: './monitor.js', external: 'relative' } : null,
};

/** @param input - name of a declaration in dist -> the one that tsc has made */
const declarations = (input, ...plugins) => ({
  ...common,
  external: [...common.external, './index.js'],
  input,
  plugins: [
    ...plugins,
    declarationMaps,
    dts({ dtsInput: true, tsconfig: false, sourcemap: true }),
    commonJsDeclarations,
  ],
  // Most of the build's time, and no fault.
  checks: { bundlerTimings: false },
  output: { dir: 'dist', format: 'esm', banner: LIBRARIES },
});

/**
 * tsc checks and declares, rolldown joins: src -> dist, few files, because Node takes longer to find and open a module
 * than to run it. Chunks are shared by all entries, so each thread has one instance of every module.
 *
 * A group has the files that its test names and all that they import; what two groups would have is in the first:
 * - session.js: what a worker loads before its first thread. Nothing in it may reach rxjs.
 * - later.js: what a worker needs for some threads: for errors, streams, progress, tracing, `threadMap`, and a pool's `setup`
 *   and `teardown`. Nothing in it may reach rxjs either. Where a file is imported lazily here and statically there, rolldown
 *   warns, and the build fails.
 * - primitives.js, threads.js, operators.js: what index.js exports. Three, so that a bundler leaves out what a program does
 *   not use: package.json says that no file has effects but for whoever uses it.
 *
 * monitor.js and redis.js are entries of their own, on the same chunks; nothing else loads them. monitor-worker.js is what
 * a monitor's own thread runs, monitoring.js what it shares with monitor.js.
 *
 * index.cjs, monitor.cjs and redis.cjs are these entries once more, with core.cjs for what they share, for loaders that cannot `require` an ES module: Jest, TypeScript's
 * node16, older Nodes. Its threads load worker-entry.cjs and session.js, as those of index.js do. package.json has Node's
 * `require` find index.js, where that can load an ES module.
 *
 * map-values.js and run-pipe.js are the modules of the targets that sessions of `threadMap` and `threadPipe` run.
 * worker-entry.cjs is what Piscina loads in a worker: CommonJS, see src/pool/in-worker/worker-entry.ts.
 *
 * worker-bundle.cjs is all of these in one file, for applications that are bundled, which copy it: see `setWorkerFile`.
 * No other file of dist loads it.
 */
export default defineConfig([
  {
    ...common,
    input: {
      index: 'src/index.ts',
      monitor: 'src/monitor/index.ts',
      'monitor-worker': 'src/monitor/server/monitor-worker.ts',
      redis: 'src/redis/index.ts',
      'redis-keeper': 'src/redis/keeper-thread.ts',
      session: 'src/pool/in-worker/session.ts',
      'map-values': 'src/operators/thread-map/in-worker/map-values.ts',
      'run-pipe': 'src/operators/thread-pipe/in-worker/run-pipe.ts',
      'job-body': 'src/redis/job-body.ts',
    },
    plugins: [packages],
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
            test: /in-worker\/(answering|failure|progress|streaming|target-trace|worker-batch|worker-life)\.ts$/,
            priority: 2,
          },
          { name: 'primitives', test: /\/src\/primitives\//, priority: 1 },
          { name: 'threads', test: /\/src\/pool\//, priority: 1 },
          { name: 'operators', test: /\/src\/operators\/(?!.*\/in-worker\/)/, priority: 1 },
          { name: 'monitoring', test: /\/src\/monitor\/(?!index|server\/monitor-worker)/, priority: 1 },
        ],
      },
    },
  },
  {
    ...common,
    // What `npx rxjs-threading` runs, and what `--import` loads into every worker: each by itself, in one file.
    input: { cli: 'src/monitor/top/cli.ts' },
    output: { ...output, format: 'esm', entryFileNames: '[name].js' },
  },
  {
    ...common,
    input: { register: 'src/monitor/register.ts' },
    plugins: [monitorItself],
    output: { ...output, format: 'esm', entryFileNames: '[name].js' },
  },
  {
    ...common,
    input: { 'worker-entry': 'src/pool/in-worker/worker-entry.ts' },
    external: [...common.external, './session.js'],
    output: { ...output, format: 'cjs', entryFileNames: '[name].cjs' },
  },
  {
    ...common,
    input: { index: 'src/index.ts', monitor: 'src/monitor/index.ts', redis: 'src/redis/index.ts' },
    output: {
      ...output,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name].cjs',
      keepNames: true,
      codeSplitting: { groups: [{ name: 'core', test: /\/src\/(?!monitor|redis)|rolldown\/runtime/ }] },
    },
  },
  {
    ...common,
    input: { 'worker-bundle': 'src/worker-bundle.cjs' },
    // A package that Piscina does without, if it is not there.
    external: [/^node:/, '@napi-rs/nice'],
    resolve: {
      alias: {
        'piscina/worker': join(piscina, 'worker.js'),
        // The build that shakes; for Node rxjs names one that does not.
        rxjs$: join(dirname(require.resolve('rxjs')), '../esm/index.js'),
      },
    },
    output: {
      dir: 'dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      keepNames: true,
      codeSplitting: false,
      minify: { mangle: { keepNames: true }, compress: { keepNames: { function: true, class: true } } },
      comments: false,
    },
    plugins: [piscinaInOneFile],
  },
  {
    ...common,
    input: { app: 'src/monitor/page/main.tsx' },
    platform: 'browser',
    external: [],
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    transform: { target: 'es2022', jsx: { runtime: 'automatic', importSource: 'preact' } },
    output: {
      dir: 'dist/monitor/page',
      format: 'esm',
      entryFileNames: '[name]-[hash].js',
      assetFileNames: '[name]-[hash][extname]',
      codeSplitting: false,
      minify: true,
      comments: false,
    },
    plugins: [pageFiles],
  },
  // What tsc has declared: of all that, what the entries export and what its types name, one file each.
  declarations({ index: 'build/declarations/index.d.ts' }),
  declarations({ monitor: 'build/declarations/monitor/index.d.ts' }, coreTypes),
  declarations({ redis: 'build/declarations/redis/index.d.ts' }, coreTypes),
]);
