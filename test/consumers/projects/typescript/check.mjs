// node check.mjs MODE…: compiles main.ts in each mode, with the library's declarations checked as well.
import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MODES = {
  nodenext: { module: 'nodenext' },
  'nodenext-cjs': { module: 'nodenext' },
  node16: { module: 'node16' },
  'node16-cjs': { module: 'node16' },
  node10: { module: 'commonjs', moduleResolution: 'node10' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};
copyFileSync('main.ts', 'main.cts');
const tsc = join(import.meta.dirname, 'node_modules/typescript/bin/tsc');
for (const mode of process.argv.slice(2)) {
  const config = `tsconfig.${mode}.json`;
  const compilerOptions = {
    ...MODES[mode],
    target: 'es2022',
    lib: ['es2022', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    esModuleInterop: true,
    noEmit: true,
  };
  const files = [mode.endsWith('-cjs') ? 'main.cts' : 'main.ts'];
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
  console.log(`${mode}: ${status === 0 ? 'clean' : `\n${stdout}`}`);
  if (status !== 0) process.exitCode = 1;
}
