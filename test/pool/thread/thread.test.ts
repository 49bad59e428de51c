import {
  ArgumentOutOfRangeError,
  config,
  count,
  EmptyError,
  firstValueFrom,
  lastValueFrom,
  NotFoundError,
  ObjectUnsubscribedError,
  repeat,
  SequenceError,
  type Subscription,
  TimeoutError,
  take,
  tap,
  toArray,
  UnsubscriptionError,
} from 'rxjs';
import {
  activeCount,
  activeCount$,
  Barrier,
  currentThread,
  Event,
  enumerate,
  enumerate$,
  getIdent,
  getNativeId,
  Lock,
  mainThread,
  Semaphore,
  setExcepthook,
  sleepSync,
  stackSize,
  Thread,
  ThreadError,
  ThreadPool,
  Timer,
  threadModule,
} from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import { CallsTarget, Doubler, Homeless } from '../../fixtures/thread-subclasses.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { runNode } from '../../support/run-node.js';
import { turns, until } from '../../support/turns.js';

type Targets = Record<string, (...args: never[]) => unknown>;
const targets = threadModule<Targets>(new URL('../../fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
> &
  Record<'arrive' | 'whoAmI', { module: string; export: string }>;

function start(name: string, ...args: unknown[]): Thread {
  return new Thread({ target: targets[name]!, args }).start();
}

const caught = (of: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(of).then(
    () => undefined,
    (error) => error,
  );
const messageOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing';
};

afterEach(() => {
  stackSize(0);
});

describe('a target', () => {
  it.each<[string, (...args: number[]) => unknown]>([
    ['an arrow', (n) => n + 1],
    [
      'a function',
      function add(n) {
        return n + 1;
      },
    ],
    ['an async arrow', async (n) => n + 1],
    [
      'a method',
      {
        add(n: number) {
          return n + 1;
        },
      }.add,
    ],
    [
      'an async method',
      {
        async add(n: number) {
          return n + 1;
        },
      }.add,
    ],
  ])('that is %s travels by its source', async (_, target) => {
    expect(await new Thread({ target, args: [41] }).start().result()).toBe(42);
  });

  it('that is an export of a module is imported by the thread', async () => {
    const answer = await start('whoAmI').result();
    expect(answer).toMatchObject({ main: '<_MainThread(MainThread, started 4096)>' });
  });

  it('may be a method named class', async () => {
    const jobs = {
      class(n: number): number {
        return n + 1;
      },
    };
    expect(await new Thread({ target: jobs.class, args: [1] }).start().result()).toBe(2);
    expect(messageOf(() => new Thread({ target: class extends Array {} as never }))).toMatch(
      /a class cannot/,
    );
  });

  it('by its source is refused where code generation is disallowed, with what to do', async () => {
    const program = `import { Thread } from 'rxjs-threading';
      try { new Thread({ target: (n) => n }); } catch (error) { console.log(error.name, error.message); }
      const target = { module: 'node:path', export: 'basename' };
      console.log(await new Thread({ target, args: ['/a/b'] }).start().result());`;
    const { stdout } = await runNode([
      '--disallow-code-generation-from-strings',
      '--input-type=module',
      '-e',
      program,
    ]);
    expect(stdout).toMatch(
      /^TypeError .*code generation from strings is disallowed.*export of a module\nb\n$/,
    );
  });

  it('is refused where it is given when it cannot be one', () => {
    expect(messageOf(() => new Thread({ target: 5 as never }))).toBe(
      'TypeError: target must be a function or { module, export }, got 5',
    );
    expect(messageOf(() => new Thread({ target: class Job {} as never }))).toMatch(/got \[class Job\]/);
    expect(messageOf(() => new Thread({ target: Math.max }))).toMatch(/native or bound/);
    expect(messageOf(() => new Thread({ target: (() => 1).bind(null) }))).toMatch(/native or bound/);
    expect(messageOf(() => new Thread({ target: { module: './jobs.js', export: 'run' } }))).toMatch(
      /must not be a relative path, got '.\/jobs.js'/,
    );
    expect(messageOf(() => threadModule('http://example.org/jobs.js'))).toMatch(/got 'http:/);
    for (const module of ['file://host/jobs.js', 'file:///of%2Fjobs.js'])
      for (const given of [module, new URL(module)])
        expect(messageOf(() => threadModule(given))).toBe(
          `TypeError: module must be the URL of a file of this machine, got '${module}'`,
        );
  });

  it('that uses a variable of its closure fails with an error that explains it', async () => {
    const around = 1;
    const error = await caught(new Thread({ target: () => around + 1, name: 'closed' }).start().result());
    expect(error).toBeInstanceOf(ThreadError);
    expect(error).toMatchObject({
      code: 'ERR_CLOSURE',
      message: expect.stringMatching(/'around' is not defined in thread 'closed'/),
    });
    expect((error as Error).cause).toBeInstanceOf(ReferenceError);
  });

  it('may have helpers in it that keep the names of functions, as esbuild and tsx put there', async () => {
    const source = 'const half = __name((n) => n / 2, "halve"); return [half(84), half.name];';
    const target = new Function(source) as () => [number, string];
    expect(await new Thread({ target }).start().result()).toEqual([42, 'halve']);
  });

  it('with another helper of a compiler fails with an error that says so', async () => {
    const target = new Function('return __awaiter(this);') as () => unknown;
    expect(await caught(new Thread({ target }).start().result())).toMatchObject({
      code: 'ERR_CLOSURE',
      message: expect.stringMatching(/'__awaiter' is not defined .* a helper that a compiler has put in/),
    });
  });

  it('may be missing', async () => {
    const thread = new Thread().start();
    expect(await thread.join()).toBe(true);
    expect(await thread.result()).toBeUndefined();
  });
});

describe('a subclass', () => {
  it('runs its run in the worker, with its fields and without its constructor', async () => {
    const thread: Thread = new Doubler(21, new Lock());
    expect(await thread.start().result()).toEqual({
      doubled: 42,
      name: 'doubler',
      constructed: 1,
      log: 'undefined',
    });
  });

  it('reaches the target through super.run', async () => {
    const thread: Thread = new CallsTarget({ target: (n: number) => n + 1, args: [1] });
    expect(await thread.start().result()).toEqual(['around', 2]);
  });

  it('that does not say where it is exported is refused at start', () => {
    const thread: Thread = new Homeless();
    expect(messageOf(() => thread.start())).toMatch(/class Homeless overrides run .* import\.meta\.url/);
    expect(thread.state).toBe('initial');
  });
});

describe('start', () => {
  it('runs the thread even when the caller blocks at once', () => {
    const thread = new Thread({ target: () => 1 }).start();
    expect(thread.joinSync()).toBe(true);
    expect(thread.isAlive()).toBe(false);
  });

  it('runs threads of a thread while main is blocked', async () => {
    const thread = start('startNested', 41);
    expect(thread.joinSync()).toBe(true);
    const inner = (await thread.result()) as Thread;
    expect(`${inner}`).toMatch(/^<Thread\(inner, stopped \d+\)>$/);
    expect(await inner.result()).toBe(42);
  });

  it('runs 20 threads at once', async () => {
    const barrier = new Barrier(20);
    const threads = Array.from({ length: 20 }, () => start('arrive', barrier));
    const indexes = await Promise.all(threads.map((thread) => thread.result()));
    expect(new Set(indexes).size).toBe(20);
  }, 60_000);

  it('is refused the second time', () => {
    const thread = new Thread({ target: () => 1, name: 'twice' }).start();
    expect(messageOf(() => thread.start())).toBe(
      "ThreadError: thread 'twice' was started before: threads can only be started once",
    );
  });

  it('names the argument that cannot be cloned and leaves the thread unstarted', () => {
    const thread = new Thread({ target: (_: unknown) => 1, args: [{ job: { run() {} } }] });
    expect(messageOf(() => thread.start())).toMatch(/TypeError: .*args\[0\]\.job\.run is a function/);
    expect(thread.state).toBe('initial');
    expect(thread.ident).toBeNull();
  });

  it('moves what is in transferList', async () => {
    const buffer = new ArrayBuffer(8);
    const thread = new Thread({
      target: (b: ArrayBuffer) => b.byteLength,
      args: [buffer],
      transferList: [buffer],
    });
    expect(await thread.start().result()).toBe(8);
    expect(buffer.byteLength).toBe(0);
  });
});

describe('join', () => {
  it('gives up after its timeout', async () => {
    const gate = new Event();
    const thread = new Thread({ target: targets.sleepLong!, args: [gate], daemon: true }).start();
    expect(await thread.join({ timeout: 5 })).toBe(false);
    expect(thread.joinSync({ timeout: 5 })).toBe(false);
    await thread.terminate();
    expect(await thread.join()).toBe(true);
  });

  it('errors before start and for the current thread, the blocking form by throwing', async () => {
    expect(await caught(new Thread().join())).toMatchObject({
      name: 'ThreadError',
      code: 'ERR_THREAD_STATE',
    });
    expect(await caught(currentThread().join())).toMatchObject({
      message: expect.stringMatching(/current thread/),
    });
    expect(messageOf(() => new Thread({ name: 'new' }).joinSync())).toMatch(
      /cannot join thread 'new' before/,
    );
    expect(messageOf(() => currentThread().joinSync())).toMatch(/current thread/);
  });

  it('that would block what starts the thread is refused, unless it has a timeout', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const gate = new Event();
    const running = new Thread({ target: (open: Event) => open.waitSync(), args: [gate], pool }).start();
    const queued = new Thread({ name: 'later', target: () => 'ran', pool }).start();
    await until(() => running.state === 'running');
    expect(messageOf(() => queued.joinSync())).toMatch(/ThreadError: joinSync of thread 'later' cannot end/);
    expect(queued.joinSync({ timeout: 1 })).toBe(false);
    gate.set();
    expect(running.joinSync()).toBe(true);
    expect(await queued.result()).toBe('ran');
    expect(queued.joinSync()).toBe(true);
    await pool.close();
  });

  it('works from a thread that did not start it', async () => {
    const other = new Thread({ target: () => 1 }).start();
    expect(await start('joinOther', other).result()).toBe(true);
  });

  it('is left by unsubscribing and by its signal', async () => {
    const gate = new Event();
    const thread = new Thread({ target: targets.sleepLong!, args: [gate], daemon: true }).start();
    thread.join().subscribe().unsubscribe();
    const abort = new AbortController();
    const joined = caught(thread.join({ signal: abort.signal }));
    abort.abort('enough');
    expect(await joined).toBe('enough');
    await thread.terminate();
  });

  it('tells of the end only when the result is there', async () => {
    for (let round = 0; round < 50; round++) {
      const thread = new Thread({ target: (n: number) => n, args: [round] }).start();
      if (round % 2 === 0) thread.joinSync();
      else await thread.join();
      let value: unknown;
      thread.result().subscribe((result) => {
        value = result;
      });
      expect(value).toBe(round);
    }
  });
});

describe('who a thread is', () => {
  it('shows in its text as in Python', async () => {
    const gate = new Event();
    const thread = new Thread({ target: targets.spinUntilCancelled!, args: [gate], name: 'job' });
    expect(`${thread}`).toBe('<Thread(job, initial)>');
    thread.start();
    expect(`${thread}`).toMatch(/^<Thread\(job, started \d+\)>$/);
    thread.cancel();
    await thread.join();
    expect(`${thread}`).toMatch(/^<Thread\(job, stopped \d+\)>$/);
    expect(`${new Thread({ name: 'd', daemon: true })}`).toBe('<Thread(d, initial daemon)>');
    expect(`${currentThread()}`).toBe(`<_MainThread(MainThread, started ${getIdent()})>`);
  });

  it('is numbered, with the name of its target', () => {
    expect(new Thread().name).toMatch(/^Thread-\d+$/);
    expect(new Thread({ target: function work() {} }).name).toMatch(/^Thread-\d+ \(work\)$/);
  });

  it('is one object in each thread that knows it', async () => {
    const thread = start('whoAmI');
    const { thread: itself } = (await thread.result()) as { thread: Thread };
    expect(itself).toBe(thread);
    expect(mainThread()).toBe(currentThread());
    expect(getNativeId()).toBe(mainThread().nativeId);
  });

  it.each([
    ['letters', 'a'.repeat(380), 'a'.repeat(381)],
    ['characters of four bytes', '\u{1f9f5}'.repeat(95), `${'\u{1f9f5}'.repeat(95)}a`],
  ])('is whole in every thread, or refused at the call: %s', async (_, longest, tooLong) => {
    const other = new Thread({
      target: targets.spinUntilCancelled!,
      args: [new Event()],
      name: longest,
    }).start();
    expect(other.name).toBe(longest);
    const teller = new Thread({ target: targets.everyone!, name: longest }).start();
    const { names } = (await teller.result()) as { names: string[] };
    expect(names.filter((name) => name === longest)).toHaveLength(2);
    expect(messageOf(() => new Thread({ name: tooLong }))).toMatch(
      /^RangeError: name must be at most 380 bytes of UTF-8, got 38\d: '/,
    );
    expect(messageOf(() => (other.name = tooLong))).toMatch(/^RangeError: name must be at most 380/);
    expect(other.name).toBe(longest);
    other.cancel();
    await other.join();
  });

  it('has the beginning of a long name of its target', () => {
    const target = Object.defineProperty(() => {}, 'name', { value: '\u{1f9f5}'.repeat(500) });
    expect(new Thread({ target }).name).toMatch(/^Thread-\d+ \(\u{1f9f5}{60}…\)$/u);
  });

  it('is renamed for everybody', async () => {
    const gate = new Event();
    const thread = start('spinUntilCancelled', gate);
    await gate.wait();
    thread.name = 'renamed';
    const { names } = (await start('everyone').result()) as { names: string[] };
    expect(names).toContain('renamed');
    thread.cancel();
    await thread.join();
  });

  it('is listed by enumerate in every thread while it lives', async () => {
    const gate = new Event();
    const thread = new Thread({ target: targets.spinUntilCancelled!, args: [gate], name: 'alive' }).start();
    expect(enumerate()).toContain(thread);
    const { names, count } = (await start('everyone').result()) as { names: string[]; count: number };
    expect(names).toEqual(expect.arrayContaining(['MainThread', 'alive']));
    expect(count).toBe(names.length);
    thread.cancel();
    await thread.join();
    expect(enumerate()).not.toContain(thread);
    expect(activeCount()).toBe(enumerate().length);
  });

  it('inherits daemon, and keeps it once started', async () => {
    expect(new Thread().daemon).toBe(false);
    const thread = new Thread({ target: () => 1 }).start();
    expect(messageOf(() => (thread.daemon = true))).toMatch(/cannot set daemon/);
    await thread.join();
  });

  it('cannot be sent before it is started', () => {
    expect(messageOf(() => start('joinOther', new Thread({ name: 'new' })))).toMatch(
      /<Thread\(new, initial\)> cannot be sent to another thread before it is started/,
    );
  });
});

describe('streams of state', () => {
  it('tell of a start and an end', async () => {
    const thread = new Thread({ target: () => 1 });
    const states: string[] = [];
    const alive: boolean[] = [];
    const subscriptions = [
      thread.state$.subscribe((state) => states.push(state)),
      thread.isAlive$.subscribe((is) => alive.push(is)),
    ];
    thread.start();
    await until(() => states.at(-1) === 'stopped' && alive.at(-1) === false);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(states[0]).toBe('initial');
    expect(alive[0]).toBe(false);
  });

  it('count and list all threads', async () => {
    const before = activeCount();
    const counts: number[] = [];
    const lists: (readonly Thread[])[] = [];
    const counting = activeCount$.subscribe((count) => counts.push(count));
    const listing = enumerate$.subscribe((threads) => lists.push(threads));
    const gate = new Event();
    const thread = start('spinUntilCancelled', gate);
    await until(() => counts.at(-1) === before + 1 && lists.at(-1)?.includes(thread) === true);
    thread.cancel();
    await until(() => counts.at(-1) === before && lists.at(-1)?.includes(thread) === false);
    counting.unsubscribe();
    listing.unsubscribe();
  });
});

describe('output$', () => {
  it('sends nothing to a reader that another has had leave with the same value, or that leaves with its last', async () => {
    const stopped: unknown[] = [];
    config.onStoppedNotification = (notification) => stopped.push(notification);
    const counting = async function* () {
      for (let n = 0; n < 3; n++) yield n;
    };
    const thread = new Thread({ target: counting });
    const seen: number[] = [];
    let second: Subscription | undefined;
    const starting = thread.start();
    starting.output$.subscribe((n) => n === 1 && second?.unsubscribe());
    second = starting.output$.subscribe((n) => seen.push(n));
    await thread.join();
    expect(seen).toEqual([0]);
    expect(await firstValueFrom(thread.output$)).toBe(2);
    await new Promise((resolve) => setTimeout(resolve));
    config.onStoppedNotification = null;
    expect(stopped).toEqual([]);
  });

  const collect = (thread: Thread): Promise<unknown[]> => firstValueFrom(thread.output$.pipe(toArray()));

  it.each<[string, () => unknown]>([
    [
      'a generator',
      function* () {
        for (let i = 0; i < 10_000; i++) yield i;
      },
    ],
    [
      'an async generator',
      async function* () {
        for (let i = 0; i < 10_000; i++) yield i;
      },
    ],
  ])('gives every value of %s in order', async (_, target) => {
    const values = await collect(new Thread({ target }).start());
    expect(values).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  });

  it('gives every value of an Observable in order', async () => {
    const values = await collect(start('streamObservable', 10_000));
    expect(values).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  });

  it('gives the one value of another target, to whoever asks later too', async () => {
    const thread = new Thread({ target: () => 7 }).start();
    expect(await collect(thread)).toEqual([7]);
    expect(await collect(thread)).toEqual([7]);
  });

  it('keeps what came before the first subscriber, and holds the target back meanwhile', async () => {
    const made = new Semaphore(0);
    const thread = start('countInto', made, 100_000);
    let last = -1;
    await until(() => {
      const still = made.value === last && last > 0;
      last = made.value;
      return still;
    });
    expect(made.value).toBeLessThan(100_000);
    expect(await collect(thread)).toHaveLength(100_000);
  });

  it('goes on for the next subscriber where one left', async () => {
    const thread = new Thread({
      target: function* () {
        for (let i = 0; i < 10; i++) yield i;
      },
    }).start();
    expect(await firstValueFrom(thread.output$.pipe(take(3), toArray()))).toEqual([0, 1, 2]);
    expect(await collect(thread)).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  it('gives each value to those who were there before it alone', async () => {
    const count = function* (): Generator<number> {
      for (let i = 1; i <= 10; i++) yield i;
    };
    const again = new Thread({ target: count }).start();
    expect(await lastValueFrom(again.output$.pipe(take(1), repeat(3), toArray()))).toEqual([1, 2, 3]);
    const thread = new Thread({ target: count }).start();
    const late: number[][] = [];
    const others = [0, 1].map(() => thread.output$.pipe(toArray()));
    const [first, second] = await Promise.all([
      lastValueFrom(
        thread.output$.pipe(
          tap((value) => {
            if (value > 2) return;
            const values: number[] = [];
            late.push(values);
            thread.output$.subscribe((one) => values.push(one));
          }),
          toArray(),
        ),
      ),
      ...others.map((other) => lastValueFrom(other)),
    ]);
    expect(first).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(second).toEqual(first);
    expect(late).toEqual([first.slice(1), first.slice(2)]);
  });

  it('never holds up a join', async () => {
    const thread = start('countInto', new Semaphore(0), 100_000);
    expect(thread.joinSync()).toBe(true);
    expect(await thread.result()).toBe(99_999);
  });

  it('ends with the error of the target after what came before it', async () => {
    const thread = new Thread({
      target: function* () {
        yield 1;
        throw new RangeError('mid');
      },
    }).start();
    const seen: unknown[] = [];
    await new Promise<void>((resolve) =>
      thread.output$.subscribe({
        next: (value) => seen.push(value),
        error: (error) => {
          seen.push(error);
          resolve();
        },
      }),
    );
    expect(seen).toEqual([1, expect.objectContaining({ name: 'RangeError', message: 'mid' })]);
  });

  it('and result are there for threads that did not start it', async () => {
    const stream = start('streamObservable', 5);
    expect(await start('outputOf', stream).result()).toEqual([0, 1, 2, 3, 4]);
    const single = new Thread({ target: () => 'here' }).start();
    expect(await start('resultOf', single).result()).toBe('here');
  });
});

describe('cancel', () => {
  it('wakes a blocked sleep with its reason', async () => {
    const gate = new Event();
    const thread = start('sleepLong', gate);
    await gate.wait();
    thread.cancel(new Error('enough'));
    expect(await thread.result()).toMatchObject({ error: { message: 'enough' }, cancelled: true });
  });

  it('wakes a blocked wait for a lock', async () => {
    const gate = new Event();
    const lock = new Lock();
    lock.acquireSync();
    const thread = start('acquireLong', gate, lock);
    await until(() => lock.waiting === 1);
    thread.cancel();
    expect(await caught(thread.result())).toMatchObject({ code: 'ERR_THREAD_CANCELLED' });
    expect(lock.waiting).toBe(0);
  });

  it('is seen by a loop that never yields', async () => {
    const gate = new Event();
    const thread = start('spinUntilCancelled', gate);
    await gate.wait();
    thread.cancel();
    expect(await thread.result()).toBe('stopped');
  });

  it('aborts the signal inside the thread with the reason', async () => {
    const gate = new Event();
    const thread = start('untilAborted', gate);
    await gate.wait();
    thread.cancel(new RangeError('why'));
    expect(await caught(thread.result())).toMatchObject({ name: 'RangeError', message: 'why' });
  });

  it('aborts a signal that was taken before the start, too', async () => {
    const gate = new Event();
    const thread = new Thread({ target: targets.untilAborted!, args: [gate] });
    const { signal } = thread;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    thread.start();
    await gate.wait();
    const reason = new RangeError('why');
    thread.cancel(reason);
    await aborted;
    expect(signal.reason).toBe(reason);
    expect(await caught(thread.result())).toMatchObject({ name: 'RangeError' });
  });

  it('reaches the thread from one that did not start it', async () => {
    const gate = new Event();
    const thread = start('spinUntilCancelled', gate);
    await gate.wait();
    await start('cancelOther', thread).join();
    expect(await thread.result()).toBe('stopped');
  });

  it('before the start keeps the target from running', async () => {
    const ran = new Event();
    const thread = new Thread({ target: targets.sleepLong!, args: [ran] });
    thread.cancel('not today');
    expect(thread.cancelled).toBe(true);
    expect(await caught(thread.start().result())).toBe('not today');
    expect(ran.isSet()).toBe(false);
  });

  it.each([
    ['with a teardown that throws', "({ unsubscribe() { throw new Error('jammed'); } })"],
    ['without a subscription', 'undefined'],
  ])('is how an Observable ends that cannot be left: %s', async (_, subscription) => {
    const target = new Function(
      `return () => ({ subscribe(to) { to.next(1); return ${subscription}; } });`,
    )();
    const thread = new Thread({ target }).start();
    await firstValueFrom(thread.output$);
    thread.cancel('over');
    expect(await caught(thread.result())).toBe('over');
  });

  it('is remembered when the slot of the thread has gone to another', async () => {
    const thread = new Thread({ target: () => 1 });
    thread.cancel();
    await thread.start().join();
    expect(await caught(thread.result())).toMatchObject({ code: 'ERR_THREAD_CANCELLED' });
    for (let slot = 0; slot < 5000; slot++) new Timer(600_000, () => {}).start().cancel();
    expect(thread.cancelled).toBe(true);
    expect(`${thread}`).toContain('stopped');
  });

  it('ends an endless stream', async () => {
    const thread = new Thread({
      target: async function* () {
        for (let i = 0; ; i++) yield i;
      },
    }).start();
    await firstValueFrom(thread.output$);
    thread.cancel('over');
    expect(await caught(thread.result())).toBe('over');
  });
});

describe('what a thread leaves behind', () => {
  afterEach(() => setExcepthook(null));

  it('is granted nothing: a pending wait is given up', async () => {
    const lock = new Lock();
    lock.acquireSync();
    await start('leaveWaiting', lock).join();
    await until(() => lock.waiting === 0);
    lock.release();
    expect(lock.locked()).toBe(false);
  });

  it('in its worker does not run beside another thread: a timer', async () => {
    const told: unknown[] = [];
    setExcepthook(({ error, thread: of }) => told.push([(error as Error).message, of]));
    const thread = new Thread({
      target: () => {
        setTimeout(() => {
          throw new Error('left behind');
        }, 20);
      },
    }).start();
    await thread.result();
    const next = new Thread({
      target: () => new Promise((resolve) => setTimeout(resolve, 60, 'unharmed')),
    }).start();
    expect(await next.result()).toBe('unharmed');
    await until(() => told.length === 1);
    expect(told).toEqual([['left behind', thread]]);
  });
});

describe('result', () => {
  it('gives up by a TimeoutError that says whose result was waited for, wherever that was', async () => {
    const slow = new Thread({ target: () => new Promise((end) => setTimeout(end, 60_000)), name: 'slow' });
    const said = ['TimeoutError', "result of thread 'slow' ran into its timeout of 20 ms"];
    const asked = (slow: Thread) =>
      slow.result({ timeout: 20 }).then(
        () => [],
        ({ name, message }) => [name, message],
      );
    expect(await asked(slow.start())).toEqual(said);
    const elsewhere = new Thread({ target: asked, args: [slow] }).start();
    expect(await elsewhere.result()).toEqual(said);
    await slow.terminate();
  });

  it('errors before start as join does', async () => {
    const thread = new Thread({ name: 'new', target: () => 5 });
    const result = thread.result();
    await expect(result).rejects.toThrow("cannot wait for the result of thread 'new' before it is started");
    thread.start();
    expect(await result).toBe(5);
  });

  it.each([
    [EmptyError, () => new EmptyError()],
    [SequenceError, () => new SequenceError('two')],
    [NotFoundError, () => new NotFoundError('none')],
    [ArgumentOutOfRangeError, () => new ArgumentOutOfRangeError()],
    [ObjectUnsubscribedError, () => new ObjectUnsubscribedError()],
    [TimeoutError, () => new TimeoutError()],
    [UnsubscriptionError, () => new UnsubscriptionError([new RangeError('in it')])],
  ])('fails with %o of RxJS as an instance of that', async (kind, make) => {
    const error = make();
    const thrown: unknown = await Promise.resolve(start('throwRxjs', error.name).result()).catch(
      (reason) => reason,
    );
    expect(thrown).toBeInstanceOf(kind);
    expect(thrown).toMatchObject({ name: error.name });
    if (thrown instanceof UnsubscriptionError) expect(thrown.errors[0]).toBeInstanceOf(RangeError);
  });
});

describe('values that nobody has read', () => {
  const big = function* (): Generator<number[]> {
    for (let i = 0; i < 20_000; i++) yield new Array(100).fill(i + 0.5);
  };
  const heap = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };

  it('are dropped, but the last, when nobody has the Thread any more', async () => {
    const gate = new Event();
    const gated = async function* (gate: Event): AsyncGenerator<number[]> {
      yield [];
      await gate.wait();
      for (let i = 0; i < 20_000; i++) yield new Array(100).fill(i + 0.5);
    };
    const [result, dropped] = (() => {
      const thread = new Thread({ target: gated, args: [gate] }).start();
      return [thread.result(), new WeakRef(thread)];
    })();
    const ended = result.then(([last]) => last);
    // To look at it keeps it for the rest of the turn.
    do {
      await turns(5);
      collectGarbage();
    } while (dropped.deref() !== undefined);
    // The finalizer of the library has run by then, too.
    await turns(5);
    const before = heap();
    let most = 0;
    const watched = setInterval(() => {
      most = Math.max(most, heap() - before);
    }, 20);
    gate.set();
    expect(await ended).toBe(19_999.5);
    clearInterval(watched);
    expect(most).toBeLessThan(10);
  });

  it.each([
    ['the Thread', (thread: Thread<Generator<number[]>>) => () => thread.output$],
    [
      'its output$',
      ({ output$ }: Thread<Generator<number[]>>) =>
        () =>
          output$,
    ],
  ])('are kept while somebody has %s', async (_, keep) => {
    const [output, joined] = (() => {
      const thread = new Thread({ target: big }).start();
      return [keep(thread), thread.join()] as const;
    })();
    const collects = setInterval(collectGarbage, 20);
    await joined;
    await new Promise((resolve) => setTimeout(resolve, 100));
    clearInterval(collects);
    expect(await lastValueFrom(output().pipe(count()))).toBe(20_000);
  });

  it('leave the thread findable when its first Thread object is gone', async () => {
    const gate = new Event();
    const joined = new Thread({ name: 'dropped', target: (open: Event) => open.waitSync(), args: [gate] })
      .start()
      .join();
    const find = (): Thread | undefined => enumerate().find(({ name }) => name === 'dropped');
    await until(() => gate.waiting === 1);
    for (let turn = 0; turn < 5; turn++) {
      collectGarbage();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const found = find();
    expect(found).toBe(find());
    const result = found?.result();
    gate.set();
    expect(await result).toBe(true);
    expect(await joined).toBe(true);
  });
});

describe('a Thread', () => {
  it('that is posted by itself is refused, with what to do', () => {
    const thread = new Thread({ target: () => 1 });
    expect(() => structuredClone(thread)).toThrow(/a Thread travels in the arguments and results/);
    expect(() => structuredClone({ deep: [thread] })).toThrow(
      expect.objectContaining({ name: 'DataCloneError' }),
    );
  });
});

describe('bad input', () => {
  it.each<[object, RegExp]>([
    [{ args: 5 }, /args must be an array, got 5/],
    [{ name: 5 }, /name must be a string, got 5/],
    [{ daemon: 1 }, /daemon must be a boolean, got 1/],
    [{ group: 1 }, /group is reserved and must be null, got 1/],
    [{ transferList: 1 }, /transferList must be an array, got 1/],
  ])('of a Thread is refused: %o', (options, message) => {
    expect(messageOf(() => new Thread(options as never))).toMatch(message);
  });

  it('of sleepSync and stackSize is refused', () => {
    expect(messageOf(() => sleepSync(-1))).toMatch(/RangeError: .*got -1/);
    expect(messageOf(() => sleepSync(Number.NaN))).toMatch(/RangeError: .*got NaN/);
    expect(messageOf(() => sleepSync('1' as never))).toMatch(/TypeError: .*got '1'/);
    expect(messageOf(() => stackSize(1024))).toMatch(/RangeError: .*got 1024/);
    expect(messageOf(() => stackSize('1' as never))).toMatch(/TypeError/);
  });
});

describe('stackSize', () => {
  it('is that of threads started later', async () => {
    const depth = (): number => {
      let calls = 0;
      const call = (): void => {
        calls++;
        call();
      };
      try {
        call();
      } catch {}
      return calls;
    };
    const usual = await new Thread({ target: depth }).start().result();
    expect(stackSize(16 * 2 ** 20)).toBe(0);
    const deep = await new Thread({ target: depth }).start().result();
    expect(stackSize(0)).toBe(16 * 2 ** 20);
    expect(deep).toBeGreaterThan(2 * usual);
  });
});
