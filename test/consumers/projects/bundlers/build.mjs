// node build.mjs BUNDLER: bundles each of the programs, runs it where there is no node_modules, and compares what it prints.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundlers } from './bundlers.mjs';

const PRINTED = {
  'lock-only.js': ['1', '2'],
  'threads.js': ['shared true', '[ 1, 4, 9 ]', '1', 'of a pool', 'ERR_THREAD_DIED'],
};
PRINTED['named.js'] = PRINTED['threads.js'];
const ENTRIES_EXTERNAL = ['here 200', 'worker 200', 'true', 'ERR_ENGINE false'];
const ENTRIES_BUNDLED = ['here 200', 'ERR_NO_THREAD true', 'true', 'ERR_NO_THREAD true'];

const [bundler] = process.argv.slice(2);
const bundle = bundlers[bundler];
const elsewhere = mkdtempSync(join(tmpdir(), 'bundled-'));
try {
  for (const format of ['esm', 'cjs']) await lockOnly(format);
  await external();
  await entriesExternal();
  await entriesBundled();
  await unnamed();
  await named();
} finally {
  rmSync(elsewhere, { recursive: true, force: true });
}

/** All in one file, which is moved away: locks need nothing else. */
async function lockOnly(format) {
  const dir = join(elsewhere, `lock-only-${format}`);
  await bundle({ entry: resolve('lock-only.js'), dir, format, external: [] });
  prints('lock-only.js', dir, format);
  console.log(`lock only, ${format}: ${size(dir)} kB`);
}

/** The library stays a package. */
async function external() {
  const dir = resolve('out-external');
  await bundle({ entry: resolve('threads.js'), dir, format: 'esm', external: ['rxjs-threading'] });
  prints('threads.js', dir, 'esm');
  console.log('external');
}

async function entriesExternal() {
  const dir = resolve('out-entries');
  await bundle({ entry: resolve('entries.js'), dir, format: 'esm', external: ['rxjs-threading'] });
  prints('entries.js', dir, 'esm', ENTRIES_EXTERNAL);
  console.log('monitor and redis, external');
}

/** All in one file: the monitor is served here, its page from a copy; what needs a thread of its own says why it has none. */
async function entriesBundled() {
  const dir = join(elsewhere, 'entries');
  await bundle({ entry: resolve('entries.js'), dir, format: 'esm', external: [] });
  cpSync('node_modules/rxjs-threading/dist/monitor', join(dir, 'monitor'), { recursive: true });
  prints('entries.js', dir, 'esm', ENTRIES_BUNDLED);
  console.log('monitor and redis, bundled');
}

/** All in one file, and no worker file: the error says what to do. */
async function unnamed() {
  const dir = join(elsewhere, 'unnamed');
  await bundle({ entry: resolve('threads.js'), dir, format: 'esm', external: [] });
  const { stderr } = run(dir, 'esm');
  assert.match(stderr, /ERR_NO_THREAD/);
  assert.match(stderr, /Was rxjs-threading bundled\? Keep it external.*setWorkerFile/s);
  console.log('the error of threads in a bundle names the remedy');
}

/** All in one file but for the worker file. */
async function named() {
  const dir = join(elsewhere, 'named');
  await bundle({ entry: resolve('named.js'), dir, format: 'esm', external: [] });
  copyFileSync('node_modules/rxjs-threading/dist/worker-bundle.cjs', join(dir, 'worker-bundle.cjs'));
  prints('named.js', dir, 'esm');
  console.log('with a worker file beside it');
}

function prints(program, dir, format, printed = PRINTED[program]) {
  const { stdout, stderr, status } = run(dir, format);
  assert.equal(status, 0, `${program}, ${format}: ${stderr}${stdout}`);
  assert.deepEqual(stdout.trimEnd().split('\n'), printed);
}

function run(dir, format) {
  writeFileSync(
    join(dir, 'package.json'),
    JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }),
  );
  // Into a file: Node shows the line that has thrown, which in a bundle is longer than a pipe holds.
  const errors = join(dir, 'stderr.txt');
  const stdio = ['ignore', 'pipe', openSync(errors, 'w')];
  const { stdout, status } = spawnSync('node', ['main.js'], {
    cwd: dir,
    encoding: 'utf8',
    timeout: 60_000,
    stdio,
  });
  return { stdout, status, stderr: readFileSync(errors, 'utf8') };
}

function size(dir) {
  const files = readdirSync(dir).filter((file) => file.endsWith('.js'));
  return Math.round(files.reduce((sum, file) => sum + statSync(join(dir, file)).size, 0) / 1000);
}
