import { Event, type Lock, type RLock, Semaphore, Thread, threadModule, waits } from 'rxjs-threading';
import type * as Cycles from '../../fixtures/monitor/cycles.js';
import { sleep } from '../random.js';

export const { both, computing, crossed, looker, member, ordered, signal } = threadModule<typeof Cycles>(
  new URL('../../fixtures/monitor/cycles.js', import.meta.url),
);

/** One thread of a cycle: what it holds, and how it waits for what the next one holds. */
export interface Member {
  readonly own: Lock | RLock;
  readonly face: 'blocking' | 'acquire' | 'observable';
  /** Waits for the end of the next one instead. Not of the last. */
  readonly joins?: boolean;
  /** Of its wait, in ms. */
  readonly timeout?: number;
}

/** Threads each of which waits for the next one, and the last for the first, until it is disposed of. */
export class Planted implements AsyncDisposable {
  readonly threads: readonly Thread[];

  private constructor(threads: readonly Thread[]) {
    this.threads = threads;
  }

  static async plant(members: readonly Member[]): Promise<Planted> {
    const threads: Thread[] = [];
    const [held, go] = [new Semaphore(0), new Event()];
    // The last first: who joins another has to be given its Thread.
    for (const [at, { own, face, joins, timeout }] of [...members.entries()].reverse()) {
      const next = joins ? threads[0] : members[(at + 1) % members.length]?.own;
      const args = [own, next, face, held, go, timeout];
      threads.unshift(new Thread({ target: member, args: args as never, name: `member ${at}` }).start());
    }
    for (const thread of threads) thread.result().subscribe({ error: () => {} });
    for (let each = 0; each < members.length; each++) await held.acquire();
    go.set();
    const planted = new Planted(threads);
    while (planted.waiting < members.length) await sleep(5);
    return planted;
  }

  get idents(): number[] {
    return this.threads.map(({ ident }) => ident as number);
  }

  /** How many of them wait for another. */
  get waiting(): number {
    const { idents } = this;
    return waits().filter(({ ident, owner }) => idents.includes(ident) && owner !== null).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
}
