// npm run test:site: looks at build/site in a browser, at two widths, light and dark. CHROMIUM names the browser's file;
// --pictures keeps what it saw in build/site-pictures.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const WIDTHS = [1440, 390];
const SCHEMES = ['light', 'dark'];
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};
/** Of those that are looked at as pictures. */
const SEEN = [
  'index',
  'start',
  'choosing',
  'primitives',
  'operators',
  'options',
  'frameworks/nest',
  'api/functions/withLock',
  'api/classes/ThreadPool',
  'api/index',
  'api/monitor/index',
  'api/monitor/functions/serveMonitor',
  'api/monitor/interfaces/PoolInfo',
  'api/redis/index',
  'api/redis/classes/Machines',
  'monitoring',
  'machines',
  'production',
  'parity',
];
/** What a reader looks for, one of each entry, and the page that is to be among what is found first. */
const SOUGHT = {
  withLock: '/api/functions/withLock.html',
  serveMonitor: '/api/monitor/functions/serveMonitor.html',
  Machines: '/api/redis/classes/Machines.html',
};

const site = fileURLToPath(new URL('../../build/site', import.meta.url));
const pictures = process.argv.includes('--pictures') ? join(site, '..', 'site-pictures') : undefined;
const pages = readdirSync(site, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.html') && file !== '404.html')
  .map((file) => file.split(sep).join('/'));

const server = createServer(serve).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;
const executablePath = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
assert.ok(executablePath, `no browser: none of ${BROWSERS.join(', ')} is there; set CHROMIUM`);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
/** What is wrong, a line each. */
const faults = new Set();
/** Links of all pages, and where they stand. */
const links = new Map();
const anchors = new Map();

try {
  for (const width of WIDTHS) for (const colorScheme of SCHEMES) await look(width, colorScheme);
  checkLinks();
  for (const [what, wanted] of Object.entries(SOUGHT)) await search(what, wanted);
} finally {
  await browser.close();
  server.close();
}
for (const fault of faults) console.error(fault);
console.log(`${pages.length} pages, ${links.size} links, ${faults.size} faults`);
process.exitCode = faults.size > 0 ? 1 : 0;

function serve(request, response) {
  const path = decodeURIComponent(new URL(request.url, 'http://site').pathname);
  const file = join(site, path.endsWith('/') ? `${path}index.html` : path);
  if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
  response.end(readFileSync(file));
}

async function open(width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.add(`${page.url()}: ${error.message}`));
  page.on(
    'console',
    (message) => message.type() === 'error' && faults.add(`${page.url()}: ${message.text()}`),
  );
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('data:'))
      faults.add(`${page.url()} asks ${url}: it must work offline`);
  });
  page.on(
    'response',
    (response) =>
      response.status() >= 400 && faults.add(`${page.url()}: ${response.url()} is ${response.status()}`),
  );
  return page;
}

async function look(width, colorScheme) {
  const page = await open(width, colorScheme);
  // Widths do not depend on colours, so in the dark only those are looked at that are looked at as pictures.
  for (const name of colorScheme === 'light' ? pages : pages.filter(isSeen)) {
    await page.goto(`${origin}/${name}`, { waitUntil: 'load' });
    const seen = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      links: [...document.querySelectorAll('a[href]')].map((link) => link.href),
      ids: [...document.querySelectorAll('[id]')].map((element) => element.id),
      images: [...document.images]
        .filter((image) => image.complete && image.naturalWidth === 0)
        .map((image) => image.src),
    }));
    if (seen.wide > 0) faults.add(`${name} is ${seen.wide} px too wide at ${width}`);
    for (const image of seen.images) faults.add(`${name}: no picture ${image}`);
    for (const link of seen.links) links.set(link, name);
    anchors.set(`/${name}`, new Set(seen.ids));
    if (pictures !== undefined && isSeen(name)) {
      const stem = name.replace(/\.html$/, '');
      const path = join(pictures, `${stem.replaceAll('/', '-')}-${width}-${colorScheme}.png`);
      await page.screenshot({ path });
    }
  }
  await page.context().close();
}

function isSeen(name) {
  return SEEN.includes(name.replace(/\.html$/, ''));
}

function checkLinks() {
  for (const [link, name] of links) {
    const { origin: to, pathname, hash } = new URL(link);
    if (to !== origin) continue;
    const path = decodeURIComponent(pathname)
      .replace(/\/$/, '/index.html')
      .replace(/^(.*\/[^./]+)$/, '$1.html');
    const ids = anchors.get(path);
    if (ids === undefined) faults.add(`${name}: ${pathname} is no page`);
    else if (hash !== '' && !ids.has(decodeURIComponent(hash.slice(1))))
      faults.add(`${name}: ${pathname} has no ${hash}`);
  }
}

/** As a reader does: opens the search, types, goes to what it finds. */
async function search(what, wanted) {
  for (const width of WIDTHS) {
    const page = await open(width, 'light');
    await page.goto(`${origin}/start.html`, { waitUntil: 'load' });
    await page.locator('#local-search button').click();
    await page.locator('.VPLocalSearchBox input').fill(what);
    const found = page.locator('.VPLocalSearchBox .result');
    await found.first().waitFor();
    const all = await found.evaluateAll((results) => results.map((result) => result.pathname));
    if (!all.includes(wanted)) faults.add(`the search for ${what} finds ${all.join(', ')}`);
    if (pictures !== undefined)
      await page.screenshot({ path: join(pictures, `search-${what}-${width}.png`) });
    await found.first().click();
    await page.waitForURL((url) => url.pathname !== '/start.html');
    if (!(await page.locator('.vp-doc').textContent()).includes(what))
      faults.add(`the search for ${what} leads to ${page.url()}`);
    await page.context().close();
  }
}
