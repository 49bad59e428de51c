import { channel } from 'node:diagnostics_channel';
import {
  combineLatest,
  config,
  firstValueFrom,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import {
  awaitEvent,
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
  timerDelay,
  withLock,
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

describe('what an operator waits for', () => {
  it.each(['acquire', 'wait'])('is left with it in a trace function, at %s', async (event) => {
    const lock = new Lock();
    lock.acquireSync();
    const source = new Subject<number>();
    const section = source.pipe(withLock(lock, () => NEVER)).subscribe();
    atTrace(event, () => section.unsubscribe());
    source.next(1);
    await soon();
    expect(lock.waiting).toBe(0);
  });

  it.each([
    ['awaitEvent', (event: Event) => awaitEvent(event)],
    ['timerDelay', (cancel: Event) => timerDelay(10_000, { cancel })],
  ])('by %s, too', async (_, operator) => {
    const event = new Event();
    const source = new Subject<number>();
    const gate = source.pipe(operator(event)).subscribe();
    atTrace('wait', () => gate.unsubscribe());
    source.next(1);
    await soon();
    expect(event.waiting).toBe(0);
  });
});

it.each(['wait', 'release'])(
  'a waitFor that is left at the %s of a later look has no lock',
  async (event) => {
    const condition = new Condition(new Lock());
    condition.acquireSync();
    let looks = 0;
    const wait = condition.waitFor(() => ++looks < 0).subscribe();
    await condition.acquire();
    condition.notify();
    condition.release();
    let left = false;
    settraceAllThreads((traced) => {
      if (traced.event !== event || looks < 2 || left) return;
      left = true;
      wait.unsubscribe();
    });
    await expect.poll(() => left).toBe(true);
    settraceAllThreads(null);
    expect([looks, condition.waiting, condition.lock.waiting, condition.locked()]).toEqual([2, 0, 0, false]);
  },
);

it('a waitFor whose signal aborts at a later look has the lock', async () => {
  const condition = new Condition(new Lock());
  condition.acquireSync();
  const controller = new AbortController();
  atTrace('woken', () => controller.abort('stop'));
  const wait = condition.waitFor(() => false, { signal: controller.signal }).then(undefined, (why) => why);
  await condition.acquire();
  condition.notify();
  condition.release();
  expect(await wait).toBe('stop');
  expect(condition.locked()).toBe(true);
});

describe('who has left, and is granted a lock before it was told to leave the queue', () => {
  let inner: Subject<void>;
  beforeEach(() => {
    inner = new Subject();
  });
  /** Ends the section that has the lock, which passes that on, and leaves only then. */
  const leavingLate = (wait: Observable<unknown>): Observable<unknown> =>
    new Observable((subscriber) => {
      subscriber.add(() => inner.complete());
      return wait.subscribe(subscriber);
    });

  it.each([
    ['a Lock', new Lock()],
    ['an RLock', new RLock()],
    ['a Semaphore', new Semaphore(1)],
  ])('leaves %s to others', (_, lock) => {
    of(1)
      .pipe(withLock(lock, () => inner))
      .subscribe();
    leavingLate(lock.acquire()).subscribe().unsubscribe();
    expect(lock.waiting).toBe(0);
    expect(lock instanceof Semaphore ? lock.value : Number(!lock.locked())).toBe(1);
  });

  it('is traced to have acquired what it releases', () => {
    const lock = new Lock({ name: 'granted' });
    const told: string[] = [];
    settraceAllThreads(({ name, event }) => name === 'granted' && told.push(event));
    of(1)
      .pipe(withLock(lock, () => inner))
      .subscribe();
    leavingLate(lock.acquire()).subscribe().unsubscribe();
    const contended = ['acquire', 'wait', 'release', 'woken', 'acquired', 'release'];
    expect(told).toEqual(['acquire', 'acquired', ...contended]);
  });

  it('leaves the lock of a Condition to others, whose wait it was', async () => {
    const condition = new Condition(new Lock());
    condition.acquireSync();
    const wait = leavingLate(condition.wait()).subscribe();
    of(1)
      .pipe(withLock(condition, () => inner))
      .subscribe();
    await expect.poll(() => condition.locked()).toBe(true);
    condition.notify();
    await expect.poll(() => condition.lock.waiting).toBe(1);
    wait.unsubscribe();
    expect([condition.waiting, condition.lock.waiting, condition.locked()]).toEqual([0, 0, false]);
  });

  it.each([
    ['wait', (condition: Condition, signal: AbortSignal) => condition.wait({ signal })],
    ['waitFor', (condition: Condition, signal: AbortSignal) => condition.waitFor(() => false, { signal })],
  ])('takes no lock of a Condition again where the signal of its %s aborts by that', (_, wait) => {
    const condition = new Condition(new Lock());
    const controller = new AbortController();
    condition.acquireSync();
    const waiting = new Observable((subscriber) => {
      subscriber.add(() => controller.abort());
      return wait(condition, controller.signal).subscribe(subscriber);
    }).subscribe();
    expect(condition.waiting).toBe(1);
    waiting.unsubscribe();
    expect([condition.waiting, condition.lock.waiting, condition.locked()]).toEqual([0, 0, false]);
  });
});

describe('who leaves as a channel is told of the wait', () => {
  const begins = channel('tracing:rxjs-threading:wait:start');
  const listening: [name: string, listener: () => void][] = [];
  const atChannel = (name: string, listener: () => void) => {
    listening.push([name, listener]);
    channel(name).subscribe(listener);
  };
  afterEach(() => {
    for (const [name, listener] of listening.splice(0)) channel(name).unsubscribe(listener);
  });

  it.each(['wait:asyncEnd', 'hold:start'])('at %s, leaves the lock to others', async (name) => {
    const lock = new Lock();
    lock.acquireSync();
    atChannel(begins.name as string, () => {});
    const wait = lock.acquire().subscribe();
    atChannel(`tracing:rxjs-threading:${name}`, () => wait.unsubscribe());
    lock.release();
    await expect.poll(() => wait.closed).toBe(true);
    expect(lock.locked()).toBe(false);
  });

  it('leaves the queue for the lock that a Condition takes again', async () => {
    const condition = new Condition(new Lock());
    condition.acquireSync();
    const wait = condition.wait().subscribe();
    condition.acquireSync();
    condition.notify();
    atChannel(begins.name as string, () => wait.unsubscribe());
    await expect.poll(() => wait.closed).toBe(true);
    expect(condition.lock.waiting).toBe(0);
    condition.release();
    await soon();
    expect(condition.locked()).toBe(false);
  });
});
