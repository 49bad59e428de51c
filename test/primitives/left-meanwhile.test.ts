import { config, firstValueFrom, type Observable, Subject, take, takeUntil } from 'rxjs';
import { Barrier, Condition, Event, Lock, RLock, Semaphore, settraceAllThreads } from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What was sent to those who had left. */
const stopped: unknown[] = [];
beforeEach(() => {
  config.onStoppedNotification = (notification) => stopped.push(notification);
});
afterEach(async () => {
  settraceAllThreads(null);
  // RxJS tells of them in a timer.
  await new Promise((resolve) => setTimeout(resolve));
  config.onStoppedNotification = null;
  expect(stopped.splice(0)).toEqual([]);
});

/** Runs `code` when the event is traced for the nth time. */
function atTrace(event: string, code: () => void, nth = 1): void {
  let left = nth;
  settraceAllThreads((traced) => {
    if (traced.event === event && --left === 0) code();
  });
}

/** Subscribes, and leaves as the event is traced. */
function leavingAt(
  event: string,
  wait: Observable<unknown>,
  nth = 1,
): { seen: unknown[]; ended: () => boolean } {
  const leave = new Subject<void>();
  const seen: unknown[] = [];
  atTrace(event, () => leave.next(), nth);
  const subscription = wait.pipe(takeUntil(leave)).subscribe((value) => seen.push(value));
  return { seen, ended: () => subscription.closed };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('a signal that is aborted after it was looked at', () => {
  it('ends the wait, and gives its place up', async () => {
    const lock = new Lock();
    const held = lock.holdSync();
    const controller = new AbortController();
    atTrace('wait', () => controller.abort('stop'));
    await expect(lock.acquire({ signal: controller.signal })).rejects.toBe('stop');
    held.release();
    await soon();
    expect(lock.locked()).toBe(false);
    expect(lock.waiting).toBe(0);
  });
});

describe('who leaves in a trace function', () => {
  it.each(['acquire', 'acquired'])('at %s, has no lock', (event) => {
    for (const lock of [new Lock(), new RLock(), new Semaphore(1)]) {
      expect(leavingAt(event, lock.acquire()).seen).toEqual([]);
      expect(leavingAt(event, lock.hold()).seen).toEqual([]);
      settraceAllThreads(null);
      expect(lock.acquireSync({ blocking: false })).toBe(true);
    }
  });

  it.each(['wait', 'woken', 'acquired'])('at %s, passes a lock on that it has waited for', async (event) => {
    for (const lock of [new Lock(), new Semaphore(1)]) {
      lock.acquireSync();
      const { seen, ended } = leavingAt(event, lock.acquire());
      const next = lock.acquire().then((taken) => taken);
      lock.release();
      expect(await next).toBe(true);
      expect(seen).toEqual([]);
      expect(ended()).toBe(true);
      expect(lock.waiting).toBe(0);
    }
  });

  it.each([
    ['wait', 1],
    ['woken', 1],
    ['acquire', 1],
    ['acquired', 1],
  ])('at %s of a Condition, leaves its lock to others', async (event, nth) => {
    const condition = new Condition(new Lock());
    condition.acquireSync();
    const { seen, ended } = leavingAt(event, condition.wait(), nth);
    const begun = event !== 'wait';
    if (begun) {
      expect(condition.acquireSync({ blocking: false })).toBe(true);
      condition.notify();
      condition.release();
    } else condition.release();
    await soon();
    await soon();
    expect(ended()).toBe(true);
    expect(seen).toEqual([]);
    settraceAllThreads(null);
    expect(condition.acquireSync({ blocking: false })).toBe(true);
    expect(condition.waiting).toBe(0);
  });
});

it('the party that leaves in the action of its Barrier is told nothing', () => {
  const leave = new Subject<void>();
  const barrier = new Barrier(1, { action: () => leave.next() });
  const seen: unknown[] = [];
  barrier
    .wait()
    .pipe(takeUntil(leave))
    .subscribe((index) => seen.push(index));
  expect(seen).toEqual([]);
});

it('who takes what a wait emits, and leaves, is sent nothing more', async () => {
  const [lock, event] = [new Lock(), new Event()];
  await firstValueFrom(lock.acquire());
  lock.acquire().pipe(take(1)).subscribe();
  lock.release();
  event.set();
  await firstValueFrom(event.wait());
  expect(event.isSet()).toBe(true);
});
