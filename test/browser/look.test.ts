import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overflow, violations } from './support/axe.js';
import { expectNoFaults, picture, view } from './support/browser.js';
import { inspection, primitive, thread, wait } from './support/infos.js';
import { type MessageServer, serveMessages } from './support/message-server.js';
import { PhotoImport } from './support/photo-import.js';

let server: MessageServer;
beforeAll(async () => {
  server = await serveMessages(new PhotoImport());
});
afterAll(() => server.stop());

for (const width of [390, 820, 1440]) {
  for (const theme of ['light', 'dark'] as const) {
    describe(`at ${width} pixels, ${theme}`, () => {
      it('fits, and axe-core finds nothing, with the drawer and without', async () => {
        const page = await view(server.url, { width, theme });
        await page.waitForTimeout(2500);
        await picture(page, `page-${width}-${theme}`);
        expect(await overflow(page)).toBe(0);
        expect(await violations(page)).toEqual([]);
        await page.locator('#locks .pname').first().click();
        await page.locator('.drawer[data-open="true"]').waitFor();
        await page.waitForTimeout(500);
        await picture(page, `drawer-${width}-${theme}`);
        expect(await overflow(page)).toBe(0);
        expect(await violations(page)).toEqual([]);
        expectNoFaults();
      }, 180_000);
    });
  }
}

describe('the parts', () => {
  it('come in the order of what matters: findings, numbers, threads, waits, locks, pools, events', async () => {
    const page = await view(server.url);
    const tops = await Promise.all(
      ['.findings', '.vitals', '#threads', '#locks', '#pools', '#events'].map(
        async (part) => (await page.locator(part).boundingBox())?.y ?? -1,
      ),
    );
    expect(tops).toEqual([...tops].sort((a, b) => a - b));
    expect(await page.locator('.finding').count()).toBe(3);
    expect(await page.locator('.finding').first().textContent()).toContain(
      "Deadlock: 'import-2' waits for 'ledger'",
    );
    expectNoFaults();
  });

  it('have no place for findings when there are none', async () => {
    const now = inspection({ threads: [thread(4096, 'MainThread', { kind: 'main' })] });
    const healthy = await serveMessages({ first: () => [{ kind: 'snapshot', now }], next: () => [] });
    const page = await view(healthy.url);
    await picture(page, 'healthy');
    expect(await page.locator('.findings').isVisible()).toBe(false);
    expect(await page.locator('#waits').textContent()).toContain('Nobody has waited');
    await healthy.stop();
    expectNoFaults();
  });

  it('leave room below for the rest when there are many findings', async () => {
    const findings = Array.from({ length: 40 }, (_, at) => {
      const message = `Lock 'left ${at}' is abandoned: 'dead' ended with it`;
      return { kind: 'abandoned', id: `${at}`, since: at, message, primitive: at, ident: 4097 } as const;
    });
    const now = inspection({ threads: [thread(4096, 'MainThread', { kind: 'main' })], findings });
    const troubled = await serveMessages({ first: () => [{ kind: 'snapshot', now }], next: () => [] });
    const page = await view(troubled.url);
    expect((await page.locator('#threads').boundingBox())?.y).toBeLessThan(900);
    await page.getByRole('button', { name: 'Show all 40 findings' }).click();
    expect(await page.locator('.finding').count()).toBe(40);
    await troubled.stop();
    expectNoFaults();
  });

  it('list fifty of those that wait for a lock, and say how many more there are', async () => {
    const lock = primitive(1, 'ledger');
    const idents = Array.from({ length: 120 }, (_, at) => 5000 + at);
    const now = inspection({
      threads: idents.map((ident) =>
        thread(ident, `clerk ${ident}`, { activity: 'waiting', waits: [ident] }),
      ),
      waits: idents.map((ident) => wait(ident, ident, lock)),
      primitives: [{ ...lock, queue: idents }],
    });
    const crowded = await serveMessages({ first: () => [{ kind: 'snapshot', now }], next: () => [] });
    const page = await view(crowded.url, { open: 'lock:ledger' });
    await expect.poll(() => page.locator('.drawer .waiters li').count()).toBe(50);
    expect(await page.locator('.drawer .body').textContent()).toContain('and 70 more');
    await crowded.stop();
    expectNoFaults();
  });

  it('draw the cycle of a deadlock, and what waits behind it', async () => {
    const page = await view(server.url);
    const stuck = page.locator('.node.stuck');
    expect(
      await stuck.evaluateAll((all) =>
        all.map((one) => [...one.querySelectorAll('text')].map((text) => text.textContent).join(', ')),
      ),
    ).toEqual(['import-2, thread 4102', 'ledger, Lock', 'report, thread 4104', 'catalog, RLock, 2 times']);
    expect(await page.locator('.node:not(.stuck)').count()).toBe(3);
    expect(await page.locator('.verdict').textContent()).toContain('Take catalog before ledger');
    expectNoFaults();
  });

  it('order locks by what is asked for, and show those that a filter lets through', async () => {
    const page = await view(server.url);
    const first = page.locator('#locks tbody .pname').first();
    expect(await first.textContent()).toBe('ledger');
    await page.locator('th.c-name button').click();
    expect(await first.textContent()).toBe('catalog');
    await page.keyboard.press('/');
    await page.keyboard.type('ORD');
    await expect.poll(() => page.locator('#locks tbody .pname').allTextContents()).toEqual(['orders']);
    expectNoFaults();
  });

  it('slide on, and once a second for who wants less motion', async () => {
    for (const reducedMotion of [false, true]) {
      const page = await view(server.url, { reducedMotion });
      await page.waitForTimeout(1000);
      const changes = await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const canvas = document.querySelector<HTMLCanvasElement>('.lanes canvas');
            const context = canvas?.getContext('2d');
            if (canvas == null || context == null) throw new Error('no canvas');
            let drawn = 0;
            const clear = context.clearRect.bind(context);
            context.clearRect = (...box) => {
              drawn++;
              clear(...box);
            };
            setTimeout(() => resolve(drawn), 3000);
          }),
      );
      if (reducedMotion) expect(changes).toBeLessThanOrEqual(4);
      else expect(changes).toBeGreaterThan(8);
    }
    expectNoFaults();
  });
});
