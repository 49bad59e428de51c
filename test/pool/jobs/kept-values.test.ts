import { setTimeout as sleep } from 'node:timers/promises';
import { Thread, ThreadPool } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { collectGarbage } from '../../support/collect-garbage.js';

const MB = 2 ** 20;
const SIZE = 64 * MB;
const big = (): Uint8Array => new Uint8Array(SIZE).fill(1);
const makeBig = (size: number): Uint8Array => new Uint8Array(size).fill(1);
const sizeOf = (bytes: Uint8Array): number => bytes.length;

/** Bytes outside the heap that are left of what `run` has done, once all else is collected. */
async function leftBy(run: () => Promise<void>): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().external;
  await run();
  let left = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 50 && left > SIZE / 2; round++) {
    await sleep(10);
    collectGarbage();
    left = process.memoryUsage().external - before;
  }
  return left;
}

it('an idle worker keeps nothing of what its last job was called with and gave', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const results = [
    async () => void (await pool.run(sizeOf, [big()])),
    async () => void (await new Thread({ target: makeBig, args: [SIZE], pool }).start().result()),
    async () => void (await new Thread({ target: makeBig, args: [SIZE] }).start().result()),
  ];
  for (const run of results) expect(await leftBy(run)).toBeLessThan(SIZE / 2);
});
