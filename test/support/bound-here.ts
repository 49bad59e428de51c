// The operators over primitives, bound to the laws: what is in the way is in this thread.
import { EMPTY, map, NEVER, of, pipe, queueScheduler, ReplaySubject, tap } from 'rxjs';
import {
  type Acquirable,
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { failAtTwo } from '../fixtures/operators/scripted.js';
import type { Passing, PassingThrough } from './operator-laws.js';

type Waitable = Acquirable & { readonly waiting: number };

/** @param permits - how many hold it at once */
export function overLock(lock: Waitable, permits = 1): PassingThrough {
  const holders = Array.from({ length: permits }, () => NEVER.pipe(withLock(lock)));
  const each = withLock(lock, (value) => of(value));
  let held: { unsubscribe(): void }[] = [];
  const unblock = () => held.splice(0).forEach((one) => void one.unsubscribe());
  return {
    open: each,
    shut: (source) => {
      held = holders.map((holder) => holder.subscribe());
      return source.pipe(each);
    },
    failing: withLock(lock, (value) => of(failAtTwo(value))),
    waits: () => held.length === permits && waitingFor(lock) > 0,
    unblock,
    free: () => {
      if (waitingFor(lock) > 0) return false;
      unblock();
      const held = Array.from({ length: permits }, () => lock.acquireSync({ blocking: false }));
      for (const one of held) if (one) lock.release();
      return held.every(Boolean);
    },
  };
}

function waitingFor(lock: Waitable): number {
  return lock instanceof Condition ? lock.lock.waiting : lock.waiting;
}

export function overEvent(): Passing {
  const open = new Event();
  open.set();
  const shut = new Event();
  return {
    open: awaitEvent(open),
    shut: awaitEvent(shut),
    waits: () => shut.waiting > 0,
    unblock: () => shut.set(),
    free: () => open.waiting + shut.waiting === 0,
  };
}

export function overBarrier(): Passing {
  const barrier = new Barrier(2);
  const ticks = new ReplaySubject<number>();
  const later = new ReplaySubject<number>();
  for (let tick = 0; tick < 2000; tick++) ticks.next(tick);
  let others = 0;
  const counted = tap({ subscribe: () => others++, finalize: () => others-- });
  return {
    open: pipe(barrierZip(barrier, ticks.pipe(counted)), map(first)),
    shut: pipe(barrierZip(barrier, later.pipe(counted)), map(first)),
    waits: () => barrier.nWaiting > 0,
    unblock: () => ticks.subscribe(later),
    free: () => barrier.nWaiting === 0 && !barrier.broken && others === 0,
  };
}

function first<T>([value]: readonly [T, ...unknown[]]): T {
  return value;
}

export function overTime(): Passing {
  const cancel = new Event();
  return {
    open: timerDelay(0, { cancel, scheduler: queueScheduler }),
    shut: timerDelay(10, { cancel }),
    waits: () => cancel.waiting > 0,
    unblock: () => {},
    free: () => cancel.waiting === 0,
  };
}

export function overCondition(): PassingThrough {
  const condition = new Condition();
  let allowed = false;
  const allow = () => {
    allowed = true;
    condition.notifyAll();
    return EMPTY;
  };
  return {
    open: awaitCondition(condition, () => true),
    shut: awaitCondition(condition, () => allowed),
    failing: awaitCondition(condition, (value) => {
      failAtTwo(value);
      return true;
    }),
    waits: () => condition.waiting > 0,
    unblock: () => of(0).pipe(withLock(condition, allow)).subscribe(),
    free: () => !condition.locked() && condition.waiting + condition.lock.waiting === 0,
  };
}
