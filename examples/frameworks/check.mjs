// node examples/frameworks/check.mjs [--tarball FILE] [NAME…]: copies the examples into a folder of their own, installs each
// there with the packed package, and runs its check. Without a tarball it packs this clone, which has to be built.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values, positionals } = parseArgs({
  options: { tarball: { type: 'string' } },
  allowPositionals: true,
});
const all = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const names = positionals.length > 0 ? positionals : all.map(({ name }) => name);

const folder = mkdtempSync(join(tmpdir(), 'frameworks-'));
try {
  cpSync(here, folder, { recursive: true });
  const tarball = values.tarball === undefined ? pack() : resolve(values.tarball);
  for (const name of names) check(name, tarball);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function pack() {
  const clone = join(here, '..', '..');
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: clone, encoding: 'utf8' }),
  );
  return join(folder, filename);
}

function check(name, tarball) {
  console.log(`── ${name}`);
  const cwd = join(folder, name);
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  const npm = (...args) => execFileSync('npm', args, { cwd, env, stdio: 'inherit' });
  npm('install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel', 'error', tarball);
  npm('run', '--silent', 'check');
}
