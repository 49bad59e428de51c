import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type Observable, Subject, takeUntil } from 'rxjs';
import { type PoolStats, ThreadPool, threadModule } from 'rxjs-threading';

// The compiled file in dist, the TypeScript one under ts-jest.
const jobs = threadModule<typeof import('./primes.jobs')>(require.resolve('./primes.jobs'));

@Injectable()
export class PrimesService implements BeforeApplicationShutdown {
  readonly #pool = new ThreadPool({ name: 'primes', maxThreads: 2, maxQueue: 4 });
  readonly #ending = new Subject<void>();

  /** Unsubscribing cancels the job. */
  count(below: number): Observable<number> {
    return this.#pool.run(jobs.countPrimes, [below]);
  }

  get stats(): PoolStats {
    return this.#pool.stats;
  }

  /** Ends with the application, which waits for open responses. */
  get stats$(): Observable<PoolStats> {
    return this.#pool.stats$.pipe(takeUntil(this.#ending));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#ending.next();
    await this.#pool.close();
  }
}
