import {
  combineLatest,
  config,
  firstValueFrom,
  type Observable,
  Subject,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import {
  Barrier,
  Condition,
  Event,
  enumerate,
  Lock,
  RLock,
  runInThread,
  Semaphore,
  settraceAllThreads,
  ThreadPool,
  threadPipe,
} from 'rxjs-threading';
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

describe('who has left before the subscription, as combineLatest subscribes when a source has failed', () => {
  const failing = throwError(() => new Error('no'));
  const subscribe = (wait: Observable<unknown>) =>
    combineLatest([failing, wait]).subscribe({ error: () => {} });

  it('takes no lock and no permit, and is no party', async () => {
    for (const lock of [new Lock(), new RLock(), new Condition(), new Semaphore(1)]) {
      subscribe(lock.acquire());
      subscribe(lock.hold());
      expect(lock.acquireSync({ blocking: false })).toBe(true);
    }
    const actions: string[] = [];
    const barriers = [new Barrier(1, { action: () => actions.push('acts') }), new Barrier(2)];
    for (const barrier of barriers) subscribe(barrier.wait());
    expect([actions, barriers[1]?.nWaiting]).toEqual([[], 0]);
  });

  it('starts no thread, and has no job accepted', async () => {
    const pool = new ThreadPool({ minThreads: 0 });
    for (const job of [pool.run(() => 1), pool.warmUp(), runInThread(() => 1)]) subscribe(job);
    subscribe(failing.pipe(threadPipe((source: Observable<unknown>) => source)));
    expect(enumerate()).toHaveLength(1);
    const { threads, queued, busy, cancelled } = pool.stats;
    expect([threads, queued, busy, cancelled]).toEqual([0, 0, 0, 0]);
    await pool.close();
  });
});

it.each([
  ['a Lock', () => new Lock()],
  ['an RLock', () => new RLock()],
])(
  'a Held that a trace function releases as a wait lets %s go is released after the wait',
  async (_, make) => {
    const condition = new Condition(make());
    const held = condition.holdSync();
    atTrace('release', () => held.release());
    expect(await condition.wait({ timeout: 1 })).toBe(false);
    await soon();
    expect(condition.locked()).toBe(false);
  },
);

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
