import { EMPTY, map, NEVER, of, pipe, queueScheduler, ReplaySubject } from 'rxjs';
import {
  type Acquirable,
  awaitCondition,
  awaitEvent,
  Barrier,
  BoundedSemaphore,
  barrierZip,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { foreignLock } from '../support/foreign-lock.js';
import { operatorLaws, type Passing } from '../support/operator-laws.js';

operatorLaws('withLock over a Lock', () => overLock(new Lock()));
operatorLaws('withLock over an RLock', () => overLock(new RLock()));
operatorLaws('withLock over a Condition', () => overLock(new Condition(new Lock())));
operatorLaws('withLock over a Semaphore', () => overLock(new Semaphore(1)));
operatorLaws('withLock over a BoundedSemaphore of 3', () => overLock(new BoundedSemaphore(3), 3));
operatorLaws('withLock over a lock of somebody else', () => overLock(foreignLock()));
operatorLaws('awaitEvent', overEvent);
operatorLaws('barrierZip', overBarrier);
operatorLaws('timerDelay', overTime);
operatorLaws('awaitCondition', overCondition);

/** @param permits - how many hold it at once */
function overLock(lock: Acquirable, permits = 1): Passing {
  const holders = Array.from({ length: permits }, () => NEVER.pipe(withLock(lock)));
  const each = withLock(lock, (value: number) => of(value));
  let unblock = () => {};
  return {
    open: each,
    shut: (source) => {
      const held = holders.map((holder) => holder.subscribe());
      unblock = () => held.forEach((one) => void one.unsubscribe());
      return source.pipe(each);
    },
    unblock: () => unblock(),
    free: () => {
      unblock();
      if (!lock.acquireSync({ blocking: false })) return false;
      lock.release();
      return true;
    },
  };
}

function overEvent(): Passing {
  const open = new Event();
  open.set();
  const shut = new Event();
  return {
    open: awaitEvent(open),
    shut: awaitEvent(shut),
    unblock: () => shut.set(),
    free: () => open.waiting + shut.waiting === 0,
  };
}

function overBarrier(): Passing {
  const barrier = new Barrier(2);
  const ticks = new ReplaySubject<number>();
  const later = new ReplaySubject<number>();
  for (let tick = 0; tick < 2000; tick++) ticks.next(tick);
  return {
    open: pipe(barrierZip(barrier, ticks), map(first)),
    shut: pipe(barrierZip(barrier, later), map(first)),
    unblock: () => ticks.subscribe(later),
    free: () => barrier.nWaiting === 0,
  };
}

function first<T>([value]: readonly [T, unknown]): T {
  return value;
}

function overTime(): Passing {
  const cancel = new Event();
  return {
    open: timerDelay(0, { cancel, scheduler: queueScheduler }),
    shut: timerDelay(10, { cancel }),
    unblock: () => {},
    free: () => cancel.waiting === 0,
  };
}

function overCondition(): Passing {
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
    unblock: () => of(0).pipe(withLock(condition, allow)).subscribe(),
    free: () => !condition.locked() && condition.waiting + condition.lock.waiting === 0,
  };
}
