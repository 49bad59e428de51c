import { firstValueFrom, toArray } from 'rxjs';
import { Event, enumerate, Lock, mainThread, Thread, ThreadError, Timer, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { BatchSender } from '../../../src/pool/wire/batch-sender.js';

const jobs = threadModule<typeof import('../../fixtures/operators/in-threads.js')>(
  new URL('../../fixtures/operators/in-threads.js', import.meta.url),
);

describe('output$', () => {
  it('keeps what a subscriber that takes one value leaves for the next', async () => {
    const go = new Event();
    const thread = new Thread({
      target: async function* (go: Event) {
        for (let value = 0; value < 5; value++) yield value;
        await go.wait();
        yield 5;
      },
      args: [go],
    }).start();
    for (let value = 0; value < 5; value++) expect(await firstValueFrom(thread.output$)).toBe(value);
    go.set();
    expect(await firstValueFrom(thread.output$)).toBe(5);
  });

  it('takes for a stream what has methods for one, and not what has null in their place', async () => {
    const thread = new Thread({
      target: () => ({ [Symbol.asyncIterator]: null, subscribe: null, value: 1 }),
    }).start();
    expect(await thread.result()).toEqual({ subscribe: null, value: 1 });
    const other = new Thread({
      target: () => ({
        subscribe: null,
        async *[Symbol.asyncIterator]() {
          yield 2;
        },
      }),
    }).start();
    expect(await firstValueFrom(other.output$)).toBe(2);
  });

  it('takes whatever is thenable for what an async iterator promises', async () => {
    const thread = new Thread({
      target: () => ({
        [Symbol.asyncIterator]() {
          let value = 0;
          const next = () => ({
            // biome-ignore lint/suspicious/noThenProperty: the point of it
            then: (told: (step: unknown) => void) => told({ done: value === 3, value: value++ }),
          });
          return { next };
        },
      }),
    }).start();
    expect(await firstValueFrom(thread.output$.pipe(toArray()))).toEqual([0, 1, 2]);
  });

  it('emits all that came before the error, however far ahead of the reader', async () => {
    const thread = new Thread({ target: jobs.countAndFail, args: [20_000] }).start();
    const seen: unknown[] = [];
    const error = await new Promise<Error>((resolve) =>
      thread.output$.subscribe({ next: (value) => seen.push(value), error: resolve }),
    );
    expect(seen).toHaveLength(20_000);
    expect(error.message).toBe('no 20000');
  });

  it('emits the values before one that cannot be cloned, and says which that is', async () => {
    const thread = new Thread({
      target: function* () {
        yield 1;
        yield 2;
        yield { job: () => 3 };
      },
    }).start();
    const seen: unknown[] = [];
    const error = await new Promise<Error>((reject) =>
      thread.output$.subscribe({ next: (value) => seen.push(value), error: reject }),
    );
    expect(seen).toEqual([1, 2]);
    expect(error.message).toContain('output[2].job is a function');
  });
});

it('finds a primitive in an object that names its own tag', async () => {
  class Tagged {
    readonly lock = new Lock();
    get [Symbol.toStringTag](): string {
      return 'Tagged';
    }
  }
  const thread = new Thread({
    target: (one: Tagged) => typeof one.lock.acquireSync,
    args: [new Tagged()],
  }).start();
  expect(await thread.result()).toBe('function');
});

it('tells an error whose field cannot be read', async () => {
  const thread = new Thread({
    target: () => {
      const error = new Error('original');
      Object.defineProperty(error, 'bad', {
        enumerable: true,
        get: () => {
          throw new Error('getter');
        },
      });
      throw error;
    },
  }).start();
  await expect(thread.result()).rejects.toThrow('original');
});

it('has no result of main to give, and cannot end it', async () => {
  await expect(mainThread().result()).rejects.toBeInstanceOf(ThreadError);
  await expect(mainThread().terminate()).rejects.toBeInstanceOf(ThreadError);
  expect(enumerate()).toContain(mainThread());
});

it('has ended a timer once terminate() resolves', async () => {
  const timer = new Timer(60_000, () => 1).start();
  await timer.terminate();
  expect(timer.isAlive()).toBe(false);
});

describe('values on their way out', () => {
  it('wait in full batches while the reader has no room, however long that is', () => {
    const sent: number[] = [];
    const output = new BatchSender(1, (values) => sent.push(values.length));
    const start = performance.now();
    let pushed = 0;
    // Longer than a value may wait for its batch where there is room.
    while (performance.now() - start < 50) for (let i = 0; i < 1000; i++) output.push(pushed++);
    output.add(Number.POSITIVE_INFINITY);
    expect(sent.reduce((sum, length) => sum + length, 0)).toBe(pushed);
    // One that is late closes its batch, each 5 ms at most.
    expect(sent.length).toBeLessThan(pushed / 512 + 50);
  });
});
