import { setTimeout as sleep } from 'node:timers/promises';
import { activeCount, Event, Thread, ThreadPool, threadModule } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { collectGarbage } from '../../support/collect-garbage.js';
import { until } from '../../support/turns.js';

const MB = 2 ** 20;
const SIZE = 64 * MB;
const { lookAround } = threadModule<typeof import('../../fixtures/look-around.js')>(
  new URL('../../fixtures/look-around.js', import.meta.url),
);
const big = (): Uint8Array => new Uint8Array(SIZE).fill(1);
const makeBig = (size: number): Uint8Array => new Uint8Array(size).fill(1);
const sizeOf = (bytes: Uint8Array): number => bytes.length;

/** Bytes outside the heap that are left of what `run` has done, once all else is collected. */
async function leftBy(run: () => Promise<void>): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().external;
  await run();
  let left = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 50 && left > SIZE / 2; round++) {
    await sleep(10);
    collectGarbage();
    left = process.memoryUsage().external - before;
  }
  return left;
}

it('an idle worker keeps nothing of what its last job was called with and gave', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const results = [
    async () => void (await pool.run(sizeOf, [big()])),
    async () => void (await new Thread({ target: makeBig, args: [SIZE], pool }).start().result()),
    async () => void (await new Thread({ target: makeBig, args: [SIZE] }).start().result()),
  ];
  for (const run of results) expect(await leftBy(run)).toBeLessThan(SIZE / 2);
});

/** Collects what it can in its own thread, and stores in the cell whether its first argument was in that. */
const watch = (kept: object, cell: Int32Array): void => {
  const ref = new WeakRef(kept);
  const collect = (globalThis as { gc?(): void }).gc as () => void;
  let looks = 0;
  const timer = setInterval(() => {
    collect();
    const isGone = ref.deref() === undefined;
    if (!isGone && ++looks < 50) return;
    clearInterval(timer);
    Atomics.store(cell, 0, isGone ? 1 : -1);
    Atomics.notify(cell, 0);
  }, 10).unref();
};

it('nor does the worker itself', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const args = (cell: Int32Array): [object, Int32Array] => [{ kept: true }, cell];
  const jobs = [
    (cell: Int32Array) => pool.run(watch, args(cell)).then(),
    (cell: Int32Array) => new Thread({ target: watch, args: args(cell), pool }).start().result().then(),
    (cell: Int32Array) => new Thread({ target: watch, args: args(cell) }).start().result().then(),
  ];
  for (const run of jobs) {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    await run(cell);
    await Atomics.waitAsync(cell, 0, 0).value;
    expect(cell[0]).toBe(1);
  }
});

it('a job that others know as a Thread keeps none of its arguments once it is over', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const [known, stop] = [new Event(), new Event()];
  const left = await leftBy(async () => {
    const go = new Event();
    const job = pool.run((go: Event, bytes: Uint8Array) => go.waitSync() && bytes.length, [go, big()]).then();
    new Thread({ target: lookAround, args: [known, stop] }).start();
    await known.wait();
    go.set();
    await job;
  });
  expect(left).toBeLessThan(SIZE / 2);
  stop.set();
});

it('what moves with a thread of a pool is collected once that was dropped, though another was sent it', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const left = await leftBy(async () => {
    const go = new Event();
    const first = pool.run((go: Event) => go.waitSync(), [go]).then();
    const bytes = big();
    const thread = new Thread({
      target: sizeOf,
      args: [bytes],
      transferList: [bytes.buffer as ArrayBuffer],
      pool,
    }).start();
    await new Thread({ target: (sent: Thread) => sent.name, args: [thread as Thread] }).start().result();
    thread.output$.subscribe({ error: () => {} });
    await thread.terminate();
    go.set();
    await first;
  });
  expect(left).toBeLessThan(SIZE / 2);
});

/** The reasons of cancels that the worker keeps. */
const cancelsKept = (): number => {
  const links = Object.getOwnPropertySymbols(process).filter((key) =>
    key.description?.startsWith('rxjs-threading.parent.'),
  );
  const places = process as unknown as Record<symbol, { cancels: Map<number, unknown> }>;
  return links.reduce((sum, key) => sum + (places[key]?.cancels.size ?? 0), 0);
};

it('a worker keeps no reason of a cancel that came once its job was over', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const idle = activeCount();
  for (let n = 0; n < 10; n++) {
    const go = new Event();
    const job = pool.run((go: Event) => go.waitSync(), [go]).subscribe();
    await until(() => activeCount() === idle + 1);
    go.set();
    while (activeCount() > idle);
    job.unsubscribe();
  }
  expect(await pool.run(cancelsKept)).toBe(0);
});
