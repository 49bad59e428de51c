import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore, Thread } from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import { listenMade } from '../../src/pool/thread/made-primitives.js';
import type { Cells } from '../../src/primitives/memory/word.js';
import { viewOf } from '../../src/primitives/memory/word.js';
import { contendedPrimitives, type PrimitiveKind } from '../../src/primitives/threads/contention.js';
import { stringOf } from '../../src/primitives/threads/strings.js';
import { ALL, EVENTS, watches } from '../../src/primitives/threads/trace-flag.js';
import { waits } from '../../src/primitives/threads/wait-graph.js';
import { watchAs } from '../../src/primitives/threads/watching.js';
import { acquiresInWords, idInWords, stateInWords } from '../../src/primitives/words.js';

const stops: (() => void)[] = [];
const look = (levels: number): void => void stops.push(watchAs(levels));
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  expect(watches(ALL | EVENTS)).toBe(false);
});

const cellsOf = (primitive: object): Cells => (primitive as { cells: Cells }).cells;
const idOf = (primitive: object): number => idInWords(cellsOf(primitive));
const acquires = (primitive: object): number => acquiresInWords(cellsOf(primitive));
const heldOf = (primitive: object) => contendedPrimitives().find(({ id }) => id === idOf(primitive))?.held;

/** Its 64th hold, which is one that is measured, is over when nobody looks any more. */
function holdWhileWatchEnds(lock: Lock | RLock): void {
  const stop = watchAs(ALL);
  for (let time = 1; time < 64; time++) {
    lock.acquireSync();
    lock.release();
  }
  lock.acquireSync();
  stop();
  lock.release();
}

const KINDS = [
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
  ['Semaphore', () => new Semaphore()],
] as const;

