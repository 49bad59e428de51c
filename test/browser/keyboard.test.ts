import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectNoFaults, view } from './support/browser.js';
import { Crowd } from './support/crowd.js';
import { type MessageServer, serveMessages } from './support/message-server.js';
import { PhotoImport } from './support/photo-import.js';

let server: MessageServer;
beforeAll(async () => {
  server = await serveMessages(new PhotoImport());
});
afterAll(() => server.stop());

/** Tab, until the focus is on what `selector` names. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((selector) => document.activeElement?.matches(selector) === true, selector))
      return;
  }
  throw new Error(`Tab does not reach ${selector}`);
}

const focused = (page: Page): Promise<string | null> =>
  page.evaluate(() => document.activeElement?.textContent ?? null);

it('goes from load to a lock and back without a mouse', async () => {
  const page = await view(server.url);
  await tabTo(page, '#locks .pname');
  expect(await focused(page)).toBe('ledger');
  await page.keyboard.press('ArrowDown');
  expect(await focused(page)).toBe('catalog');
  await page.keyboard.press('Enter');
  await page.locator('.drawer[data-open="true"]').waitFor();
  expect(await page.locator('.drawer h2').textContent()).toBe('catalog');
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toBe('Close (Esc)');
  // From link to link within the drawer, to the thread that holds it.
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('import-2');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('.drawer h2').textContent()).toBe('import-2');
  await page.keyboard.press('Escape');
  await expect.poll(() => page.locator('.drawer').getAttribute('data-open')).toBe('false');
  await expect.poll(() => focused(page)).toBe('catalog');
  expectNoFaults();
});

it('reaches every part by Tab: findings, sections, lanes, nodes, the filter, pools, events', async () => {
  const page = await view(server.url);
  const parts = [
    '.skip',
    '.nav a',
    '.finding',
    '.lane',
    '.node',
    '.stack .link',
    '.find input',
    '.pname',
    '.pool .name',
    '.chips button',
    '.events .link',
    '.foot a',
  ];
  for (const part of parts) await tabTo(page, part);
  expectNoFaults();
});

it('filters with /, pauses with space, closes with Esc', async () => {
  const page = await view(server.url);
  await page.keyboard.press('/');
  await page.keyboard.type('import');
  await expect.poll(() => page.locator('.lane').count()).toBe(3);
  await page.locator('.find input').fill('');
  await page.locator('h1').click();
  await page.keyboard.press('Space');
  await expect.poll(() => page.locator('.live').textContent()).toBe('Paused');
  const waited = page.locator('.lane .note').nth(2);
  const before = await waited.textContent();
  await page.waitForTimeout(600);
  expect(await waited.textContent()).toBe(before);
  await page.keyboard.press('Space');
  await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
  await expect.poll(() => waited.textContent()).not.toBe(before);
  expectNoFaults();
});

it('walks through all rows of a list, of which those in view are there, and none is below the head', async () => {
  const crowd = await serveMessages(new Crowd());
  const page = await view(crowd.url);
  await page.locator('.lane').first().focus();
  await page.keyboard.press('End');
  await expect.poll(() => focused(page)).toContain('worker-199');
  await page.keyboard.press('Home');
  await expect.poll(() => focused(page)).toContain('MainThread');
  const place = (): Promise<number> =>
    page.evaluate(() => Number(document.activeElement?.closest('tr')?.getAttribute('aria-rowindex')));
  const below = (): Promise<number> =>
    page.evaluate(() => {
      const top = document.activeElement?.getBoundingClientRect().top ?? Number.NaN;
      return top - (document.querySelector('#locks th')?.getBoundingClientRect().bottom ?? Number.NaN);
    });
  await page.locator('#locks .pname').first().focus();
  await page.keyboard.press('End');
  await expect.poll(place).toBe(1001);
  for (let row = 1000; row > 975; row--) {
    await page.keyboard.press('ArrowUp');
    await expect.poll(place).toBe(row);
    expect(await below()).toBeGreaterThanOrEqual(0);
  }
  await page.keyboard.press('Home');
  await expect.poll(place).toBe(2);
  await crowd.stop();
  expectNoFaults();
});
