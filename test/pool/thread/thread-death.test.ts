import {
  Event,
  enumerate,
  OwnerDiedError,
  RLock,
  setExcepthook,
  Thread,
  ThreadError,
  ThreadPool,
  Timer,
  threadModule,
} from 'rxjs-threading';
import { beforeAll, describe, expect, it } from 'vitest';
import { awake, countAwake } from '../../support/awake.js';
import { runFixture } from '../../support/run-fixture.js';

const targets = threadModule<Record<'spin' | 'terminateOther' | 'notAFunction', () => unknown>>(
  new URL('../../fixtures/thread-targets.js', import.meta.url),
) as Record<string, { module: string; export: string }>;

const starters = threadModule<typeof import('../../fixtures/threading/starters.js')>(
  new URL('../../fixtures/threading/starters.js', import.meta.url),
);

/** How a thread ended: its join, and what its result and its stream say. */
async function endOf(thread: Thread): Promise<{ joined: boolean; error: unknown; streamed: unknown }> {
  const streamed = new Promise((resolve) =>
    thread.output$.subscribe({ error: resolve, complete: () => resolve('completed') }),
  );
  const error = Promise.resolve(thread.result()).then(
    () => 'a value',
    (reason) => reason,
  );
  return { joined: await thread.join(), error: await error, streamed: await streamed };
}

describe('a thread settles, named, with the cause', () => {
  it.each<[string, Thread, object]>([
    [
      'when the target throws',
      new Thread({
        target: () => {
          throw new RangeError('out', { cause: new TypeError('root') });
        },
      }),
      {
        name: 'RangeError',
        message: 'out',
        cause: expect.objectContaining({ name: 'TypeError', message: 'root' }),
      },
    ],
    [
      'when the target throws what is no error',
      new Thread({
        target: () => {
          // biome-ignore lint/style/useThrowOnlyError: it is what is tested
          throw 'text';
        },
      }),
      'text' as never,
    ],
    [
      'when a timer of the target throws undefined',
      new Thread({
        name: 'victim',
        target: () =>
          new Promise(() => {
            setTimeout(() => {
              const [nothing]: Error[] = [];
              throw nothing;
            }, 1);
          }),
      }),
      { code: 'ERR_THREAD_DIED', message: "thread 'victim' died: Error: undefined was thrown" },
    ],
    ...(
      [
        ['null', 'null', 'Error: null was thrown'],
        ['data that is no text', '{ toString: 1, valueOf: 1 }', '{ toString: 1, valueOf: 1 }'],
        [
          'an error whose message is none',
          "Object.assign(new Error('no'), { message: { toString: 1, valueOf: 1 } })",
          'Error: { toString: 1, valueOf: 1 }',
        ],
      ] as const
    ).map(([what, thrown, said]): [string, Thread, object] => [
      `when a timer of the target throws ${what}`,
      new Thread({
        name: 'victim',
        target: new Function(
          `return () => new Promise(() => { setTimeout(() => { throw ${thrown}; }, 1); });`,
        )(),
      }),
      { code: 'ERR_THREAD_DIED', message: `thread 'victim' died: ${said}` },
    ]),
    [
      'when a timer of the target throws',
      new Thread({
        name: 'victim',
        target: () =>
          new Promise(() => {
            setTimeout(() => {
              throw new Error('in a timer');
            }, 1);
          }),
      }),
      {
        code: 'ERR_THREAD_DIED',
        message: "thread 'victim' died: Error: in a timer",
        cause: expect.objectContaining({ message: 'in a timer', stack: expect.stringMatching(/in a timer/) }),
      },
    ],
    [
      'when a promise of the target is rejected and nobody listens',
      new Thread({
        name: 'victim',
        target: () =>
          new Promise(() => {
            void Promise.reject(new Error('in a promise'));
          }),
      }),
      { code: 'ERR_THREAD_DIED', cause: expect.objectContaining({ message: 'in a promise' }) },
    ],
    [
      'when the target calls process.exit',
      new Thread({ name: 'victim', target: () => process.exit(3) }),
      { code: 'ERR_THREAD_DIED', message: "thread 'victim' died: process.exit(3) was called in it" },
    ],
    [
      'when its module does not exist',
      new Thread({ name: 'victim', target: { module: 'file:///nowhere/jobs.js', export: 'run' } }),
      {
        code: 'ERR_THREAD_TARGET',
        message: expect.stringMatching(/^thread 'victim' .*file:\/\/\/nowhere\/jobs\.js/),
      },
    ],
    [
      'when its export does not exist',
      new Thread({ name: 'victim', target: { module: 'node:path/posix', export: 'joyn' } }),
      {
        code: 'ERR_THREAD_TARGET',
        message: expect.stringMatching(
          /^thread 'victim' .*'node:path\/posix' has no export 'joyn'; it exports .*join/,
        ),
      },
    ],
    [
      'when its export is no function',
      new Thread({ target: targets.notAFunction! }),
      {
        code: 'ERR_THREAD_TARGET',
        message: expect.stringMatching(/'notAFunction' .* must be a function, got 42/),
      },
    ],
    [
      'when its result cannot be cloned',
      new Thread({ name: 'victim', target: () => ({ jobs: [{ run() {} }] }) }),
      {
        code: 'ERR_CLONE',
        message: "result of thread 'victim' cannot be cloned: result.jobs[0].run is a function",
      },
    ],
    [
      'when a value of its stream cannot be cloned',
      new Thread({
        name: 'victim',
        target: function* () {
          yield () => 1;
        },
      }),
      { code: 'ERR_CLONE', message: expect.stringMatching(/output\[0\] of thread 'victim' .*is a function/) },
    ],
  ])('%s', async (_, thread, expected) => {
    const { joined, error, streamed } = await endOf(thread.start());
    expect(joined).toBe(true);
    if (typeof expected === 'object') expect(error).toMatchObject(expected);
    else expect(error).toBe(expected);
    expect(streamed).toBe(error);
    expect(thread.isAlive()).toBe(false);
  });

  it('when it runs out of memory', { timeout: 60_000 }, async () => {
    // In a process whose heaps are small: to fill one of the usual size takes a minute.
    const { stdout } = await runFixture('threading/programs/out-of-memory.js', {
      flags: ['--max-old-space-size=40'],
    });
    expect(JSON.parse(stdout)).toEqual({
      joined: true,
      code: 'ERR_THREAD_DIED',
      cause: 'ERR_WORKER_OUT_OF_MEMORY',
    });
  });

  it('with an error that keeps its class, code and fields', async () => {
    const thread = new Thread({
      target: () => {
        class JobError extends TypeError {
          code = 'E_JOB';
          details = { line: 3 };
        }
        throw new JobError('bad');
      },
    });
    const { error } = await endOf(thread.start());
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ name: 'JobError', message: 'bad', code: 'E_JOB', details: { line: 3 } });
    expect((error as Error).stack).toMatch(/bad/);
  });
});

