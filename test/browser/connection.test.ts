import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MonitorMessage } from '../../src/monitor/protocol.js';
import { violations } from './support/axe.js';
import { expectNoFaults, picture, view } from './support/browser.js';
import { type MessageServer, serveMessages } from './support/message-server.js';
import { PhotoImport } from './support/photo-import.js';

let server: MessageServer;
beforeEach(async () => {
  server = await serveMessages(new PhotoImport());
});
afterEach(() => server.stop());

describe('a connection that is lost', () => {
  it('is told by the pill, with the last moment in grey and its age, and made again', async () => {
    const page = await view(server.url);
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    await server.stop();
    await expect.poll(() => page.locator('.live').textContent()).toMatch(/^Lost, trying again/);
    expect(await page.locator('main').getAttribute('data-stale')).toBe('true');
    const note = await page.locator('.lane .note').nth(2).textContent();
    await expect
      .poll(() => page.locator('.live .age').textContent(), { timeout: 5000 })
      .toMatch(/^[2-9] s ago$/);
    expect(await page.locator('.lane .note').nth(2).textContent()).toBe(note);
    await picture(page, 'lost');
    expect(await violations(page)).toEqual([]);
    await server.start();
    await expect.poll(() => page.locator('.live').textContent(), { timeout: 10_000 }).toBe('Live');
    expect(await page.locator('main').getAttribute('data-stale')).toBe('false');
    expectNoFaults();
  });

  it('asks for what it missed by the number of the last message, and shows nothing twice', async () => {
    const page = await view(server.url);
    await expect.poll(() => page.locator('.events li').count()).toBeGreaterThan(5);
    const asked = page.waitForRequest((request) => request.url().endsWith('/events'));
    await server.stop();
    await server.start();
    expect((await asked).headers()['last-event-id']).toMatch(/^\d+$/);
    await expect.poll(() => page.locator('.live').textContent(), { timeout: 10_000 }).toBe('Live');
    await page.waitForTimeout(1000);
    const events = await page.locator('.events li').allTextContents();
    expect(new Set(events).size).toBe(events.length);
    expect(await page.locator('.lane').count()).toBe(13);
    expectNoFaults();
  });

  it('begins anew when another process answers', async () => {
    const page = await view(server.url, { open: 'lock:ledger' });
    await page.locator('.drawer[data-open="true"]').waitFor();
    const { port } = new URL(server.url);
    await server.stop();
    const other = new PhotoImport();
    const first = (): MonitorMessage[] =>
      other.first().map((message) =>
        message.kind !== 'snapshot'
          ? message
          : {
              ...message,
              now: {
                ...message.now,
                threads: message.now.threads.slice(0, 2),
                process: { ...message.now.process, pid: 7 },
              },
            },
      );
    const another = await serveMessages({ first, next: () => [] }, Number(port));
    await expect.poll(() => page.locator('.title p').textContent(), { timeout: 10_000 }).toContain('pid 7');
    expect(await page.locator('.lane').count()).toBe(2);
    // It was about a lock of the process before.
    expect(await page.locator('.drawer').getAttribute('data-open')).toBe('false');
    await another.stop();
    await server.start();
    expectNoFaults();
  });
});

it('says with what code the process has ended', async () => {
  let ended = false;
  const source = new PhotoImport();
  const ending = await serveMessages({
    first: () => source.first(),
    next: () => (ended ? [{ kind: 'bye', code: 13 }] : source.next()),
  });
  const page = await view(ending.url);
  ended = true;
  await expect.poll(() => page.locator('.live').textContent()).toMatch(/^Ended with 13/);
  await ending.stop();
  expectNoFaults();
});

it('has no connection while nobody sees it', async () => {
  const page = await view(server.url);
  await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
  expect(server.readers).toBe(1);
  const see = (hidden: boolean): Promise<void> =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await see(true);
  await expect.poll(() => server.readers).toBe(0);
  await see(false);
  await expect.poll(() => server.readers).toBe(1);
  await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
  expectNoFaults();
});
