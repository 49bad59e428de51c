import { repeat, take, tap } from 'rxjs';
import { Barrier, BoundedSemaphore, Event, Lock, RLock, Semaphore } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { turns, until } from '../support/turns.js';

it('emits the current value and then each change, distinct', async () => {
  const lock = new Lock();
  const seen: boolean[] = [];
  const watching = lock.locked$.subscribe((locked) => seen.push(locked));
  expect(seen).toEqual([false]);
  lock.acquireSync();
  await until(() => seen.length === 2);
  lock.release();
  await until(() => seen.length === 3);
  expect(seen).toEqual([false, true, false]);
  watching.unsubscribe();
  lock.acquireSync();
  await turns(5);
  expect(seen).toHaveLength(3);
});

it('coalesces a burst to its last value', async () => {
  const semaphore = new BoundedSemaphore(1000);
  const seen: number[] = [];
  const watching = semaphore.value$.subscribe((value) => seen.push(value));
  for (let taken = 0; taken < 777; taken++) semaphore.acquireSync();
  await until(() => seen.at(-1) === 223);
  expect(seen.length).toBeLessThan(5);
  watching.unsubscribe();
});

it('tells each of many watchers, also one that came between a change and its news', async () => {
  const event = new Event();
  const early: boolean[] = [];
  const late: boolean[] = [];
  const watching = event.isSet$.subscribe((set) => early.push(set));
  event.set();
  watching.add(event.isSet$.subscribe((set) => late.push(set)));
  await until(() => early.length === 2);
  await turns(3);
  expect(early).toEqual([false, true]);
  expect(late).toEqual([true]);
  watching.unsubscribe();
});

it('watches the state of a barrier and an RLock', async () => {
  const barrier = new Barrier(2);
  const counts: number[] = [];
  const broken: boolean[] = [];
  const locked: boolean[] = [];
  const lock = new RLock();
  const watching = barrier.nWaiting$.subscribe((count) => counts.push(count));
  watching.add(barrier.broken$.subscribe((value) => broken.push(value)));
  watching.add(lock.locked$.subscribe((value) => locked.push(value)));
  const wait = expect(barrier.wait()).rejects.toThrow('broken');
  lock.acquireSync();
  await until(() => counts.at(-1) === 1 && locked.at(-1) === true);
  barrier.abort();
  await wait;
  await until(() => counts.at(-1) === 0 && broken.at(-1) === true);
  expect(counts).toEqual([0, 1, 0]);
  expect(broken).toEqual([false, true]);
  watching.unsubscribe();
});

it('tells one that comes while others are told nothing older than what it began with', async () => {
  const semaphore = new Semaphore(0);
  const late: number[] = [];
  const watching = semaphore.value$.subscribe((value) => {
    if (value !== 1) return;
    semaphore.release();
    watching.add(semaphore.value$.subscribe((value) => late.push(value)));
  });
  semaphore.release();
  await until(() => late.length > 0);
  semaphore.release();
  await until(() => late.at(-1) === 3);
  expect(late).toEqual([2, 3]);
  watching.unsubscribe();
});

it('tells one that leaves and comes again in its own next only what is new', async () => {
  const semaphore = new Semaphore(0);
  const told: number[] = [];
  const watching = semaphore.value$
    .pipe(
      tap((value) => told.push(value)),
      take(2),
      tap({ complete: () => semaphore.release() }),
      repeat({ count: 1000 }),
    )
    .subscribe();
  semaphore.release();
  await until(() => told.length > 2);
  await turns(5);
  expect(told).toEqual([0, 1, 2]);
  watching.unsubscribe();
});
