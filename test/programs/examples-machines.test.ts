import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runProgram } from '../support/run-program.js';

const built = (file: string): string =>
  fileURLToPath(new URL(`../../build/examples/${file}`, import.meta.url));

/** What each of the outputs in a folder comes to. */
async function sums(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ndjson'));
  const pairs = files.map(async (file) => {
    const bytes = await readFile(join(folder, file));
    return [file, createHash('sha256').update(bytes).digest('hex')];
  });
  return Object.fromEntries(await Promise.all(pairs)) as Record<string, string>;
}

it('job-farm gives each result once, though its processes are killed', { timeout: 60_000 }, async () => {
  const args = ['--jobs', '300', '--kill', '1500', '--lease', '1000'];
  const { code, lines } = await runProgram(built('job-farm/main.js'), args);
  expect(lines.at(-1)).toMatch(/^300 results of 300 jobs, each exactly once; \d+ processes killed$/);
  expect(code).toBe(0);
});

it('machines-ingest writes what ingest writes, though a process is killed', {
  timeout: 100_000,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), 'machines-'));
  const [three, one] = [join(root, 'three'), join(root, 'one')];
  const args = ['--directory', three, '--records', '5000', '--kill', '1000'];
  const { code } = await runProgram(built('machines-ingest/main.js'), args);
  expect(code).toBe(0);
  await mkdir(one);
  await cp(join(three, 'access.log'), join(one, 'access.log'));
  await runProgram(built('ingest/main.js'), ['--directory', one]);
  expect(await sums(three)).toEqual(await sums(join(one, 'out')));
});

it('an owner that was stopped past its lease is refused where there is a fence, and nowhere else', {
  timeout: 60_000,
}, async () => {
  const { lines } = await runProgram(built('machines-ingest/stopped.js'));
  expect(lines).toEqual([
    'without: writes of the owner that was stopped came through: true',
    'with a fence: 0 writes of the owner that was stopped came through, all were refused',
  ]);
});
