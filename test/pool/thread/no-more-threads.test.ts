import { fileURLToPath } from 'node:url';
import { ThreadPool, Timer } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { withFewThreads } from '../../support/few-threads.js';
import { runNode } from '../../support/run-node.js';
import { until } from '../../support/turns.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

describe('where the system gives no more threads', () => {
  it('start throws, nothing is half started, and those that run go on', async () => {
    const { code, stdout, stderr } = await runNode([fixture('no-more-threads.js')], {
      under: withFewThreads(25),
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { refused, ...rest } = JSON.parse(stdout) as { refused: Record<string, unknown> };
    expect(refused).toEqual({
      name: 'ThreadError',
      code: 'ERR_NO_THREAD',
      message: expect.stringMatching(
        /^can't start new thread 'Thread-\d+': the system gives no more \(EAGAIN\)/,
      ),
      started: false,
    });
    expect(rest).toEqual({ living: true, all: true, again: 'again' });
  });

  it('a pool goes on with the workers that it has, and one that would have none is not made', async () => {
    const under = withFewThreads(25);
    const { code, stdout, stderr } = await runNode([fixture('no-more-workers.js')], { under });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      all: 60,
      some: true,
      results: true,
      completed: 60,
      failed: {
        name: 'ThreadError',
        code: 'ERR_NO_THREAD',
        message: expect.stringMatching(
          /^can't start new thread 'worker': the system gives no more \(EAGAIN\)/,
        ),
      },
    });
  });

  it('a pool tells warmUp that there are no more, and its jobs run', async () => {
    const { code, stdout, stderr } = await runNode([fixture('pool-no-more-threads.js')], {
      under: withFewThreads(25),
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      same: true,
      warm: { name: 'ThreadError', code: 'ERR_NO_THREAD' },
      died: { name: 'ThreadError', code: 'ERR_THREAD_DIED' },
      again: 'again',
      left: 0,
    });
  });
});

describe('where all slots of the table are taken', () => {
  it('a job fails that can have none, its worker goes on, and the pool with it', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const worker = (): number => process.getBuiltinModule('node:worker_threads').threadId;
    const before = await pool.run(worker);
    const timers: Timer[] = [];
    const more = (): unknown => {
      for (;;) {
        const timer = new Timer(60_000, () => {});
        try {
          timers.push(timer.start());
        } catch (error) {
          return error;
        }
      }
    };
    expect(more()).toMatchObject({ code: 'ERR_NO_THREAD' });
    await expect(pool.run(worker, [], { name: 'one more' }).then()).rejects.toMatchObject({
      code: 'ERR_NO_THREAD',
      message: "can't start new thread 'one more': 4095 are alive",
    });
    for (const timer of timers) timer.cancel();
    await until(() => timers.every((timer) => !timer.isAlive()));
    expect(await pool.run(worker)).toBe(before);
    expect(pool.stats).toMatchObject({ completed: 2, failed: 1 });
  });
});
