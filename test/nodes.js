// npm run test:nodes [-- what vitest is to run]: the tests on other versions of Node, and a table of how they went.
// NODES=22,26 picks some. The npm package `node` carries the binaries.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS = (process.env.NODES ?? '22,24,26').split(',');
const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

/** The binary of a version, installed where the next run finds it. */
function install(version) {
  const folder = join(tmpdir(), `rxjs-threading-node-${version}`);
  const binary = join(folder, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, `node@${version}`];
  const { status } = spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm could not install node@${version}`);
  return binary;
}

/** Runs the tests, shows what they print, and reads the line they close with. */
async function test(binary) {
  const start = performance.now();
  const run = spawn(binary, [vitest, 'run', ...process.argv.slice(2)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    // What a test starts by the name of `node` is this one, too.
    env: { ...process.env, PATH: `${join(binary, '..')}${delimiter}${process.env.PATH}` },
  });
  let printed = '';
  run.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
    process.stdout.write(text);
  });
  const [code] = await once(run, 'close');
  const [, passed = '?', failed = '?'] = /^(\d+) passed, (\d+) failed/m.exec(printed) ?? [];
  return { passed, failed, code, seconds: Math.round((performance.now() - start) / 1000) };
}

const rows = [];
for (const version of VERSIONS) {
  const binary = install(version);
  const name = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\nNode ${name}`);
  rows.push({ version: name, ...(await test(binary)) });
}
console.table(rows, ['version', 'passed', 'failed', 'seconds']);
process.exitCode = rows.every(({ code }) => code === 0) ? 0 : 1;
