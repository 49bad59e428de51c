import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import {
  activeCount,
  BoundedSemaphore,
  currentThread,
  Event,
  enumerate,
  getIdent,
  getNativeId,
  getprofile,
  gettrace,
  Lock,
  mainThread,
  RLock,
  setprofile,
  setprofileAllThreads,
  settrace,
  settraceAllThreads,
  stackSize,
  Thread,
  type TraceEvent,
  threadModule,
  toHandle,
} from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import { TaskThread } from '../../fixtures/threading/task-thread.js';
import { until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/threading/jobs.js')>(
  new URL('../../fixtures/threading/jobs.js', import.meta.url),
);

/** How one waits for a thread, either way. */
const joins = [
  ['awaited', async (thread: Thread, options?: { timeout: number }) => await thread.join(options)],
  ['blocked for', async (thread: Thread, options?: { timeout: number }) => thread.joinSync(options)],
] as const;

function shared(cells: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * cells));
}

async function ended(...threads: Thread[]): Promise<void> {
  await Promise.all(threads.map((thread) => thread.join()));
}

describe('a name (test_name, test_change_name, test_set_name)', () => {
  it('is the one given, whatever the target is called', () => {
    expect(new Thread({ name: 'myname1' }).name).toBe('myname1');
    expect(new Thread({ name: 'myname2', target: jobs.nothing }).name).toBe('myname2');
    expect(() => new Thread({ name: 123 as never })).toThrow(TypeError);
  });

  it('is a number of its own and the name of the target otherwise, or when it is empty', () => {
    const number = (thread: Thread): number => Number(/^Thread-(\d+)/.exec(thread.name)?.[1]);
    const first = new Thread();
    expect(first.name).toMatch(/^Thread-\d+$/);
    const empty = new Thread({ name: '' });
    expect(empty.name).toBe(`Thread-${number(first) + 1}`);
    expect(new Thread({ target: jobs.nothing }).name).toBe(`Thread-${number(first) + 2} (nothing)`);
  });

  it('may be changed by the thread while it runs, for all to see', async () => {
    const [here, go] = [new Event(), new Event()];
    const thread = new Thread({ target: jobs.rename, args: ['new name', here, go], name: 'name' }).start();
    await here.wait();
    expect(thread.name).toBe('new name');
    expect(enumerate().map(({ name }) => name)).toContain('new name');
    go.set();
    expect(await thread.result()).toEqual(['name', 'new name']);
  });

  it.each(['CustomName', 'namé€', 'x'.repeat(100), 'x'.repeat(300), `x${'\u{1f40d}'.repeat(40)}`])(
    'is told in the thread too: %s',
    async (name) => {
      const thread = new Thread({ target: jobs.who, name }).start();
      const { name: seen } = (await thread.result()) as { name: string };
      expect(name.startsWith(seen)).toBe(true);
      expect(seen.length).toBeGreaterThan(Math.min(name.length, 80) - 1);
      expect(thread.name).toBe(name);
    },
  );
});

it.each([[[1]], [['str']], [[[1]]], [[1, 'str', { deep: [2] }]]])(
  'arguments %j arrive (test_args_argument)',
  async (args) => {
    expect(await new Thread({ target: jobs.echo, args }).start().result()).toEqual(args);
  },
);

describe.each(joins)('many threads, %s (test_various_ops)', (_, join) => {
  it.each([
    ['with the usual stack', 0],
    ['with a small stack (test_various_ops_small_stack)', 256 * 1024],
    ['with a large stack (test_various_ops_large_stack)', 16 * 2 ** 20],
  ])('use a semaphore and a mutex, %s', async (_title, stack) => {
    const before = stackSize(stack);
    const tasks = stack === 0 ? 10 : 4;
    const semaphore = new BoundedSemaphore(3);
    const mutex = new RLock();
    const running = shared(1);
    const threads = Array.from({ length: tasks }, (_, number) => {
      const thread = new TaskThread(`<thread ${number}>`, semaphore, mutex, running);
      expect(thread.ident).toBeNull();
      expect(`${thread}`).toMatch(/^<TaskThread\(.*, initial\)>$/);
      return thread.start() as unknown as Thread;
    });
    stackSize(before);
    for (const thread of threads) {
      expect(await join(thread)).toBe(true);
      expect(thread.isAlive()).toBe(false);
      expect(thread.ident).toBeGreaterThan(0);
      expect(`${thread}`).toMatch(/^<TaskThread\(.*, stopped \d+\)>$/);
      await thread.result();
    }
    expect(new Set(threads.map(({ ident }) => ident)).size).toBe(tasks);
    expect(running[0]).toBe(0);
    expect(semaphore.value).toBe(3);
  });
});

