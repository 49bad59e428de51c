import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { firstValueFrom, toArray } from 'rxjs';
import { Event, enumerate, Semaphore, settrace, Thread, type Timer, threadModule } from 'rxjs-threading';
import { describe, expect, it, vi } from 'vitest';

const targets = threadModule(new URL('../../fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
>;
const start = (name: string, ...args: unknown[]): Thread =>
  new Thread({ target: targets[name]!, args }).start();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** Values made, once no more have come for a while. */
const still = async (made: Semaphore): Promise<number> => {
  for (let last = 0; last === 0 || last !== made.value; ) {
    last = made.value;
    await sleep(300);
  }
  return made.value;
};

/** The library takes the clock as it loads. */
const clock = vi.hoisted(() => {
  const moved = { ahead: 0 };
  const now = performance.now.bind(performance);
  performance.now = () => now() + moved.ahead;
  return moved;
});

describe('what a thread gives that cannot be sent to another than its starter', () => {
  const asking = async (thread: Thread) => {
    const [error, seen] = await Promise.all([
      thread.result().then(undefined, (error) => error as Error & { code?: string }),
      new Promise<unknown[]>((resolve) => {
        const seen: unknown[] = [];
        const end = (error?: Error & { code?: string }) => resolve([...seen, error?.code]);
        thread.output$.subscribe({ next: (value) => seen.push(value), error: end, complete: end });
      }),
    ]);
    return { ...(error as { code?: string }), message: (error as Error).message, seen };
  };

  it('is an error there, and none here', async () => {
    const giving = async () => {
      const { transfer } = await import('rxjs-threading');
      return transfer(new MessageChannel().port1);
    };
    const streaming = async function* () {
      const { transfer } = await import('rxjs-threading');
      yield 1;
      yield 2;
      yield transfer(new MessageChannel().port1);
    };
    for (const [target, before] of [
      [giving, []],
      [streaming, [1, 2]],
    ] as const) {
      const thread = new Thread({ target: target as () => unknown }).start();
      const asked = await new Thread({ target: asking, args: [thread] }).start().result();
      expect(asked.code).toBe('ERR_CLONE');
      expect(asked.message).toMatch(/cannot be sent to another thread than its starter: it is MessagePort/);
      expect(asked.seen).toEqual([...before, 'ERR_CLONE']);
    }
  });
});

it('who reads the values of a thread elsewhere, and leaves amid what has come at once, gets no more', async () => {
  const counting = function* () {
    for (let n = 0; n < 2000; n++) yield n;
  };
  const reading = async (thread: Thread) => {
    const { config, lastValueFrom, take, timer, toArray } = await import('rxjs');
    const stopped: unknown[] = [];
    config.onStoppedNotification = (notification) => stopped.push(notification);
    const seen = await lastValueFrom(thread.output$.pipe(take(2), toArray()));
    await lastValueFrom(timer(50));
    config.onStoppedNotification = null;
    return { seen, stopped };
  };
  const thread = new Thread({ target: counting }).start();
  const read = await new Thread({ target: reading, args: [thread as Thread] }).start().result();
  expect(read).toEqual({ seen: [0, 1], stopped: [] });
  await thread.terminate();
});

it('the values of a thread elsewhere come in order though who reads them blocks, while somebody traces', async () => {
  const COUNT = 2000;
  settrace(() => {});
  const starting = async (count: number): Promise<void> => {
    const library = await import('rxjs-threading');
    const target = function* (to: number): Generator<number> {
      for (let one = 0; one < to; one++) yield one;
    };
    const inner = new library.Thread({ target, args: [count] }).start();
    library.reportProgress(inner);
    await new Promise(() => {});
  };
  const starter = new Thread({ target: starting, args: [COUNT] });
  const told = firstValueFrom(starter.progress$) as Promise<Thread>;
  starter.output$.subscribe({ error: () => {} });
  starter.start();
  const over = new Thread({ target: () => {} }).start();
  await over.join();
  const inner = await told;
  const values: unknown[] = [];
  const error = await new Promise((resolve) => {
    const next = (value: unknown): void => {
      if (values.push(value) % 100 !== 1) return;
      // The next ones come meanwhile.
      const since = performance.now();
      while (performance.now() - since < 20);
      over.joinSync();
    };
    inner.output$.subscribe({ next, error: resolve, complete: () => resolve(undefined) });
  });
  settrace(null);
  expect(error).toBeUndefined();
  expect(values).toEqual(Array.from({ length: COUNT }, (_, one) => one));
  await starter.terminate();
});

it('a Timer that another thread cancels is never seen to run', async () => {
  const TRIES = 200;
  const [at, met] = [0, 1];
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const cancelling = async (words: Int32Array, tries: number): Promise<void> => {
    const { Timer } = await import('rxjs-threading');
    for (let one = 0; one < tries; one++) {
      const timer = new Timer(600_000, () => {}).start();
      Atomics.store(words, 0, timer.ident as number);
      while (Atomics.load(words, 1) !== timer.ident);
      timer.cancel();
      while (Atomics.load(words, 1) !== 0);
    }
  };
  const canceller = new Thread({ target: cancelling, args: [cells, TRIES] }).start();
  const seen = new Set<string>();
  for (let one = 0; one < TRIES; one++) {
    while (Atomics.load(cells, at) === 0);
    const ident = Atomics.exchange(cells, at, 0);
    const timer = enumerate().find((thread) => thread.ident === ident) as Thread;
    const states = [timer.state];
    Atomics.store(cells, met, ident);
    while (states.at(-1) !== 'stopped') states.push(timer.state);
    for (const state of states) seen.add(state);
    Atomics.store(cells, met, 0);
  }
  await canceller.join();
  expect([...seen]).toEqual(['queued', 'stopped']);
});

describe('the result of a thread whose Thread object is nowhere but in another thread', () => {
  it.each([
    ['', 0],
    [', and behind more than is heard at once', 20_000],
  ])(
    'is heard though its starter died after it had answered, while this event loop was blocked%s',
    async (_, traces) => {
      if (traces > 0) settrace(() => {});
      const go = new Event();
      const starting = async (gate: Event, times: number): Promise<void> => {
        const library = await import('rxjs-threading');
        const target = function* (one: Event, left: number): Generator<string> {
          yield 'first';
          one.waitSync();
          for (; left > 0; left--) one.set();
          yield 'last';
        };
        const inner = new library.Thread({ target, args: [gate, times] }).start();
        library.reportProgress(inner);
        await inner.result();
        // What this thread has answered is told in a microtask.
        setImmediate(() => process.exit(0));
        await new Promise(() => {});
      };
      const starter = new Thread({ target: starting, args: [go, traces] });
      const told = firstValueFrom(starter.progress$) as Promise<Thread>;
      starter.output$.subscribe({ error: () => {} });
      starter.start();
      const inner = await told;
      const values: unknown[] = [];
      const end = new Promise((resolve) => {
        inner.output$.subscribe({
          next: (value) => values.push(value),
          error: resolve,
          complete: () => resolve(''),
        });
      });
      while (values.length === 0) await turn();
      // After this one timers come first, and then what came over ports.
      await turn();
      go.set();
      while (starter.isAlive());
      const died = performance.now();
      while (performance.now() - died < 100);
      const why = await end;
      settrace(null);
      expect([why, values]).toEqual(['', ['first', 'last']]);
    },
  );

  it('is there for a Timer that has not fired in the thread that started it', async () => {
    const timer = (await start('startTimer', 50, 'fired').result()) as Timer;
    expect(await timer.result()).toBe('fired');
  });

  it('is there after its end, when the thread that started it has nothing of it any more', async () => {
    const gate = new Event();
    const starter = start('startAndForget', gate);
    const [thread] = await Promise.all([firstValueFrom(starter.output$) as Promise<Thread>, gate.set()]);
    expect(await starter.result()).toBe('forgotten');
    expect(await thread.result()).toEqual({ deep: [42] });
  });

  it('is let go when nobody can ask for it any more', async () => {
    const gone = async (): Promise<WeakRef<Thread>> => {
      const thread = new Thread({ target: () => 5 }).start();
      await thread.join();
      expect(await start('resultOf', thread).result()).toBe(5);
      return new WeakRef(thread);
    };
    const thread = await gone();
    collectGarbage();
    await turn();
    expect(thread.deref()).toBeDefined();
    // Past the time in which it might still be on its way.
    clock.ahead = 60_001;
    while (thread.deref() !== undefined) {
      await start('collectGarbage').join();
      await turn();
      collectGarbage();
    }
  });
});

describe('a stream that a third thread reads', () => {
  it('is held back until that thread has read what came, and loses nothing', async () => {
    const [made, reading, gate] = [new Semaphore(0), new Event(), new Event()];
    const stream = start('countInto', made, 100_000);
    const reader = start('readBehind', stream, reading, gate);
    await reading.wait();
    expect(await still(made)).toBeLessThan(50_000);
    gate.set();
    expect(await reader.result()).toBe(100_000);
  });

  it('goes on for the others when that thread is killed while it is behind', async () => {
    const [made, reading, gate] = [new Semaphore(0), new Event(), new Event()];
    const stream = start('countInto', made, 100_000);
    const reader = start('readBehind', stream, reading, gate);
    reader.result().subscribe({ error: () => {} });
    await reading.wait();
    const before = await still(made);
    const rest = firstValueFrom(stream.output$.pipe(toArray()));
    await reader.terminate();
    const values = await rest;
    expect(values.at(-1)).toBe(99_999);
    expect(values.length).toBeGreaterThanOrEqual(100_000 - before);
  });
});

describe('a stream that nobody reads', () => {
  it.each([
    ['awaits', async (other: Thread) => await other.join({ timeout: 15_000 })],
    ['blocks for', async (other: Thread) => other.joinSync({ timeout: 15_000 })],
  ])(
    'ends for a thread other than its starter that %s its end',
    async (_, target) => {
      await using stream = start('countInto', new Semaphore(0), 20_000);
      expect(await new Thread({ target, args: [stream] }).start().result()).toBe(true);
    },
    30_000,
  );
});
