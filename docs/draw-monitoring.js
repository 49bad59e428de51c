// npm run docs:pictures: the pictures of docs/monitoring.md, of the page as it shows four programs. CHROMIUM names the
// browser's file; the last one needs a redis-server.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Barrier, Lock, RLock, Thread, ThreadPool } from '../dist/index.js';
import { deadlocks, serveMonitor } from '../dist/monitor.js';

const folder = join(import.meta.dirname, 'pictures');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
mkdirSync(folder, { recursive: true });
try {
  await draw('contended', await contended(), { theme: 'light', open: 'lock:ledger', height: 860 });
  const stop = await deadlocked();
  await draw('deadlock', async () => {}, { theme: 'light', part: '#waits' });
  await draw('monitor', stop, { theme: 'dark', height: 1000 });
  await drawMachines();
} finally {
  await browser.close();
}

/** Takes the picture while the program runs, then ends it. */
async function draw(name, stop, { theme, open, height = 900, part }) {
  const monitor = await serveMonitor({ port: 0, detail: 'all', title: 'photo-import' });
  const page = await browser.newPage({ viewport: { width: 1280, height } });
  const asked = new URLSearchParams({ theme, ...(open && { open }) });
  await page.goto(`${monitor.url}?${asked}`);
  // So that lanes and plots have something to show.
  await page.waitForTimeout(part === undefined ? 32_000 : 4000);
  const seen = part === undefined ? page : page.locator(part);
  await seen.screenshot({ path: join(folder, `${name}.png`) });
  await page.close();
  await monitor.close();
  await stop();
}

/** Three processes of a namespace, two of which are in a deadlock, as the first of them shows it. */
async function drawMachines() {
  const port = 6399;
  const server = spawn('redis-server', ['--port', `${port}`, '--save', '', '--dir', '/tmp']);
  for await (const line of server.stdout) if (`${line}`.includes('Ready to accept connections')) break;
  const start = async (name) => {
    const about = JSON.stringify({ url: `redis://127.0.0.1:${port}`, namespace: 'shop', name });
    const child = fork(join(import.meta.dirname, '../test/fixtures/monitor/machine.js'), [about]);
    const [{ url }] = await once(child, 'message');
    const tell = async (...message) => {
      child.send(message);
      await once(child, 'message');
    };
    return { child, url, tell };
  };
  const [api, report, billing] = [
    await start('orders-api'),
    await start('nightly-report'),
    await start('billing'),
  ];
  await api.tell('hold', 'stock');
  await report.tell('hold', 'prices');
  for (const day of ['25', '26']) await billing.tell('hold', `invoice:2026-11-${day}`);
  await api.tell('wait', 'prices');
  for (const one of [report, billing]) await one.tell('wait', 'stock');
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${api.url}?theme=light`);
  await page.locator('#machines .cycle').waitFor();
  await page.waitForTimeout(4000);
  await page.locator('#machines section').screenshot({ path: join(folder, 'machines.png') });
  await page.close();
  for (const { child } of [api, report, billing]) child.kill();
  server.kill();
}

/** Four workers that format an entry while they hold the lock. @returns how to end it */
async function contended() {
  const ledger = new Lock({ name: 'ledger' });
  const pool = new ThreadPool({ name: 'posting', maxThreads: 4 });
  const post = (ledger) => {
    for (let entry = 0; entry < 8; entry++) {
      for (const end = Date.now() + 5 * Math.random(); Date.now() < end; );
      ledger.acquireSync();
      for (const end = Date.now() + 12; Date.now() < end; );
      ledger.release();
    }
  };
  let job = 1;
  const timer = setInterval(() => {
    if (pool.stats.queued < 4) pool.run(post, [ledger], { name: `post ${job++}` }).subscribe();
  }, 60);
  return async () => {
    clearInterval(timer);
    await pool.close();
  };
}

/** Two threads in a deadlock, others behind them, and a pool that works on. @returns how to end it */
async function deadlocked() {
  const ledger = new Lock({ name: 'ledger' });
  const catalog = new RLock({ name: 'catalog' });
  const meet = new Barrier(2, { name: 'nightly' });
  const takeBoth = function importFolder(first, second, meet) {
    first.holdSync();
    meet.waitSync();
    second.holdSync();
  };
  const takeOne = function addPhoto(lock) {
    lock.holdSync();
  };
  const threads = [
    new Thread({ target: takeBoth, args: [catalog, ledger, meet], name: 'import-1', daemon: true }),
    new Thread({ target: takeBoth, args: [ledger, catalog, meet], name: 'report', daemon: true }),
    new Thread({ target: takeOne, args: [ledger], name: 'import-2', daemon: true }),
    new Thread({ target: takeOne, args: [catalog], name: 'import-3', daemon: true }),
  ];
  const [importer, report, ...others] = threads;
  importer.start();
  report.start();
  while ((await deadlocks()).length === 0);
  for (const thread of others) thread.start();
  const pool = new ThreadPool({ name: 'thumbs', maxThreads: 2 });
  const makeThumb = () => {
    for (const end = Date.now() + 20 + 120 * Math.random(); Date.now() < end; );
  };
  let job = 1;
  const timer = setInterval(() => {
    if (pool.stats.queued < 6) pool.run(makeThumb, [], { name: `thumb ${job++}` }).subscribe();
  }, 50);
  return async () => {
    clearInterval(timer);
    for (const thread of threads) void thread.terminate();
    await pool.close();
  };
}
