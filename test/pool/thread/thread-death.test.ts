import {
  activeCount,
  Event,
  enumerate,
  Lock,
  OwnerDiedError,
  RLock,
  Thread,
  ThreadError,
  threadModule,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
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

  it('when it runs out of memory', async () => {
    const hog = new Thread({
      target: () => {
        const kept: unknown[] = [];
        for (;;) kept.push(new Array(1e5).fill(kept.length));
      },
    }).start();
    const { joined, error } = await endOf(hog);
    expect(joined).toBe(true);
    expect(error).toMatchObject({ code: 'ERR_THREAD_DIED', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
  }, 60_000);

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

  it('that comes as the thread ends by itself settles all the same', { timeout: 120_000 }, async () => {
    const held = new Lock();
    const ends = new Map<string, number>();
    for (let round = 0; round < 200; round++) {
      const gate = new Event();
      const thread = new Thread({
        target: (open: Event, lock: Lock) => {
          open.waitSync();
          lock.acquireSync();
          lock.release();
          return 'by itself';
        },
        args: [gate, held],
      }).start();
      const result = Promise.resolve(thread.result()).then(String, (error) => (error as ThreadError).code);
      while (gate.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
      gate.set();
      for (const until = performance.now() + (round % 20) / 40; performance.now() < until; );
      await thread.terminate();
      expect(thread.isAlive()).toBe(false);
      expect(await thread.join()).toBe(true);
      const end = await result;
      ends.set(end, (ends.get(end) ?? 0) + 1);
      await Promise.resolve(held.acquire()).then(
        () => held.release(),
        (error) => expect(error).toBeInstanceOf(OwnerDiedError),
      );
    }
    expect([...ends.keys()].filter((end) => end !== 'by itself' && end !== 'ERR_THREAD_DIED')).toEqual([]);
    expect(activeCount()).toBe(1);
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

  it('ends the thread alone, at whatever moment of its start', { timeout: 60_000 }, async () => {
    const end = await runFixture('threading/programs/killed-while-starting.js');
    expect(end).toEqual({ code: 0, signal: null, stdout: 'alive\n', stderr: '' });
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
  /** Starts a Timer that fires in a minute, in a thread that then ends in the given way; without an event loop for it. */
  async function orphan(end: 'terminate' | 'exit' | 'throw'): Promise<Thread> {
    const starter = new Thread({ target: starters.startTimer, args: [end] }).start();
    starter.result().subscribe({ error: () => {} });
    const find = (): Thread | undefined => enumerate().find(({ name }) => name === 'orphan');
    while (find() === undefined) await new Promise((resolve) => setImmediate(resolve));
    const found = find() as Thread;
    if (end === 'terminate') await starter.terminate();
    return found;
  }

  it.each(['terminate', 'exit', 'throw'] as const)('dies with it: %s', async (end) => {
    const orphaned = await orphan(end);
    const start = performance.now();
    expect(await orphaned.join({ timeout: 5000 })).toBe(true);
    expect(performance.now() - start).toBeLessThan(1000);
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
    for (let round = 0; round < 5; round++) {
      const started = new Event();
      const starter = new Thread({ target: starters.startSpinning, args: [3, started] }).start();
      await started.wait();
      await new Promise((resolve) => setTimeout(resolve, round * 20));
      const children = enumerate().filter(({ name }) => name === 'child');
      await starter.terminate();
      for (const child of children) expect(await child.join({ timeout: 5000 })).toBe(true);
      expect(enumerate().some(({ name }) => name === 'child')).toBe(false);
    }
  });
});
