import { Mutex } from 'async-mutex';
import { Lock } from 'rxjs-threading';
import { checkEqual, interleave, row, scaled, timed } from '../harness.js';

const WAITS = scaled(100_000);

/** Each wait holds the lock for a moment and lets go of it: `queued` waits, granted in turn. */
function subscribed(queued) {
  const lock = new Lock();
  lock.acquireSync();
  let granted = 0;
  return timed(
    () =>
      new Promise((resolve) => {
        const next = () => {
          lock.release();
          if (++granted === queued) resolve();
        };
        for (let i = 0; i < queued; i++) lock.acquire().subscribe(next);
        checkEqual('waiting', lock.waiting, queued);
        lock.release();
      }),
  );
}

/** The same with promises: how async-mutex, too, does it fastest. */
function thened(queued) {
  const lock = new Lock();
  lock.acquireSync();
  let granted = 0;
  return timed(
    () =>
      new Promise((resolve) => {
        const next = () => {
          lock.release();
          if (++granted === queued) resolve();
        };
        for (let i = 0; i < queued; i++) lock.acquire().then(next);
        lock.release();
      }),
  );
}

/** The same, each in an async function of its own, which costs as much again. */
async function awaited(queued) {
  const lock = new Lock();
  lock.acquireSync();
  let granted = 0;
  const one = async () => {
    await lock.acquire();
    granted++;
    lock.release();
  };
  const took = await timed(() => {
    const all = Array.from({ length: queued }, one);
    lock.release();
    return Promise.all(all);
  });
  checkEqual('granted', granted, queued);
  return took;
}

async function mutex(queued) {
  const mutex = new Mutex();
  const release = await mutex.acquire();
  let granted = 0;
  return timed(
    () =>
      new Promise((resolve) => {
        const next = (free) => {
          free();
          if (++granted === queued) resolve();
        };
        for (let i = 0; i < queued; i++) mutex.acquire().then(next);
        release();
      }),
  );
}

const ours = await interleave(
  {
    few: async () => (await subscribed(WAITS / 10)) / (WAITS / 10),
    subscribed: async () => (await subscribed(WAITS)) / WAITS,
    thened: async () => (await thened(WAITS)) / WAITS,
    awaited: async () => (await awaited(WAITS)) / WAITS,
  },
  { collect: true },
);
// It takes seconds, and does not vary much.
const theirs = await interleave(
  { mutex: async () => (await mutex(WAITS)) / WAITS },
  { rounds: 1, warmUp: false },
);

row('100,000 queued waits, subscribed, granted in turn', ours.subscribed, 'async-mutex', theirs.mutex, 0.03);
row('the same, then(…)', ours.thened, 'async-mutex', theirs.mutex, 0.03);
row('the same, each awaited in an async function', ours.awaited, 'async-mutex', theirs.mutex, 0.03);
row('100,000 queued waits, each', ours.subscribed, '10,000, each', ours.few, 2);
