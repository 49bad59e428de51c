import {
  Barrier,
  Condition,
  Event,
  getIdent,
  getprofile,
  gettrace,
  Lock,
  RLock,
  Semaphore,
  setprofile,
  settrace,
  settraceAllThreads,
  type Target,
  Thread,
  type TraceEvent,
  threadModule,
  trace$,
} from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import { someoneTraces } from '../../../src/primitives/threads/trace-flag.js';
import { until } from '../../support/turns.js';

const targets = threadModule(new URL('../../fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
>;
const starters = threadModule<typeof import('../../fixtures/threading/starters.js')>(
  new URL('../../fixtures/threading/starters.js', import.meta.url),
);
const short = ({ event, name }: TraceEvent): string => `${event} ${name}`;

afterEach(() => {
  settrace(null);
  setprofile(null);
});

describe('settrace', () => {
  it('tells of what later threads call and do with primitives, in order', async () => {
    const events: TraceEvent[] = [];
    settrace((event) => events.push(event));
    const thread = new Thread({
      target: targets.acquireAndRelease!,
      args: [new Lock({ name: 'L' })],
    }).start();
    await until(() => events.at(-1)?.event === 'return');
    expect(events.map(short)).toEqual([
      'call acquireAndRelease',
      'acquire L',
      'acquired L',
      'release L',
      'return acquireAndRelease',
    ]);
    expect(new Set(events.map(({ ident }) => ident))).toEqual(new Set([thread.ident]));
    expect(events.at(-1)?.arg).toBe(3);
    for (let at = 1; at < events.length; at++)
      expect(events[at]!.time).toBeGreaterThanOrEqual(events[at - 1]!.time);
  });

  it('tells nothing of threads that run already; settraceAllThreads does', () => {
    const lock = new Lock({ name: 'mine' });
    const events: string[] = [];
    settrace((event) => events.push(short(event)));
    lock.acquireSync();
    lock.release();
    expect(events).toEqual([]);
    settraceAllThreads((event) => events.push(short(event)));
    lock.acquireSync();
    lock.release();
    expect(events).toEqual(['acquire mine', 'acquired mine', 'release mine']);
  });

  it('names a target without a name after its thread', async () => {
    const events: string[] = [];
    settrace((event) => events.push(short(event)));
    new Thread({ target: (n: number) => n, args: [1], name: 'nameless' }).start();
    await until(() => events.length === 2);
    expect(events).toEqual(['call nameless', 'return nameless']);
  });

  it('tells of the error of a target', async () => {
    const events: TraceEvent[] = [];
    settrace((event) => events.push(event));
    const thread = new Thread({
      target: function broken() {
        throw new RangeError('no');
      },
    }).start();
    await expect(Promise.resolve(thread.result())).rejects.toThrow('no');
    await until(() => events.at(-1)?.event === 'exception');
    expect(events.map(short)).toEqual(['call broken', 'exception broken']);
    expect(events.at(-1)?.arg).toMatchObject({ message: 'no' });
  });

  it('is read back, ended by null, and must be a function', () => {
    const fn = (): void => {};
    settrace(fn);
    setprofile(fn);
    expect([gettrace(), getprofile()]).toEqual([fn, fn]);
    settrace(null);
    setprofile(null);
    expect([gettrace(), getprofile()]).toEqual([null, null]);
    expect(() => settrace(5 as never)).toThrow(/got 5/);
  });
});

describe('what a trace tells of a wait is the same for both faces', () => {
  const contended = ['acquire', 'wait', 'woken', 'acquired'];
  const inVain = ['acquire', 'wait', 'woken'];

  /** What a thread that calls `target` tells of the primitive `P`, while `end` ends what it waits for. */
  async function told(target: Target, args: unknown[], end?: () => void) {
    const events: TraceEvent[] = [];
    settrace((event) => events.push(event));
    const thread = new Thread({ target, args }).start();
    thread.result().subscribe({ error: () => {} });
    const first = args[0] as { readonly waiting: number };
    if (end !== undefined) {
      await until(() => first.waiting > 0);
      end();
    }
    const mine = (): TraceEvent[] => events.filter(({ ident }) => ident === thread.ident);
    await until(() => mine().some(({ event }) => event === 'return' || event === 'exception'));
    return mine()
      .filter(({ name }) => name === 'P')
      .map(({ event }) => event);
  }
  const call = (primitive: Record<string, (options?: object) => unknown>, method: string, options?: object) =>
    primitive[method]!(options);

  it.each(['acquire', 'acquireSync'])('a Lock, RLock or Semaphore that is taken: %s', async (method) => {
    const lock = new Lock({ name: 'P' });
    const rlock = new RLock({ name: 'P' });
    const semaphore = new Semaphore(0, { name: 'P' });
    lock.acquireSync();
    rlock.acquireSync();
    expect(await told(call, [lock, method, { timeout: 20 }])).toEqual(inVain);
    expect(await told(call, [lock, method, { timeout: 0 }])).toEqual(['acquire']);
    expect(await told(call, [lock, method], () => lock.release())).toEqual(contended);
    expect(await told(call, [rlock, method], () => rlock.release())).toEqual(contended);
    expect(await told(call, [semaphore, method], () => semaphore.release())).toEqual(contended);
  });

  it.each(['acquire', 'acquireSync'])(
    'a lock of a thread that died, which nobody releases: %s',
    async (method) => {
      for (const lock of [new Lock({ name: 'P' }), new RLock({ name: 'P' })]) {
        const target = (lock: Lock | RLock): void => {
          lock.acquireSync();
          process.exit();
        };
        await expect(new Thread({ target, args: [lock] }).start().result()).rejects.toThrow('process.exit');
        expect(await told(call, [lock, method])).toEqual(['acquire']);
        expect(lock.locked()).toBe(false);
      }
    },
  );

  it('an RLock at every level', async () => {
    const levels = (lock: RLock): unknown => {
      lock.acquireSync();
      lock.acquireSync();
      return lock.acquire().then(() => {
        for (let level = 0; level < 3; level++) lock.release();
      });
    };
    const acquired = ['acquire', 'acquired'];
    const expected = [...acquired, ...acquired, ...acquired, 'release', 'release', 'release'];
    expect(await told(levels, [new RLock({ name: 'P' })])).toEqual(expected);
  });

  it.each(['wait', 'waitSync'])('an Event or a Barrier: %s', async (method) => {
    const event = new Event({ name: 'P' });
    const barrier = new Barrier(2, { name: 'P' });
    expect(await told(call, [event, method, { timeout: 20 }])).toEqual(['wait', 'woken']);
    expect(await told(call, [event, method], () => event.set())).toEqual(['wait', 'woken']);
    expect(await told(call, [event, method])).toEqual(['wait', 'woken']);
    expect(await told(call, [barrier, method], () => barrier.abort())).toEqual(['wait', 'woken']);
    expect(await told(call, [barrier, method])).toEqual(['wait', 'woken']);
    barrier.reset();
    expect(await told(call, [barrier, method], () => barrier.wait().subscribe())).toEqual(['wait', 'woken']);
    const waiting = barrier.wait().subscribe();
    expect(await told(call, [barrier, method])).toEqual(['wait', 'woken']);
    waiting.unsubscribe();
  });

  it.each(['wait', 'waitSync'])('a Condition and its lock: %s', async (method) => {
    const waits = (condition: Condition, how: 'wait' | 'waitSync', options?: object): unknown => {
      condition.acquireSync();
      return condition[how](options);
    };
    const lockToo = new Condition(new Lock({ name: 'P' }), { name: 'P' });
    const expected = ['acquire', 'acquired', 'wait', 'release', 'woken', 'acquire', 'acquired'];
    expect(await told(waits, [lockToo, method, { timeout: 20 }])).toEqual(expected);
    const condition = new Condition(new Lock(), { name: 'P' });
    const notify = (): void => {
      condition.acquireSync();
      condition.notify();
      condition.release();
    };
    expect(await told(waits, [condition, method], notify)).toEqual(['wait', 'woken']);
  });
});

describe('setprofile', () => {
  it('tells of calls and ends alone', async () => {
    const events: string[] = [];
    setprofile((event) => events.push(short(event)));
    new Thread({ target: targets.acquireAndRelease!, args: [new Lock()] }).start();
    await until(() => events.length === 2);
    expect(events).toEqual(['call acquireAndRelease', 'return acquireAndRelease']);
  });

  // A port and the channel of the traces are two, and the event loop hears them in either order.
  it.each<[how: string, join: (thread: Thread) => unknown]>([
    ['awaited', (thread) => thread.join()],
    ['blocking', (thread) => thread.joinSync()],
  ])(
    'has told of a thread whatever it did, once that is joined (%s)',
    { timeout: 60_000 },
    async (_, join) => {
      const events: string[] = [];
      setprofile((event) => events.push(event.event));
      for (let nth = 1; nth <= 300; nth++) {
        const thread = new Thread({ target: targets.acquireAndRelease!, args: [new Lock()] });
        await join(thread.start());
        expect(events.filter((event) => event === 'return')).toHaveLength(nth);
      }
      setprofile(null);
    },
  );
});

describe('trace$', () => {
  it('tells of all threads while somebody subscribes', () => {
    const events: TraceEvent[] = [];
    const subscription = trace$.subscribe((event) => events.push(event));
    const event = new Event({ name: 'E' });
    event.set();
    event.clear();
    subscription.unsubscribe();
    event.set();
    expect(events.map(short)).toEqual(['set E', 'clear E']);
    expect(events[0]?.ident).toBe(getIdent());
  });
});

describe('a tracer', () => {
  it.each(['ends', 'is killed'])('traces nothing any more when its thread %s', async (how) => {
    const gate = new Event();
    const thread = new Thread({ target: starters.trace, args: [gate] }).start();
    await gate.wait();
    expect(someoneTraces()).toBe(true);
    settrace(() => {});
    await (how === 'ends' ? thread.join() : thread.terminate());
    expect(someoneTraces()).toBe(true);
    settrace(null);
    expect(someoneTraces()).toBe(false);
  });

  it('is not that of the next thread in the same worker', async () => {
    await new Thread({ target: starters.trace, args: [new Event()] }).start().join();
    expect(await new Thread({ target: starters.hasTracer }).start().result()).toBe(false);
    expect(someoneTraces()).toBe(false);
  });

  it('that is asynchronous and takes locks itself is not told of that', async () => {
    const lock = new Lock();
    const inner = new Lock();
    const told: string[] = [];
    const done: Promise<void>[] = [];
    settraceAllThreads((event) => {
      told.push(event.event);
      done.push(
        (async () => {
          await inner.acquire();
          await new Promise((resolve) => setImmediate(resolve));
          inner.release();
        })(),
      );
    });
    await lock.acquire();
    lock.release();
    await Promise.all(done);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual(['acquire', 'acquired', 'release']);
    expect(done).toHaveLength(3);
  });

  it('that waits for a thread loses nothing of what others do meanwhile', async () => {
    const over = new Thread({ target: () => {} }).start();
    await over.join();
    const lock = new Lock({ name: 'busy' });
    const TIMES = 50;
    const target = (one: Lock, times: number): void => {
      for (let left = times; left > 0; left--) {
        one.acquireSync();
        one.release();
      }
    };
    const told: string[] = [];
    const thread = new Thread({ target, args: [lock, TIMES] });
    settrace((event) => {
      // All of the rest is there by then.
      if (told.push(short(event)) === 1) {
        while (thread.isAlive());
        over.joinSync();
      }
    });
    await thread.start().join();
    await until(() => told.length >= 3 * TIMES);
    settrace(null);
    expect(told.filter((one) => one === 'release busy')).toHaveLength(TIMES);
  });

  it('that comes while a thread runs does not change what becomes of a result that cannot be sent', async () => {
    const begun = new Event();
    const gate = new Event();
    const target = (begun: Event, gate: Event) => {
      begun.set();
      gate.waitSync();
      return () => {};
    };
    const thread = new Thread({ target, args: [begun, gate] }).start();
    await begun.wait();
    settrace(() => {});
    gate.set();
    await expect(thread.result().then()).rejects.toMatchObject({ code: 'ERR_CLONE' });
    settrace(null);
  });
});
