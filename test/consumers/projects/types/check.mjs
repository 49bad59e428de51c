// node check.mjs [MODE]…: what test/types says compiles with every TypeScript from 5.4 on, in every way of finding modules or
// in those named, with whatever @types/node is installed; the library's declarations are checked as well, by the strictest
// rules.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const clone = process.env.CONSUMER_CLONE ?? join(here, '../../../..');
const COMPILERS = ['5.4', '5.9', '6', '7'];
const MODES = {
  nodenext: { module: 'nodenext' },
  'nodenext, CommonJS': { module: 'nodenext' },
  node16: { module: 'node16' },
  'node16, CommonJS': { module: 'node16' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
  // TypeScript 6 has deprecated it, 7 knows it no more.
  'commonjs, node10': { module: 'commonjs', moduleResolution: 'node10' },
};
const asked = process.argv.slice(2);
// Without Node's types, AbortSignal and URL are the DOM's.
const nodeTypes = join(here, 'node_modules/@types/node/package.json');
const hasNode = existsSync(nodeTypes);
/** @types/node does not compile itself with an older TypeScript. */
const least = hasNode ? Number(JSON.parse(readFileSync(nodeTypes, 'utf8')).typeScriptVersion) : 0;

/** The type tests as they are, in a package of ECMAScript modules or of CommonJS ones. */
for (const [kind, folder] of [
  ['module', 'esm'],
  ['commonjs', 'cjs'],
]) {
  mkdirSync(join(here, folder), { recursive: true });
  writeFileSync(join(here, folder, 'package.json'), JSON.stringify({ type: kind }));
  for (const file of readdirSync(join(clone, 'test/types')))
    cpSync(join(clone, 'test/types', file), join(here, folder, file));
}

const wrong = [];
for (const compiler of COMPILERS.filter((version) => Number(version) >= least))
  for (const [mode, options] of Object.entries(MODES)) {
    if (options.moduleResolution === 'node10' && Number(compiler) >= 6) continue;
    if (asked.length > 0 && !asked.includes(mode)) continue;
    const said = compile(compiler, mode, options);
    console.log(`TypeScript ${compiler}, ${mode}: ${said === '' ? 'clean' : 'ERRORS'}`);
    if (said !== '') wrong.push(`\n── TypeScript ${compiler}, ${mode}\n${said}`);
  }
console.log(wrong.join('\n'));
process.exitCode = wrong.length === 0 ? 0 : 1;

function compile(compiler, mode, options) {
  const compilerOptions = {
    ...options,
    target: 'es2022',
    lib: hasNode ? ['es2022'] : ['es2022', 'dom'],
    types: hasNode ? ['node'] : [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  };
  const folder = join(here, /CommonJS|commonjs/.test(mode) ? 'cjs' : 'esm');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(here, 'node_modules', `typescript-${compiler}`, 'bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}exit code ${status}`;
}
