/** By name: bundles `entry` into `dir`/main.js. `external` are packages, with all of their entries. */
export const bundlers = { esbuild, rolldown, rollup, rspack, vite, webpack };

/** For a bundler that takes a name for that entry alone. */
const entriesOf = (name) => new RegExp(`^${name}(/|$)`);

async function esbuild({ entry, dir, format, external }) {
  const { build } = await import('esbuild');
  await build({
    entryPoints: { main: entry },
    outdir: dir,
    format,
    external,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    // The CommonJS build of a package, rxjs here, calls require.
    ...(format === 'esm' && {
      banner: {
        js: "import { createRequire as requireIn } from 'node:module'; const require = requireIn(import.meta.url);",
      },
    }),
    ...(format === 'cjs' && { logOverride: { 'empty-import-meta': 'silent' } }),
  });
}

async function rolldown({ entry, dir, format, external }) {
  const { build } = await import('rolldown');
  await build({
    input: { main: entry },
    external: external.map(entriesOf),
    platform: 'node',
    logLevel: 'silent',
    output: { dir, format, minify: true, codeSplitting: false },
  });
}

async function rollup({ entry, dir, format, external }) {
  const { rollup } = await import('rollup');
  const { default: resolve } = await import('@rollup/plugin-node-resolve');
  const { default: commonjs } = await import('@rollup/plugin-commonjs');
  const { default: json } = await import('@rollup/plugin-json');
  const bundle = await rollup({
    input: { main: entry },
    external: [...external.map(entriesOf), /^node:/],
    plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()],
    onwarn() {},
  });
  await bundle.write({ dir, format });
  await bundle.close();
}

async function vite({ entry, dir, format, external }) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external },
    build: {
      ssr: true,
      outDir: dir,
      emptyOutDir: true,
      minify: true,
      target: 'node20',
      rollupOptions: { input: { main: entry }, output: { format, entryFileNames: '[name].js' } },
    },
  });
}

async function webpack(asked) {
  const { default: webpack } = await import('webpack');
  await packed(webpack, asked, { experiments: { outputModule: asked.format === 'esm' } });
}

async function rspack(asked) {
  const { rspack } = await import('@rspack/core');
  await packed(rspack, asked);
}

async function packed(bundler, { entry, dir, format, external }, more = {}) {
  const esm = format === 'esm';
  const stats = await new Promise((resolve, reject) =>
    bundler(
      {
        mode: 'production',
        target: 'node20',
        entry: { main: entry },
        ...more,
        // Or it would put the URLs of the sources into the bundle.
        module: { parser: { javascript: esm ? { importMeta: false, url: false } : {} } },
        // An optional peer that is not installed, of which it would warn.
        resolve: { alias: { ioredis: false } },
        externals: external.map(entriesOf),
        externalsType: esm ? 'module' : 'commonjs',
        output: {
          path: dir,
          filename: '[name].js',
          module: esm,
          chunkFormat: esm ? 'module' : 'commonjs',
          library: { type: esm ? 'module' : 'commonjs2' },
        },
      },
      (error, stats) => (error ? reject(error) : resolve(stats)),
    ),
  );
  const { errors, warnings } = stats.toJson({ errors: true, warnings: true });
  const told = [...errors, ...warnings].map(
    ({ moduleName, loc, message }) => `${moduleName}:${loc} ${message}`,
  );
  if (told.length > 0) throw new Error(told.join('\n'));
}
