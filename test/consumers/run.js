// npm run test:consumers [-- --all] [-- --only PATTERN] [-- --keep]: installs the packed package into each consumer, as
// its users do, runs what the consumer says, and prints who could use it. A consumer is a folder of projects/: a project
// of its own, whose package.json lists its variants under "consumer": what each adds to the dependencies (`with`), what it
// runs (`run`, instead of `npm test`), and whether it waits for --all (`all`).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '../..');
const projects = join(import.meta.dirname, 'projects');
const MOST_MS = 900_000;

const { values } = parseArgs({
  options: { all: { type: 'boolean' }, keep: { type: 'boolean' }, only: { type: 'string' } },
});
const folder = mkdtempSync(join(tmpdir(), 'consumers-'));
// What their tools leave in theirs goes with it, too: caches, sockets.
process.env.TMPDIR = folder;
const rows = [];
try {
  const tarball = pack();
  for (const consumer of readdirSync(projects).sort())
    for (const variant of variantsOf(consumer)) rows.push(tryOut(consumer, variant, tarball));
} finally {
  if (values.keep) console.log(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
console.log(table(rows));
const failed = rows.filter(({ why }) => why !== undefined);
for (const { consumer, variant, why } of failed) console.log(`\n── ${consumer}: ${variant}\n${why}`);
console.log(`\n${rows.length - failed.length} consumers work, ${failed.length} do not`);
process.exitCode = failed.length > 0 || rows.length === 0 ? 1 : 0;

function pack() {
  const packed = run('npm', ['pack', '--json', '--pack-destination', folder], root);
  if (packed.status !== 0) throw new Error(packed.stderr);
  const [{ filename }] = JSON.parse(packed.stdout);
  return join(folder, filename);
}

function variantsOf(consumer) {
  const { consumer: variants } = JSON.parse(readFileSync(join(projects, consumer, 'package.json'), 'utf8'));
  const pattern = new RegExp(values.only ?? '', 'i');
  return Object.entries(variants)
    .map(([name, variant]) => ({ name, ...variant }))
    .filter(({ name, all = false }) => (values.all || !all) && pattern.test(`${consumer}: ${name}`));
}

function tryOut(consumer, variant, tarball) {
  const cwd = join(folder, `${consumer}-${variant.name.replace(/[^\w.]+/g, '-')}`);
  cpSync(join(projects, consumer), cwd, { recursive: true });
  const file = join(cwd, 'package.json');
  const project = JSON.parse(readFileSync(file, 'utf8'));
  delete project.consumer;
  project.dependencies = { ...project.dependencies, ...variant.with };
  if (project.installsItself !== true) project.dependencies['rxjs-threading'] = `file:${tarball}`;
  writeFileSync(file, JSON.stringify(project, null, 2));
  const began = Date.now();
  const env = { ...process.env, CONSUMER_TARBALL: tarball, CONSUMER_CLONE: root };
  delete env.NODE_OPTIONS;
  for (const key of Object.keys(env)) if (/^(npm_|VITEST|NODE_ENV$)/.test(key)) delete env[key];
  env.PATH = [join(cwd, 'node_modules', '.bin'), env.PATH].join(delimiter);
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel', 'error'];
  const installed = run('npm', ['install', ...quiet], cwd, { ...env, PATH: process.env.PATH });
  const tried =
    installed.status === 0 ? run('sh', ['-c', variant.run ?? project.scripts.test], cwd, env) : installed;
  const why = tried.status === 0 ? undefined : lastLines(tried);
  const row = { consumer, variant: variant.name, seconds: (Date.now() - began) / 1000, why };
  console.log(
    `${why === undefined ? 'works' : 'FAILS'}  ${consumer}: ${row.variant}, ${row.seconds.toFixed(0)} s`,
  );
  if (!values.keep) rmSync(cwd, { recursive: true, force: true });
  return row;
}

function run(command, args, cwd, env = process.env) {
  if (!existsSync(cwd)) throw new Error(`no folder ${cwd}`);
  return spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: MOST_MS, maxBuffer: 2 ** 26 });
}

function lastLines({ stdout, stderr, error, signal }) {
  const text = [stdout, stderr, error?.message, signal].filter(Boolean).join('\n').trimEnd();
  return text
    .split('\n')
    .slice(-40)
    .map((line) => line.slice(0, 500))
    .join('\n');
}

function table(rows) {
  const cells = rows.map(({ consumer, variant, why, seconds }) => [
    consumer,
    variant,
    why === undefined ? 'works' : 'FAILS',
    `${seconds.toFixed(0)} s`,
  ]);
  const all = [['consumer', 'version', 'result', 'took'], ...cells];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return `\n${all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}`;
}
