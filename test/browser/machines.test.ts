import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TwoMachines } from '../support/monitor/machines.js';
import { overflow, violations } from './support/axe.js';
import { expectNoFaults, picture, view } from './support/browser.js';
import { inspection, thread } from './support/infos.js';
import { farm } from './support/machine-farm.js';
import { type MessageServer, serveMessages } from './support/message-server.js';

/** ms in which a finding is to be on the page, and gone again. */
const SOON = 2000;
/** More on a machine that is busy: what is measured is told when it fails. */
const PATIENCE = 30_000;

const findings = (page: Page) => page.locator('.finding .say').allTextContents();

describe('two processes in a deadlock', () => {
  it('are shown soon, and soon no more', async () => {
    await using two = await TwoMachines.start(['orders-api', 'nightly-report']);
    const page = await view(two.first.url);
    await page.locator('#machines tbody tr').nth(1).waitFor({ timeout: PATIENCE });
    expect(await page.locator('#machines .cycle').count()).toBe(0);
    await two.cross('stock', 'prices');
    const from = performance.now();
    await expect
      .poll(() => findings(page), { timeout: PATIENCE, interval: 50 })
      .toEqual([expect.stringMatching(/^2 processes may be in a deadlock: .*'stock'/)]);
    const shown = performance.now() - from;
    await page.locator('.finding').click();
    await expect.poll(() => page.locator('#machines .node.stuck').count()).toBe(4);
    expect(await page.locator('#machines .verdict').textContent()).toContain(
      'Take prices before stock in both',
    );
    await page.waitForTimeout(400);
    await picture(page, 'machines-cycle');
    await two.first.do('leave');
    const to = performance.now();
    await expect.poll(() => findings(page), { timeout: PATIENCE, interval: 50 }).toEqual([]);
    await expect.poll(() => page.locator('#machines .cycle').count()).toBe(0);
    const gone = performance.now() - to;
    console.log(
      `shown after ${shown.toFixed(0)} ms, gone after ${gone.toFixed(0)} ms (${SOON} at most, when nothing else runs)`,
    );
    expectNoFaults();
  });

  it('are opened by the keyboard, with what they hold and wait for', async () => {
    await using two = await TwoMachines.start(['orders-api', 'nightly-report']);
    await two.cross('stock', 'prices');
    const page = await view(two.first.url);
    await page.locator('#machines .node.stuck').first().waitFor({ timeout: PATIENCE });
    const name = page.locator('#machines .pname', { hasText: 'orders-api' });
    await name.focus();
    await page.keyboard.press('Enter');
    const drawer = page.locator('.drawer[data-open="true"]');
    await drawer.waitFor();
    await expect
      .poll(() => drawer.textContent())
      .toMatch(/prices lock, held by nightly-report.*token \d{16}/);
    await drawer.getByRole('button', { name: 'nightly-report' }).press('Enter');
    await expect.poll(() => drawer.locator('h2').textContent()).toBe('nightly-report');
    await page.keyboard.press('Escape');
    await expect.poll(() => name.evaluate((one) => one === document.activeElement)).toBe(true);
    expectNoFaults();
  });

  it('are shown with the age of what is known, while the thread of the Machines is blocked', async () => {
    await using two = await TwoMachines.start(['orders-api', 'nightly-report']);
    const page = await view(two.first.url);
    await page.locator('#machines tbody tr').nth(1).waitFor({ timeout: PATIENCE });
    await two.first.do('block', 6000);
    await page.locator('#machines .tag', { hasText: /seen \d\.\d s ago/ }).waitFor({ timeout: PATIENCE });
    expect(await page.locator('#machines tbody tr').count()).toBe(2);
    await page.locator('#machines .tag').waitFor({ state: 'detached', timeout: PATIENCE });
    expectNoFaults();
  });
});

describe('a farm of machines', () => {
  let server: MessageServer;
  beforeAll(async () => {
    const threads = [thread(4096, 'MainThread', { kind: 'main' })];
    const first = () => [{ kind: 'snapshot', now: inspection({ threads, ...farm() }) } as const];
    server = await serveMessages({ first, next: () => [] });
  });
  afterAll(() => server.stop());

  it.each(
    [390, 820, 1440].flatMap((width) => (['light', 'dark'] as const).map((theme) => ({ width, theme }))),
  )('fits at $width pixels, $theme, and axe-core finds nothing', async ({ width, theme }) => {
    const page = await view(server.url, { width, theme });
    await page.locator('.finding').first().click();
    await page.locator('#machines .cycle').waitFor();
    await page.waitForTimeout(700);
    await picture(page, `machines-${width}-${theme}`);
    expect(await overflow(page)).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.locator('#machines .pname').first().click();
    await page.locator('.drawer[data-open="true"]').waitFor();
    await page.waitForTimeout(500);
    await picture(page, `machine-${width}-${theme}`);
    expect(await overflow(page)).toBe(0);
    expect(await violations(page)).toEqual([]);
    expectNoFaults();
  });
});