describe('terminate', () => {
  it('ends a loop that never yields, and resolves when it has', async () => {
    const gate = new Event();
    const thread = new Thread({ target: targets.spin!, args: [gate] }).start();
    await gate.wait();
    await thread.terminate();
    expect(thread.isAlive()).toBe(false);
    expect((await endOf(thread)).error).toMatchObject({ code: 'ERR_THREAD_DIED' });
  });

  it.each([
    ['ends by itself', 'killed-while-ending.js'],
    ['starts', 'killed-while-starting.js'],
  ])('ends the thread alone, at whatever moment it %s', { timeout: 60_000 }, async (_, program) => {
    const { code, stdout, stderr } = await runFixture(`threading/programs/${program}`, { args: ['8'] });
    expect(stderr).toBe('');
    const ends = JSON.parse(stdout) as Record<string, number>;
    expect(Object.values(ends).reduce((sum, times) => sum + times)).toBe(8);
    expect(code).toBe(0);
  });

  it('takes effect while the caller blocks', async () => {
    const gate = new Event();
    const thread = new Thread({ target: targets.spin!, args: [gate] }).start();
    gate.waitSync();
    void thread.terminate();
    expect(thread.joinSync({ timeout: 5000 })).toBe(true);
    expect((await endOf(thread)).error).toBeInstanceOf(ThreadError);
  });

  it('works from a thread that did not start it', async () => {
    const gate = new Event();
    const thread = new Thread({ target: targets.spin!, args: [gate] }).start();
    await gate.wait();
    const other = new Thread({ target: targets.terminateOther!, args: [thread] }).start();
    expect(await other.result()).toBe(false);
    expect(thread.isAlive()).toBe(false);
    await endOf(thread);
  });

  it('is refused before the start and for the main thread, and is nothing after the end', async () => {
    await expect(new Thread({ name: 'new' }).terminate()).rejects.toThrow(/before it is started/);
    const thread = new Thread({ target: () => 1 }).start();
    await thread.join();
    await thread.terminate();
    expect(await thread.result()).toBe(1);
  });

  it('leaves other threads alone', async () => {
    const gates = [new Event(), new Event()] as const;
    const [doomed, survivor] = gates.map((gate) =>
      new Thread({ target: targets.spin!, args: [gate] }).start(),
    );
    for (const gate of gates) await gate.wait();
    await doomed!.terminate();
    expect(survivor!.isAlive()).toBe(true);
    await survivor!.terminate();
  });

  const forEver = (_: { n: number }): void => {
    for (;;);
  };
  it.each<[string, (args: [{ n: number }]) => Thread, boolean]>([
    ['a Thread', (args) => new Thread({ target: forEver, args }), true],
    ['a job', (args) => new Thread({ target: forEver, args, pool: new ThreadPool() }), true],
    ['a Timer', (args) => new Timer(60_000, forEver, args), false],
  ])('ends %s of whose arguments a getter asks for it', async (_, make, dies) => {
    let asked: Promise<void> | undefined;
    const thread = make([
      {
        get n() {
          asked ??= thread.terminate();
          return 1;
        },
      },
    ]);
    const end = endOf(thread.start());
    await asked;
    expect(thread.isAlive()).toBe(false);
    expect((await end).error).toEqual(
      dies ? expect.objectContaining({ code: 'ERR_THREAD_DIED' }) : 'a value',
    );
  });

  it('tells the next acquirer of an RLock that its owner died', async () => {
    const lock = new RLock();
    const held = new Event();
    const thread = new Thread({
      target: (l: RLock, gate: Event) => {
        l.acquireSync();
        gate.set();
        for (;;);
      },
      args: [lock, held],
    }).start();
    await held.wait();
    await thread.terminate();
    expect(() => lock.acquireSync()).toThrow(OwnerDiedError);
    expect(lock.acquireSync()).toBe(true);
    lock.release();
  });
});

