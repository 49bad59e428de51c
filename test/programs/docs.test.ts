import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from '../support/run-node.js';
import { runProgram } from '../support/run-program.js';

/*
 * Every code block of the README and of docs/ is run. A block is
 * - a program: its `// prints …` comments tell what it prints;
 * - a module of its page, when its first line is `// name.ts` or `// name.js` and it prints nothing: programs import it;
 * - a test, when its first line is `// name.test.ts`: vitest runs it;
 * - an excerpt, when its first line is `// examples/…`: it stands so in that file, which has a test of its own.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
// Inside the package, so that its own name resolves to it; two runs may go on at once.
const folder = join(root, 'build', `docs-${process.pid}`);
/** Has examples of another form, run by test/operators/docs.test.ts. */
const ELSEWHERE = 'docs/operators.md';
const LANGUAGES = ['js', 'ts', 'cjs', 'json', 'sh', 'text', 'py'];

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What its first line names: a module, a test, a file under examples/. */
  readonly file: string | undefined;
}

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/^(node_modules|build)\//.test(file))
    .map((file) => `docs/${file}`),
].filter((page) => page !== ELSEWHERE);

const snippets = pages.flatMap(snippetsOf);
const code = snippets.filter(({ language }) => ['js', 'ts', 'cjs'].includes(language));
const excerpts = code.filter(({ file }) => file?.startsWith('examples/'));
const own = code.filter((snippet) => !excerpts.includes(snippet));
const tests = own.filter(({ file }) => file?.endsWith('.test.ts'));
const programs = own.filter(({ file, code }) => file === undefined || printsOf(code).length > 0);

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((block) => {
    const [, language = '', code = ''] = block;
    const line = text.slice(0, block.index).split('\n').length + 1;
    const file = /^\/\/ ([\w./[\]-]+\.[cm]?[jt]s)\n/.exec(code)?.[1];
    return { page, line, language, code, file };
  });
}

function printsOf(code: string): string[] {
  return [...code.matchAll(/\/\/ prints (.*)$/gm)].flatMap((comment) => (comment[1] ?? '').split(', then '));
}

const folderOf = (page: string): string => page.replace(/\W+/g, '-');
const stemOf = ({ file, line }: Snippet): string => file?.replace(/\.[jt]s$/, '') ?? `line-${line}`;

/** As tsc takes it: all are compiled, as Node 20 has no `using` and loads no TypeScript; types are checked where there are some. */
function sourceOf({ code, language }: Snippet): string {
  const urls = code.replace(/new URL\('(\.\/[\w-]+)\.ts'/g, "new URL('$1.js'");
  return `${language === 'js' ? '// @ts-nocheck\n' : ''}${urls}export {};\n`;
}

async function compile(): Promise<void> {
  const configuration = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      rootDir: '.',
      outDir: 'out',
      paths: {},
      noEmit: false,
      rewriteRelativeImportExtensions: true,
    },
    include: ['**/*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const compiled = promisify(execFile)(process.execPath, [compiler, '-p', folder]);
  await compiled.catch(({ stdout }: { stdout: string }) => {
    throw new Error(`snippets do not compile:\n${stdout}`);
  });
}

describe('the README and the pages of docs/', () => {
  beforeAll(async () => {
    for (const snippet of own) {
      const common = snippet.language === 'cjs';
      const place = join(folder, common ? 'out' : '', folderOf(snippet.page));
      mkdirSync(place, { recursive: true });
      if (common) writeFileSync(join(place, `${stemOf(snippet)}.cjs`), snippet.code);
      else writeFileSync(join(place, `${stemOf(snippet)}.ts`), sourceOf(snippet));
    }
    await compile();
    // Else vitest would look upwards for the one of this repository.
    writeFileSync(
      join(folder, 'out', 'vitest.config.js'),
      "export default { test: { include: ['**/*.test.js'] } };",
    );
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('have blocks of known languages alone, and JSON that can be read', () => {
    for (const { language, page, line } of snippets) expect(LANGUAGES, `${page}:${line}`).toContain(language);
    for (const { language, code } of snippets) if (language === 'json') JSON.parse(code);
  });

  it('have programs that all say what they print', () => {
    expect(programs.length).toBeGreaterThan(40);
    for (const { page, line, code } of programs) expect(printsOf(code), `${page}:${line}`).not.toEqual([]);
  });

  it.each(excerpts)('$page:$line is an excerpt of $file', ({ file, code }) => {
    const lines = (text: string) => text.split('\n').map((line) => line.trim());
    const excerpt = lines(code.slice(code.indexOf('\n') + 1))
      .join('\n')
      .trim();
    expect(lines(readFileSync(join(root, file as string), 'utf8')).join('\n')).toContain(excerpt);
  });

  it.concurrent.each(programs)('$page:$line prints what it says', { timeout: 60_000 }, async (snippet) => {
    const end = snippet.language === 'cjs' ? 'cjs' : 'js';
    const program = join(folder, 'out', folderOf(snippet.page), `${stemOf(snippet)}.${end}`);
    const { code, lines, errors } = await runProgram(program);
    expect(errors).toBe('');
    // In whatever order: some tell of two threads.
    expect(lines.toSorted()).toEqual(printsOf(snippet.code).toSorted());
    expect(code).toBe(0);
  });

  it.concurrent.each(tests)('$page:$line is a test that passes', { timeout: 60_000 }, async (snippet) => {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const place = join(folder, 'out', folderOf(snippet.page));
    const { code, stdout, stderr } = await runNode([vitest, 'run', '--root', place, `${stemOf(snippet)}.js`]);
    expect(code, stdout + stderr).toBe(0);
  });
});
