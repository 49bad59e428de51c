import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { REPOSITORY, slug } from '../links.js';

const pages = fileURLToPath(new URL('../../build/pages', import.meta.url));

const page = (text, link) => ({ text, link });

const KINDS = [
  ['Classes', 'classes'],
  ['Functions', 'functions'],
  ['Interfaces', 'interfaces'],
  ['Types', 'type-aliases'],
  ['Streams and constants', 'variables'],
];

/** What typedoc has written of an entry of the package: its overviews, then its names by kind. */
function reference(entry, folder, ...overviews) {
  const kinds = KINDS.map(([text, kind]) => named(text, `${folder}/${kind}`));
  return { text: `API / ${entry}`, items: [...overviews, ...kinds] };
}

function named(text, folder) {
  const names = readdirSync(`${pages}/${folder}`).map((file) => file.replace(/\.md$/, ''));
  const items = names.toSorted().map((name) => page(name, `/${folder}/${name}`));
  return { text, collapsed: true, items };
}

const GUIDE = [
  {
    text: 'Begin',
    items: [
      page('Start', '/start'),
      page('Which one to choose', '/choosing'),
      page('Coming from …', '/coming-from'),
      page('Differences from Python', '/from-python'),
    ],
  },
  {
    text: 'Guide',
    items: [
      page('Waiting', '/waiting'),
      page('Primitives', '/primitives'),
      page('Threads', '/threads'),
      page('Thread pools', '/pools'),
      page('Operators', '/operators'),
      page('Past one machine', '/machines'),
      page('Errors', '/errors'),
      page('Hazards', '/hazards'),
    ],
  },
  {
    text: 'At work',
    items: [
      page('TypeScript', '/typescript'),
      page('Testing', '/testing'),
      page('Bundlers', '/bundlers'),
      page('Nest', '/frameworks/nest'),
      page('Fastify', '/frameworks/fastify'),
      page('Express', '/frameworks/express'),
      page('Next', '/frameworks/next'),
      page('Production', '/production'),
      page('Monitoring', '/monitoring'),
      ...(existsSync(`${pages}/support.md`) ? [page('Supported versions', '/support')] : []),
    ],
  },
  {
    text: 'Applications',
    items: [
      page('Ingest: a log into files', '/examples/ingest'),
      page('Jobs: images on a pool', '/examples/jobs'),
      page('Monitor: threads, live', '/examples/monitor'),
      page('Ingest, on three processes', '/examples/machines-ingest'),
      page('Job farm: killed at random', '/examples/job-farm'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('All options', '/options'),
      page('API', '/api/'),
      page('rxjs-threading', '/api/rxjs-threading'),
      page('rxjs-threading/monitor', '/api/monitor/'),
      page('rxjs-threading/redis', '/api/redis/'),
    ],
  },
  {
    text: 'Inside',
    collapsed: true,
    items: [
      page('Architecture', '/architecture'),
      page('Decisions', '/decisions'),
      page('Performance', '/performance'),
      page("Parity with CPython's tests", '/parity'),
      page('Contributing', '/contributing'),
      page('Security', '/security'),
      page('Changelog', '/changelog'),
    ],
  },
];

/** Of the reference's own pages. */
const API = [
  { text: 'Reference', items: [page('All entries', '/api/'), page('All options', '/options')] },
  reference('rxjs-threading', 'api', page('All of it', '/api/rxjs-threading')),
  reference(
    'rxjs-threading/monitor',
    'api/monitor',
    page('All of it', '/api/monitor/'),
    page('rxjs-threading/monitor/register', '/api/monitor/register/'),
  ),
  reference('rxjs-threading/redis', 'api/redis', page('All of it', '/api/redis/')),
];

export default {
  title: 'rxjs-threading',
  description: "Python's threading module for Node.js, made for RxJS",
  base: process.env.SITE_BASE ?? '/',
  lang: 'en',
  srcDir: '../build/pages',
  outDir: '../../build/site',
  cacheDir: '../../build/site-cache',
  metaChunk: true,
  head: [['link', { rel: 'icon', href: `${process.env.SITE_BASE ?? '/'}icon.svg`, type: 'image/svg+xml' }]],
  markdown: { anchor: { slugify: slug }, theme: { light: 'github-light', dark: 'github-dark' } },
  themeConfig: {
    nav: [
      page('Guide', '/start'),
      page('Operators', '/operators'),
      page('Past one machine', '/machines'),
      page('API', '/api/'),
      page('Changelog', '/changelog'),
    ],
    sidebar: { '/': GUIDE, '/api/': API },
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { detailedView: true } },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    externalLinkIcon: true,
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'MIT' },
  },
};
