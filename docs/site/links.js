// Links between pages, as they stand in the repository and on the site.
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Where files of the repository are seen; its owner is a placeholder until it has one. */
export const REPOSITORY = (homepage ?? 'https://github.com/OWNER-PLACEHOLDER/rxjs-threading').replace(
  /#.*$/,
  '',
);
const FILES = `${REPOSITORY}/blob/main/`;

/**
 * The text of a page with links to pages of the site where there is one, else to the repository.
 *
 * @param {string} text
 * @param {string} file in the repository
 * @param {string} page where it is on the site
 * @param {ReadonlyMap<string, string>} places of all files that are pages
 */
export function relink(text, file, page, places) {
  return text.replace(/\]\(([^)\s]+)\)/g, (whole, target) => {
    const [path = '', anchor] = target.split('#');
    const hash = anchor === undefined ? '' : `#${anchor}`;
    const to = inRepository(path, file);
    if (to === undefined || path === '' || /\.(svg|png)$/.test(path)) return whole;
    const there = places.get(to);
    if (there === undefined) return `](${FILES}${to}${hash})`;
    const link = posix.relative(posix.dirname(page), there);
    return `](${link.startsWith('.') ? link : `./${link}`}${hash})`;
  });
}

/** The file that a link of another one leads to; undefined outside of the repository. */
export function inRepository(path, from) {
  if (path.startsWith(FILES)) return path.slice(FILES.length);
  if (/^[a-z]+:/.test(path)) return undefined;
  return posix.join(posix.dirname(from), path).replace(/\/$/, '');
}

/** The anchor of a heading, as GitHub makes it. */
export function slug(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/**
 * Links of a page of the repository that lead nowhere: to a file that is not there, or an anchor.
 *
 * @param {string} file
 * @returns {string[]}
 */
export function brokenLinks(file) {
  return linksOf(file).filter((target) => {
    const [path = '', anchor] = target.split('#');
    const to = path === '' ? file : inRepository(path, file);
    if (to === undefined) return false;
    if (!existsSync(join(root, to))) return true;
    return anchor !== undefined && to.endsWith('.md') && !anchorsOf(to).includes(anchor);
  });
}

/**
 * Targets of the links and images of a page, without its code.
 *
 * @param {string} file
 * @returns {string[]}
 */
export function linksOf(file) {
  return [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
}

function anchorsOf(file) {
  return [...proseOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    slug(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')),
  );
}

function proseOf(file) {
  return readFileSync(join(root, file), 'utf8').replace(/^```.*?^```$/gms, '');
}
