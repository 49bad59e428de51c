import { Event, Lock, RLock, Semaphore, Thread, waits } from 'rxjs-threading';
import { type Deadlock, deadlocks } from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import type * as Cycles from '../fixtures/monitor/cycles.js';
import { anySeed, random, sleep } from '../support/random.js';

const { threadModule } = await import('rxjs-threading');
const { member } = threadModule<typeof Cycles>(new URL('../fixtures/monitor/cycles.js', import.meta.url));

type Face = 'blocking' | 'observable';

/** A cycle of threads, until it is disposed of. */
class Planted implements AsyncDisposable {
  readonly threads: Thread[] = [];
  readonly faces: Face[] = [];

  /** `size` threads, each of which holds a lock and waits for that of the next, or for its end. */
  static async plant(size: number, draw: () => number): Promise<Planted> {
    const planted = new Planted();
    const pick = <T>(...among: T[]): T => among[Math.floor(draw() * among.length)] as T;
    const locks = Array.from({ length: size }, (_, at) =>
      pick<Lock | RLock>(new Lock({ name: `lock ${at}` }), new RLock({ name: `rlock ${at}` })),
    );
    const [held, go] = [new Semaphore(0), new Event()];
    // The last first: who joins another has to be given its Thread.
    for (let at = size - 1; at >= 0; at--) {
      const face = pick<Face>('blocking', 'observable');
      const after = planted.threads[0];
      const next = after !== undefined && draw() < 0.3 ? after : (locks[(at + 1) % size] as Lock | RLock);
      const args = [locks[at] as Lock | RLock, next, face, held, go] as const;
      const thread = new Thread({ target: member as never, args: args as never, name: `member ${at}` });
      planted.threads.unshift(thread.start());
      planted.faces.unshift(face);
    }
    for (let each = 0; each < size; each++) await held.acquire();
    go.set();
    await planted.closed();
    return planted;
  }

  /** All of them wait for one of the others. */
  async closed(): Promise<void> {
    const idents = this.threads.map(({ ident }) => ident);
    while (
      waits().filter(({ ident, owner }) => idents.includes(ident) && owner !== null).length < idents.length
    )
      await sleep(5);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.threads) thread.result().subscribe({ error: () => {} });
    await Promise.all(this.threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
}

function identsOf({ cycle }: Deadlock): number[] {
  return cycle.map(({ wait }) => wait.ident);
}

function sorted(cycles: readonly (readonly number[])[]): string[] {
  return cycles
    .map((idents) =>
      idents
        .slice()
        .sort((a, b) => a - b)
        .join(),
    )
    .sort();
}

describe('deadlocks', () => {
  const seed = anySeed();

  it(`finds every cycle of 2 to 5 threads, in all faces, at the first call (SEED=${seed})`, async () => {
    const draw = random(seed);
    for (let round = 0; round < 10; round++) {
      // 5 cycles at once, each of which is to be found.
      const planted = await Promise.all([2, 3, 4, 5, 2].map((size) => Planted.plant(size, draw)));
      const found = await deadlocks();
      expect(sorted(found.map(identsOf)), `round ${round}`).toEqual(
        sorted(planted.map(({ threads }) => threads.map(({ ident }) => ident as number))),
      );
      await Promise.all(planted.map((one) => one[Symbol.asyncDispose]()));
    }
    expect(await deadlocks()).toEqual([]);
  }, 120_000);
});
