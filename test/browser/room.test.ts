import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Inspection } from '../../src/monitor/types.js';
import { overflow } from './support/axe.js';
import { expectNoFaults, picture, view } from './support/browser.js';
import { Crowd } from './support/crowd.js';
import { contention, inspection, pool, primitive, thread, wait } from './support/infos.js';
import { type MessageServer, serveMessages } from './support/message-server.js';

const LONG = 'transfer-with-a-rather-long-name-2';

/** Two threads that may be deadlocked over a Lock that nobody has released and one that another has, and a pool. */
function crossed(): Inspection {
  const since = Date.now() - 8000;
  const held = (ident: number) => ({ owner: { ident, alive: true, depth: 1, section: null } });
  const ledger = primitive(1, 'ledger-of-the-second-quarter-2026', { state: held(4098), queue: [500] });
  const signal = contention({ signalled: true });
  const accounts = primitive(2, 'accounts', { state: held(4097), queue: [501], contention: signal });
  const waits = [
    wait(500, 4097, ledger, { since, owner: 4098 }),
    wait(501, 4098, accounts, { since, owner: 4097 }),
  ] as const;
  const file = 'src/accounts/of-customers/transfer-between-them.ts';
  const site = { function: 'transferBetweenAccounts', file, line: 41, column: 7 };
  const stuck = { activity: 'waiting', since, finding: 'deadlock' } as const;
  const threads = [
    thread(4096, 'MainThread', { kind: 'main', activity: 'idle' }),
    thread(4097, 'transfer-1', { ...stuck, waits: [500], holds: [2] }),
    thread(4098, LONG, { ...stuck, waits: [501], holds: [1] }),
    thread(4099, 'reader', { activity: 'waiting', since }),
  ];
  return inspection({
    threads,
    waits,
    primitives: [ledger, accounts],
    pools: [pool(1, 'thumbnails', { busy: 2, queued: 1 })],
    findings: [
      {
        id: 'deadlock',
        kind: 'deadlock',
        since,
        message: 'Maybe a deadlock',
        certainty: 'suspected',
        doubts: [
          { kind: 'signalled', primitive: 1 },
          { kind: 'signalled', primitive: 2 },
        ],
        cycle: waits.map((one) => ({ wait: one, holds: 3 - (one.primitive ?? 0), stack: [site] })),
        behind: [],
      },
    ],
  });
}

let server: MessageServer;
beforeAll(async () => {
  server = await serveMessages({ first: () => [{ kind: 'snapshot', now: crossed() }], next: () => [] });
});
afterAll(() => server.stop());

it('tells of a Lock that nobody has released no more than that it may be a signal', async () => {
  const page = await view(server.url);
  const told = await page.locator('.verdict').first().textContent();
  expect(told).toContain('ledger-of-the-second-quarter-2026 has not been seen to be released by its owner');
  expect(told).toContain('accounts has been released by another than its owner before');
  expectNoFaults();
});

it.each([320, 1440])('has room for what is short, and breaks no line of it, at %i pixels', async (width) => {
  const page = await view(server.url, { width });
  await page.locator('.stack h3').first().waitFor();
  await picture(page, `room-${width}`);
  expect(await overflow(page)).toBe(0);
  const cut = await page.locator('.lane .n, .pool .name, .vital .u').evaluateAll((all) =>
    all.flatMap((one) => {
      const text = document.createRange();
      text.selectNodeContents(one);
      // By less than a pixel is enough for an ellipsis.
      const isCut = text.getBoundingClientRect().width > one.getBoundingClientRect().width + 0.01;
      return isCut ? [one.textContent] : [];
    }),
  );
  expect(cut.filter((text) => text !== LONG)).toEqual([]);
  // Its mark does not stand above a name that takes more than a line.
  for (const head of await page.locator('.stack h3').all()) {
    const mark = await head.locator('.mark-deadlocked').boundingBox();
    const name = await head.locator('.link').boundingBox();
    expect(mark?.y).toBeGreaterThan(name?.y ?? Number.NaN);
  }
  // What leaves no room for a place is not broken for it.
  for (const called of await page.locator('.stack .fn').all())
    expect((await called.boundingBox())?.height).toBeLessThan(25);
  // What a primitive is stands beside its name, or not at all.
  const cutKinds = await page.locator('td.c-name .kind').evaluateAll((kinds) =>
    kinds.flatMap((kind) => {
      const cell = kind.closest('td') as Element;
      const isCut = kind.getBoundingClientRect().right > cell.getBoundingClientRect().right;
      return isCut ? [kind.textContent] : [];
    }),
  );
  expect(cutKinds).toEqual([]);
  expectNoFaults();
});

it('is not wider than a phone at 200 %', async () => {
  const page = await view(server.url, { width: 195, height: 420 });
  await picture(page, 'room-195');
  expect(await overflow(page)).toBe(0);
  expectNoFaults();
});

it.each([660, 820, 1440])('has room for the numbers of a thousand locks at %i pixels', async (width) => {
  const crowd = await serveMessages(new Crowd());
  const page = await view(crowd.url, { width });
  await page.locator('#locks').scrollIntoViewIfNeeded();
  await page.locator('#locks .pname').first().waitFor();
  await picture(page, `crowd-${width}`);
  const cells = page.locator('#locks td.r:visible');
  expect(await cells.count()).toBeGreaterThan(20);
  const cut = await cells.evaluateAll((all) =>
    all.flatMap((cell) => (cell.scrollWidth > cell.clientWidth ? [cell.textContent] : [])),
  );
  expect(cut).toEqual([]);
  await crowd.stop();
  expectNoFaults();
});