it.runIf(process.platform === 'linux')('threads that run at once have native ids of their own', async () => {
  const [here, go] = [new Event(), new Event()];
  const threads = Array.from({ length: 4 }, () =>
    new Thread({ target: jobs.stay, args: [here, go] }).start(),
  );
  await until(() => threads.every(({ nativeId }) => nativeId !== null));
  expect(new Set([...threads.map(({ nativeId }) => nativeId), getNativeId()]).size).toBe(5);
  go.set();
  await ended(...threads);
});

describe('a thread that the library did not start (test_foreign_thread, test_ident_of_no_threading_threads)', () => {
  it('can use it, and is a dummy to it once it asks who it is', async () => {
    const [lock, go] = [new Lock(), new Event()];
    const worker = new Worker(new URL('../../fixtures/threading/foreign.js', import.meta.url), {
      workerData: { lock: toHandle(lock), go: toHandle(go) },
    });
    const told = await new Promise<Record<string, unknown>>((resolve) => worker.once('message', resolve));
    expect(told).toMatchObject({ unseen: true, same: true, alive: true, listed: true });
    expect(told.text).toMatch(/^<_DummyThread\(Dummy-\d+, started daemon \d+\)>$/);
    const dummy = enumerate().find(({ ident }) => ident === told.ident);
    expect(dummy?.isAlive()).toBe(true);
    await expect(dummy?.join()).rejects.toMatchObject({ name: 'ThreadError' });
    expect(() => dummy?.joinSync()).toThrow(expect.objectContaining({ name: 'ThreadError' }));
    go.set();
    await until(() => !enumerate().some(({ ident }) => ident === told.ident));
    expect(dummy?.isAlive()).toBe(false);
  });
});

it('a thread can be woken from outside with a reason (test_PyThreadState_SetAsyncExc)', async () => {
  const here = new Event();
  const thread = new Thread({ target: jobs.sleepLong, args: [here] }).start();
  await here.wait();
  thread.cancel('somebody');
  expect(await thread.result()).toBe('woken by somebody');
});

it('a tight loop can be ended from outside (test_can_interrupt_tight_loops)', async () => {
  const here = new Event();
  const thread = new Thread({ target: jobs.spin, args: [here] }).start();
  await here.wait();
  thread.cancel();
  expect(await thread.result()).toBe(true);
});

it('a start that fails leaves nothing behind (test_limbo_cleanup, test_start_new_thread_failed)', () => {
  const before = activeCount();
  const thread = new Thread({ target: jobs.echo, args: [() => {}] });
  expect(() => thread.start()).toThrow(TypeError);
  expect(thread.isAlive()).toBe(false);
  expect(thread.ident).toBeNull();
  expect(thread.state).toBe('initial');
  expect(activeCount()).toBe(before);
});

describe.each(joins)('joining, %s', (_, join) => {
  it('a thread takes it out of enumerate (test_enumerate_after_join)', async () => {
    for (let round = 0; round < 50; round++) {
      const thread = new Thread({ target: jobs.nothing }).start();
      await join(thread);
      expect(enumerate()).not.toContain(thread);
    }
  });

  it('works from many threads at once (test_join_from_multiple_threads)', async () => {
    for (const joiners of [2, 5, 8]) {
      const [here, go] = [new Event(), new Event()];
      const worker = new Thread({ target: jobs.stay, args: [here, go] }).start();
      const threads = Array.from({ length: joiners }, () =>
        new Thread({ target: jobs.join, args: [worker] }).start(),
      );
      await here.wait();
      go.set();
      for (const thread of [worker, ...threads]) expect(await join(thread)).toBe(true);
      for (const thread of threads) expect(await thread.result()).toBe(true);
    }
  });

  it('gives up when the time is up (test_join_with_timeout)', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const thread = new Thread({ target: jobs.acquire, args: [lock] }).start();
    expect(await join(thread, { timeout: 10 })).toBe(false);
    expect(thread.isAlive()).toBe(true);
    lock.release();
    expect(await join(thread)).toBe(true);
    expect(thread.isAlive()).toBe(false);
  });
});

