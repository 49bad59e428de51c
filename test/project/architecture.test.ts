import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    );
}

const sources = filesIn('src');
const files = [...readdirSync(root), ...['src', 'test', 'bench', 'docs', 'dist'].flatMap(filesIn)];
const words = new Set(
  sources.flatMap((file) => readFileSync(join(root, file), 'utf8').match(/[\w$]+/g) ?? []),
);

/** What a page has in backticks or behind a link, outside of blocks of code. */
function namedIn(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```.*?^```$/gms, '');
  return [...text.matchAll(/`([^`\n]+)`|\]\(([^)#:]+)\)/g)].map(([, code, link]) => code ?? link ?? '');
}

const isFile = (name: string): boolean => /^[\w./-]+\.(ts|js|mjs|cjs|json|md)$/.test(name);

describe.each([
  ['docs/architecture.md', 200],
  ['CONTRIBUTING.md', 80],
  ['SECURITY.md', 80],
])('%s', (page, most) => {
  it(`has at most ${most} lines`, () => {
    expect(readFileSync(join(root, page), 'utf8').split('\n').length - 1).toBeLessThanOrEqual(most);
  });

  it('names files that exist', () => {
    const names = namedIn(page).filter(isFile);
    expect(names.filter((name) => !files.some((file) => file === name || file.endsWith(`/${name}`)))).toEqual(
      [],
    );
  });
});

describe('docs/architecture.md', () => {
  const names = namedIn('docs/architecture.md');

  it('names many files, one each', () => {
    const paths = names.filter(isFile);
    expect(paths.length).toBeGreaterThan(50);
    const several = paths.filter((name) => sources.filter((file) => file.endsWith(`/${name}`)).length > 1);
    expect(several).toEqual([]);
  });

  it('names folders of src that exist', () => {
    const folders = names.filter((name) => /^(primitives|pool|operators)(\/[\w-]+)*$/.test(name));
    expect(folders.length).toBeGreaterThan(10);
    expect(folders.filter((name) => !existsSync(join(root, 'src', name)))).toEqual([]);
  });

  it('uses names that the source has', () => {
    const identifiers = names.filter((name) => /^[\w$]+$/.test(name));
    expect(identifiers.length).toBeGreaterThan(30);
    expect(identifiers.filter((name) => !words.has(name))).toEqual([]);
  });

  it('tells the flags of a word that src/primitives/memory/layout.ts has', () => {
    const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const layout = readFileSync(join(root, 'src/primitives/memory/layout.ts'), 'utf8');
    const flags = [...layout.matchAll(/export const (\w+): number = 1 << (\d+);/g)].map(
      ([, name, bit]) => `${bit} ${name}`,
    );
    expect(flags).toHaveLength(4);
    const rows = [...page.matchAll(/^\| (\d+) +\| ([A-Z_]+) +\|/gm)].map(([, bit, name]) => `${bit} ${name}`);
    expect(rows).toEqual(flags);
  });
});

describe('CONTRIBUTING.md', () => {
  it('names commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = namedIn('CONTRIBUTING.md').flatMap((name) => /^npm run ([\w:]+)$/.exec(name)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
