// npm run docs: builds the site into build/site. SITE_BASE=/folder/ when it is not served from the root of its host.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REPOSITORY, relink } from './links.js';
import { optionsPage } from './options.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = join(root, 'docs', 'build', 'pages');
const bin = (name) => join(root, 'docs', 'node_modules', '.bin', name);

/** Pages that lie elsewhere in the repository: where they are on the site. */
const ELSEWHERE = {
  'README.md': 'start.md',
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'SECURITY.md': 'security.md',
  'examples/ingest/README.md': 'examples/ingest.md',
  'examples/jobs/README.md': 'examples/jobs.md',
  'examples/monitor/README.md': 'examples/monitor.md',
  'examples/machines-ingest/README.md': 'examples/machines-ingest.md',
  'examples/job-farm/README.md': 'examples/job-farm.md',
};

rmSync(pages, { recursive: true, force: true });
mkdirSync(pages, { recursive: true });
for (const pictures of ['marbles', 'pictures'])
  cpSync(join(root, 'docs', pictures), join(pages, pictures), { recursive: true });

const ofDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.md') && !/^(node_modules|site)\//.test(file));
const places = new Map([...ofDocs.map((file) => [`docs/${file}`, file]), ...Object.entries(ELSEWHERE)]);
for (const [file, page] of places) write(page, relink(read(file), file, page, places));
write('options.md', optionsPage());
write('index.md', `---\n${read('docs/site/home.json')}---\n\n${read('docs/site/home.md')}`);
cpSync(join(root, 'docs', 'site', 'icon.svg'), join(pages, 'public', 'icon.svg'));
cpSync(join(root, 'docs', 'marbles', 'with-lock.svg'), join(pages, 'public', 'with-lock.svg'));

run(bin('typedoc'), '--options', join(root, 'docs', 'site', 'typedoc.json'));
withoutAncestry(join(pages, 'api'));
run(bin('vitepress'), 'build', join(root, 'docs', 'site'));
console.log(`${relative(process.cwd(), join(root, 'build', 'site'))}: links outside lead to ${REPOSITORY}`);

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}

function write(page, text) {
  mkdirSync(dirname(join(pages, page)), { recursive: true });
  writeFileSync(join(pages, page), text);
}

/** Whose method a method overrides is of no use to who calls it: takes these parts out of what typedoc has written. */
function withoutAncestry(folder) {
  const ancestry =
    /^#+ (?:Overrides|Inherited from|Implementation of|Extends|Extended by|Implements)\n\n(?:(?!#|\*\*\*).*\n?)*/gm;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  )) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(ancestry, ''));
  }
}

function run(command, ...args) {
  execFileSync(command, args, { stdio: 'inherit', cwd: join(root, 'docs') });
}
