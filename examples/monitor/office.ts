import { interval, mergeMap, range, type Subscription, timer } from 'rxjs';
import {
  type AnyPrimitive,
  Barrier,
  Event,
  Lock,
  Semaphore,
  Thread,
  ThreadPool,
  threadModule,
  withLock,
} from 'rxjs-threading';
import type * as worker from './office.worker.js';

const threads = threadModule<typeof worker>(new URL('./office.worker.js', import.meta.url));

/** Something to watch: four clerks, two locks, two desks, a door, lunch together, and a pool that counts primes. */
export class Office {
  readonly #door = new Event({ name: 'door' });
  readonly #desks = new Semaphore(3, { name: 'desks' });
  readonly #ledger = new Lock({ name: 'ledger' });
  readonly #stamp = new Lock({ name: 'stamp' });
  readonly #lunch = new Barrier(4, { name: 'lunch' });
  readonly #archive = new ThreadPool({ name: 'archive', maxThreads: 2 });
  readonly #clerks: readonly Thread[];
  readonly #jobs: Subscription;

  constructor() {
    const shared = {
      door: this.#door,
      desks: this.#desks,
      ledger: this.#ledger,
      stamp: this.#stamp,
      lunch: this.#lunch,
    };
    this.#clerks = ['Ann', 'Bob', 'Cid', 'Dot'].map((name) =>
      new Thread({ target: threads.work, args: [shared], name }).start(),
    );
    new Thread({ target: threads.keep, args: [this.#door], name: 'porter', daemon: true }).start();
    this.#jobs = this.#fileJobs();
    // Main takes part, with the Observable face: it does not block.
    this.#jobs.add(
      interval(400)
        .pipe(withLock(this.#ledger, () => timer(50)))
        .subscribe(),
    );
  }

  /** Some come at once, more than the archive does at a time. */
  #fileJobs(): Subscription {
    const batches$ = timer(0, 900).pipe(mergeMap((batch) => range(batch * 5 + 1, 5)));
    return batches$
      .pipe(mergeMap((n) => this.#archive.run(threads.countPrimes, [200_000], { name: `job ${n}` })))
      .subscribe();
  }

  /** What is to be shown also while nobody waits for it. */
  get watch(): readonly (AnyPrimitive | ThreadPool)[] {
    return [this.#ledger, this.#stamp, this.#desks, this.#door, this.#lunch, this.#archive];
  }

  /** Everybody goes home; nothing keeps the process alive then. */
  async close(): Promise<void> {
    this.#jobs.unsubscribe();
    for (const clerk of this.#clerks) clerk.cancel();
    await this.#archive.close();
  }
}