describe('what a thread has started and what has not begun', () => {
  beforeAll(countAwake);

  /** Starts a Timer that fires in a minute, in a thread that then ends in the given way; without an event loop for it. */
  async function orphan(end: 'terminate' | 'exit' | 'throw'): Promise<Thread> {
    const seen = new Event();
    const starter = new Thread({ target: starters.startTimer, args: [end, seen] }).start();
    starter.result().subscribe({ error: () => {} });
    const find = (): Thread | undefined => enumerate().find(({ name }) => name === 'orphan');
    while (find() === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    const found = find() as Thread;
    seen.set();
    if (end === 'terminate') await starter.terminate();
    return found;
  }

  it.each(['terminate', 'exit', 'throw'] as const)('dies with it: %s', async (end) => {
    const orphaned = await orphan(end);
    const start = awake();
    expect(await orphaned.join({ timeout: 5000 })).toBe(true);
    expect(awake() - start).toBeLessThan(1000);
    expect(orphaned.isAlive()).toBe(false);
    expect(orphaned.state).toBe('stopped');
    expect(enumerate().some(({ name }) => name === 'orphan')).toBe(false);
    await expect(orphaned.result()).rejects.toMatchObject({ code: 'ERR_THREAD_DIED' });
  });

  it('lets a joinSync end', async () => {
    const orphaned = await orphan('terminate');
    expect(orphaned.joinSync({ timeout: 5000 })).toBe(true);
  });

  it('dies with it as it starts, and so do those it started in turn', async () => {
    for (let round = 0; round < 3; round++) {
      const started = new Event();
      const starter = new Thread({ target: starters.startSpinning, args: [3, started] }).start();
      await started.wait();
      await new Promise((resolve) => setTimeout(resolve, round * 40));
      const children = enumerate().filter(({ name }) => name === 'child');
      await starter.terminate();
      for (const child of children) expect(await child.join({ timeout: 5000 })).toBe(true);
      expect(enumerate().some(({ name }) => name === 'child')).toBe(false);
    }
  });
});

describe('joinSync, which blocks the event loop that would hear of it, ends', () => {
  const program = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;

  it.each([
    ['exits', 'process.exit(3)', 'process.exit(3) was called in its worker'],
    ['throws', 'throw new RangeError("no start")', 'RangeError: no start'],
  ])('when the worker %s as it starts', async (_, code, why) => {
    const thread = new Thread({
      target: () => 1,
      name: 'one',
      execArgv: ['--import', program(code)],
    }).start();
    expect(thread.joinSync()).toBe(true);
    expect(thread.state).toBe('stopped');
    await expect(thread.result().then()).rejects.toThrow(`thread 'one' died before it began: ${why}`);
  });

  it('when a worker that was idle does not begin, as what an earlier thread has left behind blocks it', async () => {
    const unheard: unknown[] = [];
    setExcepthook(({ error }) => unheard.push(error));
    const hangs = (): void => {
      const hang = (): void => {
        for (;;);
      };
      void Promise.resolve().then(hang);
    };
    await new Thread({ target: hangs }).start().result();
    const thread = new Thread({ target: () => 1 }).start();
    expect(thread.joinSync()).toBe(true);
    await expect(thread.result().then()).rejects.toMatchObject({ code: 'ERR_THREAD_DIED' });
    setExcepthook(null);
    expect(unheard).toHaveLength(1);
  });

  it('with an error when the worker of a pool ends before it begins, as another may begin with it', async () => {
    const pool = new ThreadPool({ maxThreads: 1, execArgv: ['--import', program('process.exit(3)')] });
    const thread = new Thread({ target: () => 1, pool }).start();
    expect(() => thread.joinSync()).toThrow('it is queued in a pool of this thread');
    expect(thread.joinSync({ timeout: 100 })).toBe(false);
    await expect(thread.result().then()).rejects.toMatchObject({ code: 'ERR_THREAD_DIED' });
    await pool.close();
  });
});
