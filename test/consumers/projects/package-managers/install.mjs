// node install.mjs MANAGER: has the manager install the package into a new project, and runs a program there.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [manager] = process.argv.slice(2);
const tarball = process.env.CONSUMER_TARBALL;
const bin = join(import.meta.dirname, 'node_modules');
const yarn = join(bin, '@yarnpkg/cli-dist/bin/yarn.js');
const commands = {
  npm: [
    ['npm', 'install', '--no-audit', '--no-fund', tarball, 'rxjs@7.8.2'],
    ['node', 'main.mjs'],
  ],
  pnpm: [
    [join(bin, '.bin/pnpm'), 'add', tarball, 'rxjs@7.8.2'],
    ['node', 'main.mjs'],
  ],
  yarn: [
    ['node', yarn, 'add', `rxjs-threading@file:${tarball}`, 'rxjs@7.8.2'],
    ['node', yarn, 'node', 'main.mjs'],
  ],
  bun: [
    [join(bin, '.bin/bun'), 'add', tarball, 'rxjs@7.8.2'],
    ['node', 'main.mjs'],
  ],
};
const cwd = mkdtempSync(join(tmpdir(), `by-${manager}-`));
try {
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  for (const file of ['main.mjs', 'jobs.mjs']) copyFileSync(file, join(cwd, file));
  if (manager === 'yarn') writeFileSync(join(cwd, 'yarn.lock'), '');
  const env = { ...process.env, YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', YARN_ENABLE_TELEMETRY: '0', CI: '' };
  for (const [command, ...args] of commands[manager])
    execFileSync(command, args, { cwd, env, stdio: 'inherit' });
} finally {
  rmSync(cwd, { recursive: true, force: true });
}
