// The operators over primitives, bound to the laws: what is in the way is another thread.
import { map, of, pipe } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  type Lock,
  type RLock,
  type Semaphore,
  Thread,
  threadModule,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { failAtTwo } from '../fixtures/operators/scripted.js';
import type { Passing, PassingThrough } from './operator-laws.js';

const targets = threadModule<typeof import('../fixtures/operators/targets.js')>(
  new URL('../fixtures/operators/targets.js', import.meta.url),
);

/** @param make - of one that is free */
export async function overLockElsewhere(make: () => Lock | RLock | Semaphore): Promise<PassingThrough> {
  const [free, taken, holding, release] = [make(), make(), new Event(), new Event()];
  const thread = new Thread({ target: targets.holdUntil, args: [taken, holding, release] }).start();
  await holding.wait();
  return {
    open: withLock(free, (value) => of(value)),
    shut: withLock(taken, (value) => of(value)),
    failing: withLock(free, (value) => of(failAtTwo(value))),
    waits: () => taken.waiting > 0,
    unblock: () => release.set(),
    free: () => {
      if (taken.waiting + free.waiting > 0) return false;
      release.set();
      return [free, taken].every((lock) => {
        const got = lock.acquireSync({ blocking: false });
        if (got) lock.release();
        return got;
      });
    },
    end: () => thread.join(),
  };
}

export function overEventElsewhere(): Passing {
  const [open, shut, go] = [new Event(), new Event(), new Event()];
  open.set();
  const thread = new Thread({ target: targets.setAfter, args: [shut, go] }).start();
  return {
    open: awaitEvent(open),
    shut: awaitEvent(shut),
    waits: () => shut.waiting > 0,
    unblock: () => go.set(),
    free: () => open.waiting + shut.waiting === 0,
    end: () => {
      go.set();
      return thread.join();
    },
  };
}

export function overBarrierElsewhere(): Passing {
  const [open, shut, now, go] = [new Barrier(2), new Barrier(2), new Event(), new Event()];
  now.set();
  const threads = [
    new Thread({ target: targets.arriveAfter, args: [open, now] }).start(),
    new Thread({ target: targets.arriveAfter, args: [shut, go] }).start(),
  ];
  const single = map(([value]: [unknown]) => value);
  return {
    open: pipe(barrierZip(open), single),
    shut: pipe(barrierZip(shut), single),
    waits: () => shut.nWaiting > 0,
    unblock: () => go.set(),
    // The thread itself, where it has come.
    free: () => open.nWaiting <= 1 && shut.nWaiting === (go.isSet() ? 1 : 0),
    end: async () => {
      go.set();
      for (const barrier of [open, shut]) barrier.abort();
      for (const thread of threads) await thread.join();
    },
  };
}

export function overTimeForReal(): Passing {
  const cancel = new Event();
  return {
    open: timerDelay(0, { cancel }),
    shut: timerDelay(20, { cancel }),
    waits: () => cancel.waiting > 0,
    unblock: () => {},
    free: () => cancel.waiting === 0,
  };
}

export function overConditionElsewhere(): PassingThrough {
  const [condition, go] = [new Condition(), new Event()];
  const cell = new SharedArrayBuffer(4);
  const cells = new Int32Array(cell);
  const thread = new Thread({ target: targets.allowAfter, args: [condition, cell, go] }).start();
  return {
    open: awaitCondition(condition, () => true),
    shut: awaitCondition(condition, () => cells[0] === 1),
    failing: awaitCondition(condition, (value) => failAtTwo(value) === value),
    waits: () => condition.waiting > 0,
    unblock: () => go.set(),
    free: () => !condition.locked() && condition.waiting + condition.lock.waiting === 0,
    end: () => {
      go.set();
      return thread.join();
    },
  };
}
