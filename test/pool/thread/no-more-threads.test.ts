import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withFewThreads } from '../../support/few-threads.js';
import { runNode } from '../../support/run-node.js';

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
