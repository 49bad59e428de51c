import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { brokenLinks, linksOf, REPOSITORY } from '../../docs/site/links.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['', 'docs', 'examples'].flatMap((folder) =>
  readdirSync(root + folder, { recursive: folder !== '', encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/(^|\/)(node_modules|build)\//.test(file))
    .map((file) => (folder === '' ? file : `${folder}/${file}`)),
);

it.each(pages)('%s has no broken link', (page) => {
  expect(brokenLinks(page)).toEqual([]);
});

it.each(pages)('%s has nothing that a merge has left behind', (page) => {
  expect(readFileSync(root + page, 'utf8')).not.toMatch(/^(?:<{7}|={7}|>{7}|> > >)/m);
});

it('the README has links that work from the page of the registry', () => {
  const links = linksOf('README.md');
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((link) => !link.startsWith('https://'))).toEqual([]);
  expect(links.filter((link) => link.startsWith(`${REPOSITORY}/blob/main/`)).length).toBeGreaterThan(20);
});
