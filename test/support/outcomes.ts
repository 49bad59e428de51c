import { lastValueFrom, type Observable, toArray } from 'rxjs';
import { expect } from 'vitest';

/** All that it emits, once it has completed. */
export const all = <T>(source: Observable<T>): Promise<T[]> => lastValueFrom(source.pipe(toArray()));

export type Failure = Error & { code?: unknown; cause?: unknown };

/** What it is rejected with. */
export const failure = (started: PromiseLike<unknown>): Promise<Failure> =>
  Promise.resolve(started).then(
    (value) => expect.fail(`no error, but ${String(value)}`),
    (error) => error,
  );

/** What it failed with, and what it had emitted by then. */
export const failed = (source: Observable<unknown>): Promise<{ seen: unknown[]; error: Failure }> =>
  new Promise((resolve, reject) => {
    const seen: unknown[] = [];
    source.subscribe({
      next: (value) => seen.push(value),
      error: (error) => resolve({ seen, error }),
      complete: () => reject(new Error('completed')),
    });
  });
