import { Barrier, BrokenBarrierError } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { turns } from '../support/turns.js';

it.each([0, -1, 1.5, Number.NaN, '2', undefined])('refuses %o parties', (parties) => {
  expect(() => new Barrier(parties as never)).toThrow();
});

it.each([{ timeout: -1 }, { action: 7 }, { name: 7 }, 7, { action: { module: './here.js', export: 'f' } }])(
  'refuses the options %o',
  (options) => {
    expect(() => new Barrier(2, options as never)).toThrow();
  },
);

it('lets all through when the last arrives, each with an index of its own, again and again', async () => {
  const barrier = new Barrier(3);
  expect(barrier.parties).toBe(3);
  for (let round = 0; round < 3; round++) {
    const waits = [barrier.wait().then((index) => index), barrier.wait().then((index) => index)];
    expect(barrier.nWaiting).toBe(2);
    expect(barrier.waitSync()).toBe(2);
    expect(await Promise.all(waits)).toEqual([0, 1]);
    expect(barrier.nWaiting).toBe(0);
  }
});

it('is passed at once by a single party', async () => {
  const barrier = new Barrier(1);
  expect(await barrier.wait()).toBe(0);
  expect(barrier.waitSync()).toBe(0);
});

it('runs its action once a round, before anyone is let through', async () => {
  const order: string[] = [];
  const barrier = new Barrier(2, { action: () => order.push('action') });
  await Promise.all([0, 1].map(() => barrier.wait().then(() => order.push('through'))));
  expect(order).toEqual(['action', 'through', 'through']);
});

it('is broken when the action throws: the last gets the error, the others BrokenBarrierError', async () => {
  const bad = new TypeError('bad action');
  const barrier = new Barrier(2, {
    action: () => {
      throw bad;
    },
  });
  const first = expect(barrier.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
  await turns(1);
  await expect(barrier.wait()).rejects.toBe(bad);
  await first;
  expect(barrier.broken).toBe(true);
});

it('is broken for everybody by a timeout, until it is reset', async () => {
  const barrier = new Barrier(3);
  const first = expect(barrier.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
  await expect(barrier.wait({ timeout: 10 })).rejects.toBeInstanceOf(BrokenBarrierError);
  await first;
  await expect(barrier.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
  expect(() => barrier.waitSync()).toThrow(BrokenBarrierError);
  barrier.reset();
  expect(barrier.broken).toBe(false);
  const waits = [barrier.wait(), barrier.wait()].map((wait) => wait.then((index) => index));
  expect(barrier.waitSync()).toBe(2);
  await Promise.all(waits);
});

it('takes its own timeout as the default', async () => {
  const barrier = new Barrier(2, { timeout: 10 });
  await expect(barrier.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
  barrier.reset();
  expect(() => barrier.waitSync()).toThrow(BrokenBarrierError);
});

it('breaks at once when it must not wait', async () => {
  const barrier = new Barrier(2);
  await expect(barrier.wait({ timeout: 0 })).rejects.toBeInstanceOf(BrokenBarrierError);
  expect(barrier.broken).toBe(true);
});

it('is reset while parties wait: they get BrokenBarrierError, it is whole', async () => {
  const barrier = new Barrier(2);
  const first = expect(barrier.wait()).rejects.toBeInstanceOf(BrokenBarrierError);
  await turns(1);
  barrier.reset();
  await first;
  expect(barrier.broken).toBe(false);
  expect((await Promise.all([barrier.wait(), barrier.wait()])).sort()).toEqual([0, 1]);
});

it('is withdrawn from by unsubscribing and by a signal', async () => {
  const barrier = new Barrier(3);
  const gone = barrier.wait().subscribe();
  const stays = barrier.wait().then((index) => index);
  gone.unsubscribe();
  expect(barrier.nWaiting).toBe(1);
  const controller = new AbortController();
  const aborted = expect(barrier.wait({ signal: controller.signal })).rejects.toBe('stop');
  await turns(1);
  expect(barrier.nWaiting).toBe(2);
  controller.abort('stop');
  await aborted;
  expect(barrier.nWaiting).toBe(1);
  const next = barrier.wait().then((index) => index);
  expect(barrier.waitSync()).toBe(2);
  expect(await Promise.all([stays, next])).toEqual([0, 1]);
});