describe('while somebody looks at all', () => {
  it.each(KINDS)('the acquisitions of a %s are counted, whichever way', async (_, make) => {
    const lock = make();
    lock.acquireSync();
    lock.release();
    expect(acquires(lock)).toBe(0);
    look(ALL);
    lock.acquireSync();
    expect(lock.acquireSync({ blocking: false })).toBe(lock instanceof RLock);
    if (lock instanceof RLock) lock.release();
    lock.release();
    expect(await lock.acquire()).toBe(true);
    const waiting = lock instanceof RLock ? undefined : lock.acquire().then((taken) => taken);
    lock.release();
    await waiting;
    if (waiting !== undefined) lock.release();
    using held = lock.holdSync();
    expect(acquires(lock)).toBe(waiting === undefined ? 3 : 4);
    expect(held.released).toBe(false);
  });

  it('the acquisitions of several threads add up', async () => {
    look(ALL);
    const lock = new Lock();
    const target = (lock: Lock) => {
      for (let round = 0; round < 2000; round++) {
        lock.acquireSync();
        lock.release();
      }
    };
    const threads = [0, 1].map(() => new Thread({ target, args: [lock] }).start());
    target(lock);
    await Promise.all(threads.map((thread) => Promise.resolve(thread.join())));
    expect(acquires(lock)).toBe(6000);
  });

  it.each([
    ['Lock', () => new Lock()],
    ['RLock', () => new RLock()],
  ] as const)('a hold of a %s that ends while nobody looks is no part of a later one', (_, make) => {
    const lock = make();
    holdWhileWatchEnds(lock);
    look(ALL);
    for (let time = 65; time <= 128; time++) {
      lock.acquireSync();
      lock.release();
      expect(heldOf(lock)?.count).toBe(time < 128 ? undefined : 1);
    }
  });

  it.each([
    ['Lock', () => new Lock()],
    ['RLock', () => new RLock()],
  ] as const)('a hold of a %s that began while nobody looked is none that is measured', (_, make) => {
    const lock = make();
    holdWhileWatchEnds(lock);
    lock.acquireSync();
    look(ALL);
    lock.release();
    expect(heldOf(lock)).toBeUndefined();
  });

  it.each([
    ['Lock', () => new Lock()],
    ['RLock', () => new RLock()],
  ] as const)('how long a %s is held is measured each 64th time', (_, make) => {
    look(ALL);
    const lock = make();
    for (let time = 1; time <= 64; time++) {
      lock.acquireSync();
      const until = performance.now() + 2;
      while (time === 64 && performance.now() < until);
      lock.release();
    }
    expect(heldOf(lock)).toMatchObject({ count: 1, buckets: [{ count: 1 }] });
    expect(heldOf(lock)?.max).toBeGreaterThanOrEqual(1.9);
  });

  it('a hold that another thread ends is none that is measured', async () => {
    look(ALL);
    const lock = new Lock();
    for (let time = 1; time < 64; time++) {
      lock.acquireSync();
      lock.release();
    }
    lock.acquireSync();
    await new Thread({ target: (held: Lock) => held.release(), args: [lock] }).start().join();
    lock.acquireSync();
    lock.release();
    expect(acquires(lock)).toBe(65);
    expect(heldOf(lock)).toBeUndefined();
  });

  it('how long it is held is measured more often while others wait', async () => {
    look(ALL);
    const lock = new Lock();
    await lock.acquire();
    const ends = Array.from({ length: 32 }, () => lock.acquire().then((taken) => taken));
    for (const end of ends) {
      lock.release();
      expect(await end).toBe(true);
    }
    lock.release();
    expect(heldOf(lock)?.count).toBe(2);
  });

  it('waits tell where they began', async () => {
    const [lock, event] = [new Lock(), new Event()];
    lock.acquireSync();
    const unlooked = event.wait().subscribe();
    expect(waits().map(({ site }) => site)).toEqual([0]);
    unlooked.unsubscribe();
    look(ALL);
    const target = async function lingers(lock: Lock) {
      await Promise.resolve();
      return lock.acquireSync();
    };
    const thread = new Thread({ target, args: [lock] }).start();
    const waiting = (function subscribes() {
      return event.wait().subscribe();
    })();
    const sites = (): (string | null)[] => waits().map(({ site }) => stringOf(site));
    while (sites().length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(sites()).toContainEqual(expect.stringMatching(/^\d+:\d+ .*looked-at\.test\.ts\nsubscribes$/));
    waiting.unsubscribe();
    lock.release();
    await thread.join();
  });
});

describe('while somebody looks', () => {
  const PRIMITIVES: readonly (readonly [PrimitiveKind, () => object, object])[] = [
    ['Lock', () => new Lock(), { owner: null }],
    ['RLock', () => new RLock(), { owner: null }],
    ['Semaphore', () => new Semaphore(3), { value: 3, most: null }],
    ['BoundedSemaphore', () => new BoundedSemaphore(3), { value: 3, most: 3 }],
    ['Event', () => new Event(), { isSet: false }],
    ['Condition', () => new Condition(new Lock()), { unknown: true }],
    ['Barrier', () => new Barrier(2), { parties: 2, arrived: 0, broken: false }],
  ];

  it.each(PRIMITIVES)(
    'a %s that is made is told of, with words that say how it is',
    async (kind, make, state) => {
      const heard: object[] = [];
      listenMade((handle) => heard.push(handle));
      const before = make();
      look(EVENTS);
      const primitive = make();
      const handles = (): Record<string, unknown>[] =>
        (heard as Record<string, unknown>[]).filter((handle) => handle['rxjs-threading'] === kind);
      while (handles().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      const [handle] = handles();
      const cells = viewOf(handle?.cells) as Cells;
      expect(idInWords(cells)).toBe(idOf(primitive));
      expect(idInWords(cells)).not.toBe(idOf(before));
      expect(stateInWords(kind, cells)).toEqual(state);
    },
  );

  it('the words of one tell what becomes of it', async () => {
    const [rlock, barrier, event] = [new RLock(), new Barrier(3), new Event()];
    rlock.acquireSync();
    rlock.acquireSync();
    expect(stateInWords('RLock', cellsOf(rlock))).toEqual({ owner: { ident: rlock.owner, depth: 2 } });
    const waiting = barrier.wait().subscribe({ error: () => {} });
    expect(stateInWords('Barrier', cellsOf(barrier))).toMatchObject({ arrived: 1, broken: false });
    waiting.unsubscribe();
    barrier.abort();
    expect(stateInWords('Barrier', cellsOf(barrier))).toMatchObject({ arrived: 0, broken: true });
    event.set();
    expect(stateInWords('Event', cellsOf(event))).toEqual({ isSet: true });
    rlock.release();
    rlock.release();
  });
});