it('a thread that has ended is collected, with what it was given (test_no_refcycle_through_target)', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const start = async (target: typeof jobs.nothing): Promise<WeakRef<object>> => {
    const args: unknown[] = [1];
    const thread = new Thread({ target: target as never, args }).start();
    thread.result().subscribe({ error: () => {} });
    await thread.join();
    return new WeakRef(thread);
  };
  for (const target of [jobs.nothing, jobs.fail]) {
    const ref = await start(target as never);
    for (let round = 0; round < 50 && ref.deref() !== undefined; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collect();
    }
    expect(ref.deref()).toBeUndefined();
  }
});

describe('daemon (test_repr_daemon, test_daemon_param)', () => {
  it('is shown', () => {
    const thread = new Thread();
    expect(`${thread}`).not.toContain('daemon');
    thread.daemon = true;
    expect(`${thread}`).toContain('daemon');
  });

  it('is what the option says, or what the thread that makes it is', async () => {
    expect(new Thread().daemon).toBe(false);
    expect(new Thread({ daemon: false }).daemon).toBe(false);
    expect(new Thread({ daemon: true }).daemon).toBe(true);
    const parent = new Thread({ target: jobs.startDaemonChild, daemon: true }).start();
    expect(await parent.result()).toBe(true);
  });
});

it('main is the thread that the process began with (test_main_thread)', async () => {
  const main = mainThread();
  expect(main.name).toBe('MainThread');
  expect(main).toBe(currentThread());
  expect(main.ident).toBe(getIdent());
  const told = await new Thread({ target: jobs.who }).start().result();
  expect(told).toMatchObject({ main: main.ident, same: true, listed: true, daemon: false });
  expect((told as { ident: number }).ident).not.toBe(main.ident);
});

it('a thread shows by itself that it has stopped (test_repr_stopped)', async () => {
  const [here, go] = [new Event(), new Event()];
  const thread = new Thread({ target: jobs.stay, args: [here, go] }).start();
  await here.wait();
  expect(`${thread}`).toMatch(/started \d+\)>$/);
  go.set();
  await until(() => `${thread}`.includes('stopped'));
});

it('a BoundedSemaphore of any bound keeps it among threads (test_BoundedSemaphore_limit)', async () => {
  for (let limit = 1; limit < 6; limit++) {
    const semaphore = new BoundedSemaphore(limit);
    for (const target of [jobs.acquire, jobs.release]) {
      await ended(...Array.from({ length: limit }, () => new Thread({ target, args: [semaphore] }).start()));
    }
    expect(() => semaphore.release()).toThrow(RangeError);
  }
});

it('a thread that nobody joins leaves nothing behind (test_leak_without_join)', async () => {
  const before = activeCount();
  new Thread({ target: jobs.nothing }).start();
  await until(() => activeCount() === before);
});

describe('tracing', () => {
  afterEach(() => {
    settraceAllThreads(null);
    setprofileAllThreads(null);
  });

  it.each([
    ['settrace (test_gettrace)', settrace, gettrace],
    ['setprofile (test_getprofile)', setprofile, getprofile],
  ])('%s sets what is told', (_, set, get) => {
    const before = get();
    const trace = (): void => {};
    set(trace);
    expect(get()).toBe(trace);
    set(before);
    expect(get()).toBe(before);
  });

  it.each([
    ['(test_gettrace_all_threads)', settrace, settraceAllThreads, gettrace],
    ['(test_getprofile_all_threads)', setprofile, setprofileAllThreads, getprofile],
  ])('is of threads started later, or of those that run too %s', async (_, set, setForAll, get) => {
    const told: TraceEvent[] = [];
    const trace = (event: TraceEvent): void => void told.push(event);
    const returned = (thread: Thread): boolean =>
      told.some(({ event, ident }) => event === 'return' && ident === thread.ident);
    for (const [method, hears] of [
      [set, false],
      [setForAll, true],
    ] as const) {
      const [here, go] = [new Event(), new Event()];
      const running = new Thread({ target: jobs.stay, args: [here, go] }).start();
      await here.wait();
      method(trace);
      expect(get()).toBe(trace);
      const later = new Thread({ target: jobs.nothing }).start();
      await later.join();
      go.set();
      await running.join();
      await until(() => returned(later) && (!hears || returned(running)));
      expect(returned(running)).toBe(hears);
      method(null);
      expect(get()).toBeNull();
    }
  });
});
