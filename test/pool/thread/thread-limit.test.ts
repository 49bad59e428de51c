import { Event, Thread, ThreadPool, Timer, threadLimit, threadModule } from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';

const wait = (event: Event): boolean => event.waitSync();
afterEach(() => void threadLimit(256));

describe('threadLimit', () => {
  it('is 256, and gives the limit before', () => {
    expect(threadLimit()).toBe(256);
    expect(threadLimit(10)).toBe(256);
    expect(threadLimit()).toBe(10);
  });

  it.each([
    [0, RangeError, 'limit must be a whole number from 1 to 4095, got 0'],
    [4096, RangeError, 'limit must be a whole number from 1 to 4095, got 4096'],
    [1.5, RangeError, 'limit must be a whole number from 1 to 4095, got 1.5'],
    ['9', TypeError, "limit must be a number, got '9'"],
  ])('refuses %j', (limit, kind, message) => {
    expect(() => threadLimit(limit as number)).toThrow(new kind(message));
    expect(threadLimit()).toBe(256);
  });

  it('refuses one thread more, names ThreadPool, and starts nothing', async () => {
    threadLimit(3);
    const gate = new Event();
    const threads = Array.from({ length: 3 }, () => new Thread({ target: wait, args: [gate] }).start());
    const more = new Thread({ target: wait, args: [gate], name: 'more' });
    expect(() => more.start()).toThrow(
      expect.objectContaining({
        name: 'ThreadError',
        code: 'ERR_NO_THREAD',
        message: expect.stringMatching(/^can't start new thread 'more': 3 threads live.*ThreadPool/),
      }),
    );
    expect(more.isAlive()).toBe(false);
    expect(more.ident).toBeNull();
    gate.set();
    for (const thread of threads) expect(await thread.result()).toBe(true);
    expect(await more.start().result()).toBe(true);
  });

  it('counts the threads that other threads have started', async () => {
    threadLimit(2);
    const gate = new Event();
    const { startTwo } = threadModule<{ startTwo: (gate: Event) => string }>(
      new URL('../../fixtures/disposal.js', import.meta.url),
    );
    const starter = new Thread({ target: startTwo, args: [gate] }).start();
    expect(await starter.result()).toBe('ERR_NO_THREAD');
    gate.set();
    await starter.join();
  });

  it('does not count jobs of a ThreadPool, nor Timers that wait', async () => {
    threadLimit(1);
    await using pool = new ThreadPool({ maxThreads: 2 });
    const gate = new Event();
    const jobs = Array.from({ length: 2 }, () => new Thread({ target: wait, args: [gate], pool }).start());
    const timers = Array.from({ length: 5 }, () => new Timer(60_000, () => 1).start());
    expect(await new Thread({ target: () => 42 }).start().result()).toBe(42);
    for (const timer of timers) timer.cancel();
    gate.set();
    for (const job of jobs) expect(await job.result()).toBe(true);
  });
});
