import { ThreadPool } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { runProgram } from '../../support/run-program.js';

const program = new URL('../../fixtures/threading/programs/mocked-timers.js', import.meta.url).pathname;

it.concurrent.each(['before', 'after'])(
  'all waits end with timers mocked, loaded %s they were',
  { timeout: 60_000 },
  async (when) => {
    expect(await runProgram(program, [when])).toEqual({
      code: 0,
      errors: '',
      lines: [
        'result: 1',
        'join: true',
        'join of a killed thread: true',
        'an owner that was killed: ERR_OWNER_DIED',
        'an error that nobody hears: unheard',
        'timeout: false',
        'Timer: fired',
        'a cancelled Timer: true',
        'run: 2',
        'a condition that a thread notifies: true',
      ],
    });
  },
);

it('a worker takes the next job though the last one has left all timers mocked', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const mock = (): void => {
    const names = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'];
    for (const name of names) Object.assign(globalThis, { [name]: () => {} });
    process.nextTick = () => {};
  };
  await pool.run(mock);
  const [own] = pool.piscina.threads;
  expect(await pool.run(() => 'next')).toBe('next');
  expect(pool.piscina.threads).toEqual([own]);
});
