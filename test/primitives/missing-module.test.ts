import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Thread, ThreadPool, threadModule } from 'rxjs-threading';
import { beforeAll, describe, expect, it } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modules-'));
  writeFileSync(join(folder, 'typed.ts'), 'export const run = (): number => 1;');
  writeFileSync(join(folder, 'both.ts'), 'export const run = (): number => 1;');
  writeFileSync(join(folder, 'both.js'), 'exports.run = () => 1;');
  writeFileSync(join(folder, 'plain.mjs'), 'export const run = () => 1;');
});

async function messageFor(file: string): Promise<string> {
  const { run } = threadModule<{ run(): number }>(pathToFileURL(join(folder, file)));
  return await new Thread({ target: run })
    .start()
    .result()
    .then(String, (error) => (error as Error).message);
}

it('a module that `require` alone can read, by a hook, is a target', { timeout: 60_000 }, async () => {
  const hook = join(folder, 'hook.cjs');
  writeFileSync(
    hook,
    `require.extensions['.upper'] = (module, file) =>
      module._compile(require('node:fs').readFileSync(file, 'utf8').toLowerCase(), file);`,
  );
  writeFileSync(join(folder, 'hooked.upper'), 'EXPORTS.RUN = () => 42;');
  writeFileSync(join(folder, 'fails.upper'), 'THROW 42;');
  const pool = new ThreadPool({ maxThreads: 1, execArgv: ['--require', hook] });
  const targetIn = (file: string) => threadModule<{ run(): number }>(pathToFileURL(join(folder, file))).run;
  expect(await pool.run(targetIn('hooked.upper'))).toBe(42);
  await expect(pool.run(targetIn('fails.upper'))).rejects.toThrow(/cannot load module .*fails.upper': 42/);
  await pool.close();
});

it('a module that throws as Node does of what it cannot read runs once', { timeout: 60_000 }, async () => {
  writeFileSync(
    join(folder, 'throws.js'),
    `globalThis.runs = (globalThis.runs ?? 0) + 1;
     throw Object.assign(new Error('run ' + globalThis.runs), { code: 'ERR_UNKNOWN_FILE_EXTENSION' });`,
  );
  expect(await messageFor('throws.js')).toContain("throws.js': run 1");
});

describe('a module that cannot be loaded', { timeout: 60_000 }, () => {
  it.each([
    ['typed.js', 'typed.ts'],
    ['plain.mts', 'plain.mjs'],
  ])('is %s, and %s is there', async (file, sibling) => {
    expect(await messageFor(file)).toMatch(`. There is ${join(folder, sibling)}: name that, if it is meant`);
  });

  it('is nowhere, under no name', async () => {
    expect(await messageFor('nowhere.js')).toMatch(/^thread .* cannot load module .* Cannot find module/);
    expect(await messageFor('nowhere.js')).not.toMatch(/There is/);
  });

  it('is TypeScript, unless this Node loads that', async () => {
    const { typescript = false } = process.features as { typescript?: unknown };
    const [typed, both] = [await messageFor('typed.ts'), await messageFor('both.ts')];
    if (typescript === false) {
      expect(typed).toMatch(/v\d.* loads no TypeScript: name the compiled file, or take/);
      expect(both).toMatch(`name the compiled file, ${join(folder, 'both.js')}, or take`);
    } else expect([typed, both]).toEqual(['1', '1']);
  });

  it('imports a file that is not TypeScript and that Node does not load', async () => {
    writeFileSync(join(folder, 'data.txt'), 'text');
    writeFileSync(join(folder, 'reads.mjs'), "import './data.txt';");
    expect(await messageFor('reads.mjs')).toMatch(/Unknown file extension ".txt" for .*data.txt$/);
  });
});
