import { Event, Thread } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { turns } from '../support/turns.js';

it('is clear at first, and set and cleared as often as you like', () => {
  const event = new Event();
  expect(event.isSet()).toBe(false);
  event.set();
  event.set();
  expect(event.isSet()).toBe(true);
  event.clear();
  event.clear();
  expect(event.isSet()).toBe(false);
});

it('lets a wait through at once while it is set', async () => {
  const event = new Event();
  event.set();
  expect(event.waitSync()).toBe(true);
  const seen: unknown[] = [];
  event.wait().subscribe((value) => seen.push(value));
  expect(seen).toEqual([true]);
});

it('frees all its waiters, even when it is cleared at once', async () => {
  const event = new Event();
  const waits = Array.from({ length: 5 }, () => event.wait({ timeout: 5000 }).then((set) => set));
  expect(event.waiting).toBe(5);
  event.set();
  event.clear();
  expect(await Promise.all(waits)).toEqual([true, true, true, true, true]);
  expect(event.waiting).toBe(0);
});

it('gives up after the timeout', async () => {
  const event = new Event();
  expect(await event.wait({ timeout: 0 })).toBe(false);
  expect(await event.wait({ timeout: 5 })).toBe(false);
  expect(event.waitSync({ timeout: 0 })).toBe(false);
  expect(event.waitSync({ timeout: 5 })).toBe(false);
});

it('is left by unsubscribing and by a signal', async () => {
  const event = new Event();
  event.wait().subscribe().unsubscribe();
  const controller = new AbortController();
  const wait = expect(event.wait({ signal: controller.signal })).rejects.toBe('stop');
  await turns(1);
  controller.abort('stop');
  await wait;
  expect(event.waiting).toBe(0);
});

it('tells the waits of its own thread before set returns', () => {
  const event = new Event();
  const seen: unknown[] = [];
  event.wait().subscribe((set) => {
    seen.push(set);
    event.clear();
  });
  event.wait().subscribe((set) => seen.push(set));
  event.set();
  expect(seen).toEqual([true, true]);
  expect(event.isSet()).toBe(false);
  expect(event.waiting).toBe(0);
});

it('is never false to a wait without a timeout, however fast another thread sets and clears it', async () => {
  const event = new Event();
  const stop = new Event();
  const target = (event: Event, stop: Event): void => {
    while (!stop.isSet()) {
      event.set();
      event.clear();
    }
  };
  const thread = new Thread({ target, args: [event, stop] }).start();
  let refused = 0;
  for (const end = performance.now() + 500; performance.now() < end; ) {
    for (let time = 0; time < 500; time++) if ((await event.wait()) !== true) refused++;
    await turns(1);
  }
  stop.set();
  await thread.join();
  expect(refused).toBe(0);
});

it('runs a continuation after the code that sets it, and an Observable wait at once', async () => {
  const event = new Event();
  const order: string[] = [];
  const awaited = event.wait().then(() => order.push('awaited'));
  event.wait().subscribe(() => order.push('subscribed'));
  event.set();
  order.push('after set');
  await awaited;
  expect(order).toEqual(['subscribed', 'after set', 'awaited']);
});
