import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { checkEqual, timed } from '../harness.js';

const { default: Tinypool } = await import('tinypool').catch(() => ({}));

export const targets = new URL('jobs.targets.js', import.meta.url);
const { add } = threadModule(targets);

/** What runs a small job in one of so many workers, by contender; each call makes a pool. tinypool is no dependency of the project. */
export const POOLS = {
  ours(workers) {
    const pool = new ThreadPool({ minThreads: workers, maxThreads: workers });
    return { pool, run: (numbers) => pool.run(add, [numbers]), close: () => pool.close() };
  },
  piscina(workers) {
    const pool = new Piscina({
      filename: targets.href,
      minThreads: workers,
      maxThreads: workers,
      idleTimeout: 600_000,
    });
    return { pool, run: (numbers) => pool.run(numbers, { name: 'add' }), close: () => pool.destroy() };
  },
  ...(Tinypool && {
    tinypool(workers) {
      const pool = new Tinypool({
        filename: fileURLToPath(targets),
        minThreads: workers,
        maxThreads: workers,
      });
      return { pool, run: (numbers) => pool.run(numbers), close: () => pool.destroy() };
    },
  }),
};

/** So many jobs, `window` of them at once; returns the ms of one. */
export async function windowed(run, count, window) {
  let next = 0;
  let sum = 0;
  const go = async () => {
    while (next < count) {
      const one = await run({ a: next++, b: 1 });
      sum += one;
    }
  };
  const took = await timed(() => Promise.all(Array.from({ length: window }, go)));
  checkEqual('sum', sum, (count * (count + 1)) / 2);
  return took / count;
}
