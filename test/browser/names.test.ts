import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Inspection } from '../../src/monitor/types.js';
import { expectNoFaults, picture, view } from './support/browser.js';
import { contention, inspection, pool, primitive, thread, wait } from './support/infos.js';
import { type MessageServer, serveMessages } from './support/message-server.js';

/** What a program, or who gives names to it, may try. */
const NAMES = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  'javascript:alert(3)//\'"`',
  '{{alert(4)}}',
  '😀'.repeat(100),
  '\u202e\u2066 turned\x1b[2J\u0007\n# HELP x',
  'x'.repeat(400),
  '__proto__',
  '',
];

function tried(): Inspection {
  const at = Date.now() - 5000;
  const primitives = NAMES.map((name, place) =>
    primitive(100 + place, name, {
      queue: [500 + place],
      state: { owner: { ident: 4200, alive: true, depth: 1, section: null } },
      contention: contention({
        sites: [{ function: name, file: name, line: 1, column: 1, waits: 1, waitTime: 1 }],
      }),
    }),
  );
  const site = { function: NAMES[0] ?? '', file: NAMES[1] ?? '', line: 1, column: 1 };
  const waits = primitives.map((one, place) =>
    wait(500 + place, 4100 + place, one, { since: at, owner: 4200, site }),
  );
  const threads = [
    thread(4200, NAMES[0] ?? '', { holds: primitives.map(({ id }) => id), runs: NAMES[1] ?? '' }),
    ...NAMES.map((name, place) =>
      thread(4100 + place, name, {
        runs: name,
        activity: 'waiting',
        since: at,
        waits: [500 + place],
        pool: name,
        kind: 'job',
      }),
    ),
  ];
  const pools = NAMES.map((name, place) => pool(place, name, { next: [{ name, since: at }] }));
  // Those of which the most is written.
  const [first, second] = waits.slice(4).filter((_wait, place) => place % 2 === 0);
  if (first === undefined || second === undefined) throw new Error('no waits');
  const cycle = [first, second].map((one) => ({ wait: one, holds: one.primitive, stack: [site] }));
  const finding = {
    id: NAMES[0] ?? '',
    kind: 'deadlock',
    since: at,
    message: NAMES.join(' '),
    certainty: 'certain',
    doubts: [],
    cycle,
    behind: [],
  } as const;
  const share = { since: at, count: 1 };
  const namespace = {
    session: '0',
    namespace: 'shop',
    seen: Date.now(),
    thingsLeftOut: 0,
    machines: NAMES.map((name, place) => ({
      ...{ session: `${place}`, name, host: name, pid: place, node: name, joined: at, leaseEnds: at },
      ...{ threads: 1, pools: [{ name, busy: 1, queued: 1, threads: 1 }], own: false, finding: null },
    })),
    things: NAMES.map((name, place) => ({
      kind: 'lock' as const,
      name,
      holders: [{ ...share, session: `${place}`, token: 1 }],
      waiters: [{ ...share, session: `${(place + 1) % NAMES.length}` }],
    })),
  };
  const between = {
    id: NAMES[1] ?? '',
    kind: 'distributed-deadlock',
    since: at,
    message: NAMES.join(' '),
    certainty: 'suspected',
    namespace: 'shop',
    cycle: [0, 1].map((place) => ({
      session: `${place}`,
      waitsFor: NAMES[place] ?? '',
      since: at,
      holds: NAMES[1 - place] ?? '',
    })),
  } as const;
  const process = { ...inspection().process, name: NAMES[0] ?? '', node: NAMES[1] ?? '' };
  return inspection({
    process,
    primitives,
    waits,
    threads,
    pools,
    namespaces: [namespace],
    findings: [finding, between],
  });
}

let server: MessageServer;
beforeAll(async () => {
  const event = { ident: 4100, primitive: 100, by: 4101, face: 'blocking', event: 'woken' } as const;
  server = await serveMessages({
    first: () => [
      { kind: 'snapshot', now: tried() },
      {
        kind: 'events',
        events: NAMES.map((_name, at) => ({ ...event, primitive: 100 + at, time: Date.now() - at })),
        lost: 0,
      },
    ],
    next: () => [],
  });
});
afterAll(() => server.stop());

it('shows names as they are, and nothing of them is run or breaks the page', async () => {
  const page = await view(server.url, { width: 390 });
  await page.locator('.node.stuck').first().waitFor();
  expect(await page.locator('.lane .n').allTextContents()).toEqual([NAMES[0], ...NAMES]);
  expect((await page.locator('#locks .pname').allTextContents()).sort()).toEqual([...NAMES].sort());
  expect(await page.locator('#machines .pname').allTextContents()).toEqual(NAMES);
  for (const name of await page.locator('.pname').all()) {
    await name.click();
    await page.locator('.drawer[data-open="true"]').waitFor();
    expect(NAMES).toContain(await page.locator('.drawer h2').textContent());
    await page.keyboard.press('Escape');
  }
  // A name that turns the direction round turns nothing beside it, and a long one leaves room for another.
  const turned = page.locator('.note', { hasText: 'turned' }).first();
  const [name, age] = [
    await turned.locator('b').boundingBox(),
    await turned.locator('.nowrap').boundingBox(),
  ];
  expect(age?.x).toBeGreaterThan(name?.x ?? Number.NaN);
  // Nor does one in a sentence, where it is not alone.
  for (const sentence of await page.locator('.verdict .soft, .stack h3 .faint, #events .what').all())
    expect(await sentence.textContent()).not.toMatch(/[\u202a-\u202e\u2066]/);
  for (const link of await page.locator('.stack h3 .link').all())
    expect((await link.boundingBox())?.width).toBeGreaterThan(200);
  for (const node of await page.locator('.node').all()) {
    const [box, text] = [
      await node.locator('rect').boundingBox(),
      await node.locator('text').first().boundingBox(),
    ];
    expect(text?.width).toBeLessThan(box?.width ?? Number.NaN);
  }
  await picture(page, 'names');
  expect(await page.locator('main img, main script').count()).toBe(0);
  expect(await page.title()).toBe(NAMES[0]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  expectNoFaults();
});
