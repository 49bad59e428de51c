import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Inside the package, so that its own name resolves to it; two runs may go on at once.
const folder = join(root, 'build', `readme-${process.pid}`);
const configuration = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    rootDir: '.',
    outDir: 'out',
    paths: {},
    noEmit: false,
  },
  include: ['*.ts'],
};

interface Snippet {
  readonly name: string;
  readonly code: string;
  readonly line: number;
  /** What its comments say that it prints; undefined for a module that others use. */
  readonly prints: string[] | undefined;
}

function snippetsOf(readme: string): Snippet[] {
  return [...readme.matchAll(/^```(js|ts)\n(.*?)^```$/gms)].map((block) => {
    const [, language, code = ''] = block;
    const line = readme.slice(0, block.index).split('\n').length + 1;
    const module = /^\/\/ ([\w-]+)\.[jt]s\n/.exec(code)?.[1];
    return {
      name: module ?? `line-${line}`,
      // All are compiled, as Node 20 has no `using`; the types of those that have some are checked.
      code: `${language === 'js' ? '// @ts-nocheck\n' : ''}${code}export {};\n`,
      line,
      prints: module === undefined ? printsOf(code) : undefined,
    };
  });
}

function printsOf(code: string): string[] {
  return [...code.matchAll(/\/\/ prints (.*)$/gm)].flatMap((comment) => (comment[1] ?? '').split(', then '));
}

const snippets = snippetsOf(readFileSync(join(root, 'README.md'), 'utf8'));
const programs = snippets.filter(({ prints }) => prints !== undefined);

describe('the README', () => {
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
    for (const { name, code } of snippets) writeFileSync(join(folder, `${name}.ts`), code);
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const compiled = promisify(execFile)(process.execPath, [compiler, '-p', folder]);
    await compiled.catch(({ stdout }: { stdout: string }) => {
      throw new Error(`snippets do not compile:\n${stdout}`);
    });
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has snippets that all say what they print', () => {
    expect(programs.length).toBeGreaterThan(20);
    for (const { line, prints } of programs) expect(prints, `line ${line}`).not.toEqual([]);
  });

  it.concurrent.each(programs)(
    'tells at line $line what the snippet prints',
    { timeout: 60_000 },
    async ({ name, prints }) => {
      const { code, lines, errors } = await runProgram(join(folder, 'out', `${name}.js`));
      expect(errors).toBe('');
      // In whatever order: some tell of two threads.
      expect(lines.toSorted()).toEqual(prints?.toSorted());
      expect(code).toBe(0);
    },
  );
});
