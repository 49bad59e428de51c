import { lastValueFrom, of, tap } from 'rxjs';
import { ThreadPool, threadMap, threadModule, threadPipe } from 'rxjs-threading';
import { afterAll, expect, it } from 'vitest';
import { failure } from '../../support/outcomes.js';

const targets = threadModule<typeof import('../../fixtures/odd-targets.js')>(
  new URL('../../fixtures/odd-targets.js', import.meta.url),
);
const jobs = threadModule<typeof import('../../fixtures/operators/in-threads.js')>(
  new URL('../../fixtures/operators/in-threads.js', import.meta.url),
);
const pool = new ThreadPool({ maxThreads: 1 });
afterAll(() => pool.close());

it('goes nowhere in a threadMap that nobody asked for it, and is an error in threadPipe', async () => {
  expect(await lastValueFrom(of(1).pipe(threadMap(targets.report, { pool })))).toBe(undefined);
  const piped = await failure(lastValueFrom(of(1).pipe(threadPipe(targets.reportInPipe))));
  expect(piped.message).toMatch(/in threadPipe, which has no progress/);
});

it('keeps its place among the values of a stream that a threadMap passes on', async () => {
  const seen: unknown[] = [];
  const onProgress = (value: unknown) => seen.push(value);
  const mapped = of(3).pipe(threadMap(jobs.streamingAndTicking, { pool, onProgress }));
  await lastValueFrom(mapped.pipe(tap((value) => seen.push(value))));
  expect(seen).toEqual([0, { done: 0 }, 1, { done: 1 }, 2, { done: 2 }]);
});
