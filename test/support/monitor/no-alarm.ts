import { Lock, RLock, Thread } from 'rxjs-threading';
import { deadlocks, deadlocks$ } from 'rxjs-threading/monitor';
import { expect } from 'vitest';
import { sleep } from '../random.js';
import { ordered } from './planted.js';

/** What six locks are, each by its number. */
export const ORDERED = [
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
  ['mixed', (at: number) => (at % 2 === 0 ? new Lock() : new RLock())],
] as const;

const THREADS = 4;

/**
 * So many acquisitions, by four threads, two of the locks at a time and always in the same order; as many again while they are
 * over before somebody has looked.
 *
 * @returns how often somebody has looked
 */
export async function expectNoAlarm(
  make: (at: number) => Lock | RLock,
  acquisitions: number,
): Promise<number> {
  let looks = 0;
  while (looks === 0) looks = await looksInARound(make, acquisitions);
  return looks;
}

async function looksInARound(make: (at: number) => Lock | RLock, acquisitions: number): Promise<number> {
  const locks = Array.from({ length: 6 }, (_, at) => make(at));
  const times = acquisitions / THREADS;
  const threads = Array.from({ length: THREADS }, (_, seed) =>
    new Thread({ target: ordered as never, args: [locks, times, seed + 1] as never }).start(),
  );
  let told = 0;
  const watching = deadlocks$.subscribe((found) => {
    told += found.length;
  });
  let looks = 0;
  while (threads.some((thread) => thread.isAlive())) {
    expect(await deadlocks()).toEqual([]);
    looks++;
    await sleep(10);
  }
  watching.unsubscribe();
  expect(told).toBe(0);
  for (const thread of threads) expect(await thread.result()).toBe(times);
  return looks;
}
