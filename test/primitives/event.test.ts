import { Event } from 'rxjs-threading';
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
