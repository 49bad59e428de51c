import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const section = readme.slice(readme.indexOf('## In your project'), readme.indexOf('## What is in it'));
const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code = '']) => ({
  language,
  code,
}));
/** From npm, for a Node that runs no TypeScript; kept between runs. */
const newerNode = join(root, 'build', 'node24');

let folder: string;
let bin: string;

/** The folder of a Node that does what the README asks for. */
async function nodeOfTheReadme(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return dirname(process.execPath);
  const bin = join(newerNode, 'node_modules', '.bin');
  if (existsSync(bin)) return bin;
  mkdirSync(newerNode, { recursive: true });
  await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', newerNode, 'node@24']);
  return bin;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'first-job-'));
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root });
  bin = await nodeOfTheReadme();
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('from an empty folder to a first job in TypeScript, with nothing but what the README says', async () => {
  const project = join(folder, 'project');
  mkdirSync(project);
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const tarball = join(folder, `rxjs-threading-${version}.tgz`);
  const printed: string[] = [];
  for (const { language, code } of blocks) {
    const [, file] = /^\/\/ (\w+\.ts)\n/.exec(code) ?? [];
    if (language === 'ts') writeFileSync(join(project, file as string), code);
    // The one thing that is not as told: what is installed is what would be published.
    else {
      const command = code.replace('install rxjs-threading ', `install ${tarball} `);
      const { stdout, stderr } = await run('sh', ['-ec', command], { cwd: project, env });
      if (code.startsWith('node ')) expect(stderr).toBe('');
      printed.push(stdout);
    }
  }
  expect(printed.at(-1)).toBe('9592\n8392\n8013\n7863\n');
  // Two minutes are what it may take a stranger's machine.
}, 120_000);
