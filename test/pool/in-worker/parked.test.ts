import { setTimeout as delay } from 'node:timers/promises';
import { ThreadPool } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { runNode } from '../../support/run-node.js';

/** A job that leaves a timer: it holds its event loop while the words 0 and 1 are 1, and says in the latter that it does. */
const holdLoop = (cells: Int32Array): void => {
  const timer = setInterval(() => {
    if (Atomics.load(cells, 0) === 0) return;
    clearInterval(timer);
    Atomics.store(cells, 1, 1);
    Atomics.wait(cells, 1, 1);
  }, 1).unref();
};

/** Has the worker's event loop held in a turn while what `tell` begins is told to the worker. */
async function heldWhile<T>(cells: Int32Array, tell: () => Promise<T>): Promise<T> {
  // The worker has slept by then.
  await delay(50);
  Atomics.store(cells, 0, 1);
  while (Atomics.load(cells, 1) === 0) await delay(1);
  const told = tell();
  await delay(1);
  Atomics.store(cells, 1, 0);
  Atomics.notify(cells, 1);
  return await told;
}

const program = (code: string): string => `
  import { Thread, ThreadPool } from 'rxjs-threading';
  const pool = new ThreadPool({ maxThreads: 1 });
  ${code}
  await pool.close();
`;

describe('an idle worker, which sleeps on a word', () => {
  it('lets out what its last job has printed, with no other job to wake it', async () => {
    const { stdout, code } = await runNode([
      '--input-type=module',
      '--eval',
      program(`
        const write = process.stdout.write.bind(process.stdout);
        const printed = new Promise((resolve) => {
          process.stdout.write = (text, ...rest) => {
            if (String(text).includes('printed')) resolve('seen while it is idle');
            return write(text, ...rest);
          };
        });
        await pool.run(() => void setTimeout(() => console.log('later'), 1));
        await pool.run(() => console.log('printed'));
        console.log(await printed);
      `),
    ]);
    expect(stdout.split('\n').slice(0, -1)).toEqual(['later', 'printed', 'seen while it is idle']);
    expect(code).toBe(0);
  });

  it('does its jobs where a debugger listens', async () => {
    const { stdout, code } = await runNode([
      '--inspect=0',
      '--input-type=module',
      '--eval',
      program(`
        let sum = 0;
        for (let n = 1; n <= 100; n++) sum += await pool.run((n) => n, [n]);
        for (let n = 1; n <= 20; n++) sum += await new Thread({ target: (n) => n, args: [n] }).start().result();
        console.log(sum);
      `),
    ]);
    expect(stdout).toBe('5260\n');
    expect(code).toBe(0);
  });

  it('goes on with what does not keep its event loop alive', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const ticks = new Int32Array(new SharedArrayBuffer(4));
    await pool.run((cells) => void setInterval(() => Atomics.add(cells, 0, 1), 1).unref(), [ticks]);
    while (Atomics.load(ticks, 0) < 50) await delay(10);
  });

  it('does one job after the other, also those that come as its event loop turns', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const cells = new Int32Array(new SharedArrayBuffer(16));
    await pool.run(holdLoop, [cells]);
    const job = async (cells: Int32Array): Promise<number> => {
      const running = Atomics.add(cells, 2, 1) + 1;
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
      Atomics.sub(cells, 2, 1);
      return running;
    };
    const all = await heldWhile(cells, () => Promise.all([pool.run(job, [cells]), pool.run(job, [cells])]));
    expect(all).toEqual([1, 1]);
  });

  it('sleeps in its event loop once it is to end', async () => {
    const cells = new Int32Array(new SharedArrayBuffer(20));
    const pool = new ThreadPool({
      maxThreads: 1,
      setup: () => {},
      teardown: () => (globalThis as unknown as { tellSleeps: (at: number) => void }).tellSleeps(3),
    });
    await pool.run(
      async (cells) => {
        const { wait } = Atomics;
        let sleeps = 0;
        Atomics.wait = ((...args: Parameters<typeof wait>) => {
          sleeps++;
          return wait(...args);
        }) as typeof wait;
        const tellSleeps = async (at: number): Promise<void> => {
          const before = sleeps;
          for (let turn = 0; turn < 50; turn++) await new Promise((done) => void setTimeout(done, 1).unref());
          Atomics.store(cells, at, sleeps - before);
          Atomics.store(cells, 4, before);
        };
        Object.assign(globalThis, { tellSleeps });
        Atomics.store(cells, 3, -1);
        await tellSleeps(2);
      },
      [cells],
    );
    await pool.run(holdLoop, [cells]);
    await heldWhile(cells, () => pool.close());
    const [job, teardown, before] = cells.subarray(2);
    expect([job, teardown]).toEqual([0, 0]);
    // That of `holdLoop`, and on its word before that.
    expect(before).toBeGreaterThan(1);
  });
});
