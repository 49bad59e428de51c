import { filter, firstValueFrom } from 'rxjs';
import {
  Event,
  type ExceptHookArgs,
  enumerate,
  excepthook,
  excepthook$,
  runInThread,
  setExcepthook,
  Thread,
  ThreadPool,
  threadModule,
} from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/turns.js';

const targets = threadModule(new URL('../../fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
>;
const told: ExceptHookArgs[] = [];
const failing = (name: string): Thread =>
  new Thread({
    name,
    target: () => {
      throw new Error('nobody hears');
    },
  });
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

beforeEach(() => {
  told.length = 0;
  setExcepthook((args) => told.push(args));
});
afterEach(() => setExcepthook(null));

describe('the excepthook', () => {
  it('is told of an error that nobody subscribed to, with its thread', async () => {
    const thread = failing('silent').start();
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ error: { message: 'nobody hears' }, thread });
  });

  it('is not told of an error that result or output$ told of', async () => {
    const first = failing('a').start();
    await expect(Promise.resolve(first.result())).rejects.toThrow('nobody hears');
    const second = failing('b').start();
    await new Promise<void>((resolve) => second.output$.subscribe({ error: () => resolve() }));
    const third = failing('c').start();
    await third.join();
    await expect(Promise.resolve(third.result())).rejects.toThrow('nobody hears');
    await turns();
    expect(told).toEqual([]);
  });

  it.each<[string, (thread: Thread) => unknown]>([
    ['was joined', (thread) => thread.join()],
    ['was joined blocking', (thread) => thread.joinSync()],
    ['was asked for its state', (thread) => thread.state$.subscribe().unsubscribe()],
    ['had a reader that left', (thread) => thread.output$.subscribe({ error: () => {} }).unsubscribe()],
  ])('is told of an error of a thread that only %s', async (_, meet) => {
    const thread = failing('joined').start();
    await meet(thread);
    await until(() => told.length > 0);
    await turns();
    expect(told).toEqual([{ error: expect.objectContaining({ message: 'nobody hears' }), thread }]);
  });

  it('of main is told of threads that threads started', async () => {
    await new Thread({ target: targets.nestedError! }).start().join();
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ error: { message: 'nested' }, thread: { name: 'inner' } });
  });

  it('that a thread has set itself is told instead', async () => {
    const heard = new Event();
    await new Thread({ target: targets.nestedError!, args: [heard] }).start().join();
    expect(await heard.wait()).toBe(true);
    await turns();
    expect(told).toEqual([]);
  });

  it('is not told of a thread that was terminated or ends with the reason of its cancel', async () => {
    const gate = new Event();
    const killed = new Thread({ target: targets.spin!, args: [gate] }).start();
    await gate.wait();
    await killed.terminate();
    const cancelled = new Thread({ target: () => 1 });
    cancelled.cancel();
    await cancelled.start().join();
    const ready = new Event();
    const aborted = new Thread({ target: targets.sleepWithSignal!, args: [ready] }).start();
    await ready.wait();
    aborted.cancel();
    await aborted.join();
    await turns();
    expect(told).toEqual([]);
  });

  it.each([
    ['a job of a pool', (pool: ThreadPool, gate: Event) => pool.run(targets.failAfter!, [gate])],
    ['runInThread', (pool: ThreadPool, gate: Event) => runInThread(targets.failAfter!, [gate], { pool })],
  ])('is not told of an error on its way when %s was unsubscribed', async (_, run) => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const gate = new Event();
    const subscription = run(pool, gate).subscribe();
    // A job of a pool is a thread once it has begun.
    const find = (): Thread | undefined => enumerate().find(({ name }) => name.includes('failAfter'));
    await until(() => find() !== undefined);
    const thread = find();
    await firstValueFrom(thread!.state$.pipe(filter((state) => state === 'running')));
    gate.set();
    // It has failed, and main's event loop has not turned since.
    while (thread!.isAlive());
    subscription.unsubscribe();
    await pool.close();
    await turns();
    expect(told).toEqual([]);
  });

  it('has a stream beside it', async () => {
    const seen: unknown[] = [];
    const subscription = excepthook$.subscribe(({ error }) => seen.push((error as Error).message));
    failing('streamed').start();
    await until(() => seen.length === 1 && told.length === 1);
    subscription.unsubscribe();
    expect(seen).toEqual(['nobody hears']);
  });

  it("is not told of one that ends with the reason of its cancel after it has asked for another's", async () => {
    const other = new Thread({ target: () => new Promise(() => {}) }).start();
    const ready = new Event();
    const target = async (one: Thread, listening: Event): Promise<void> => {
      const { currentThread } = await import('rxjs-threading');
      const abortOf = ({ signal }: Thread): Promise<unknown> =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));
      const [own, others] = [abortOf(currentThread()), abortOf(one)];
      listening.set();
      const reason = await own;
      await others;
      throw reason;
    };
    const thread = new Thread({ target, args: [other, ready] }).start();
    await ready.wait();
    thread.cancel(new Error('why'));
    other.cancel(new Error('another why'));
    await thread.join();
    await turns();
    expect(told).toEqual([]);
    await other.terminate();
  });

  it('prints by default what cannot be shown', () => {
    const printed: string[] = [];
    const write = vi
      .spyOn(process.stderr, 'write')
      .mockImplementation((text) => printed.push(String(text)) > 0);
    const error = Object.defineProperty(new Error('no'), 'stack', {
      get() {
        throw new Error('jammed');
      },
    });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    try {
      for (const one of [error, proxy]) excepthook({ error: one, thread: null });
    } finally {
      write.mockRestore();
    }
    const [unreadable, revoked] = printed.map((text) => text.split('\n')[1]);
    // From Node 22 on `inspect` shows the first without its stack.
    expect(['[object that cannot be shown]', '[Error: no]']).toContain(unreadable);
    expect(revoked).toBe('<Revoked Proxy>');
  });

  it('prints by default, also the error of a hook that fails', async () => {
    const printed: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    try {
      excepthook({ error: new Error('shown'), thread: failing('printer') });
      expect(printed[0]).toMatch(/^Exception in thread printer:\nError: shown\n +at /);
      setExcepthook(() => {
        throw new Error('hook failed');
      });
      failing('twice').start();
      await until(() => printed.length === 3);
      expect(printed[1]).toMatch(/nobody hears/);
      expect(printed[2]).toMatch(/hook failed/);
    } finally {
      write.mockRestore();
    }
  });

  it('must be a function or null', () => {
    expect(() => setExcepthook(5 as never)).toThrow(/hook must be a function or null, got 5/);
    expect(() => excepthook(null as never)).toThrow(/args must be an object .*, got null/);
  });
});
