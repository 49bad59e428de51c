import { Event, excepthook$, Thread, ThreadPool, Timer, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const { untilCancelled, sleepLong } = threadModule<typeof import('../../fixtures/disposal.js')>(
  new URL('../../fixtures/disposal.js', import.meta.url),
);

describe('await using, of a Thread', () => {
  it('cancels one that runs, and has it ended when the block is left', async () => {
    const begun = new Event();
    const left = await (async () => {
      await using thread = new Thread({
        target: untilCancelled,
        args: [begun],
      }).start();
      await begun.wait();
      return thread;
    })();
    expect(left.isAlive()).toBe(false);
    expect(left.cancelled).toBe(true);
  });

  it('kills one that does not end', async () => {
    const begun = new Event();
    const left = await (async () => {
      await using thread = new Thread({
        target: (event: Event) => {
          event.set();
          for (;;);
        },
        args: [begun],
      }).start();
      await begun.wait();
      return thread;
    })();
    expect(left.isAlive()).toBe(false);
  });

  it('leaves one that has ended, or that was never started, as it is', async () => {
    const ended = new Thread({ target: () => 42 }).start();
    await ended.join();
    await ended[Symbol.asyncDispose]();
    expect(await ended.result()).toBe(42);
    const fresh = new Thread({ target: () => 42 });
    await fresh[Symbol.asyncDispose]();
    expect(await fresh.start().result()).toBe(42);
  });

  it('takes one that is queued out of the line', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const gate = new Event();
    const running = new Thread({ target: (event: Event) => event.waitSync(), args: [gate], pool }).start();
    const ran = new Event();
    const queued = new Thread({ target: (event: Event) => event.set(), args: [ran], pool }).start();
    await queued[Symbol.asyncDispose]();
    expect(queued.isAlive()).toBe(false);
    gate.set();
    expect(await running.result()).toBe(true);
    expect(ran.isSet()).toBe(false);
  });

  it('does not tell the excepthook of the end that it caused', async () => {
    const told: unknown[] = [];
    const watching = excepthook$.subscribe((args) => told.push(args));
    const begun = new Event();
    {
      await using _thread = new Thread({
        target: sleepLong,
        args: [begun],
      }).start();
      await begun.wait();
    }
    watching.unsubscribe();
    expect(told).toEqual([]);
  });
});

it('await using, of a Timer, cancels one that runs', async () => {
  const begun = new Event();
  const left = await (async () => {
    await using timer = new Timer(0, untilCancelled, [begun]).start();
    await begun.wait();
    return timer;
  })();
  expect(left.isAlive()).toBe(false);
  expect(left.cancelled).toBe(true);
});

describe('using, of a Timer', () => {
  it('cancels one that waits', async () => {
    const ran = new Event();
    const left = (() => {
      using timer = new Timer(60_000, (event: Event) => event.set(), [ran]).start();
      return timer;
    })();
    expect(await left.join()).toBe(true);
    expect(ran.isSet()).toBe(false);
  });
});
