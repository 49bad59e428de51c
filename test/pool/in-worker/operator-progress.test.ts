import { lastValueFrom, of } from 'rxjs';
import { ThreadPool, threadMap, threadPipe } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';

const pool = new ThreadPool({ maxThreads: 1 });
afterAll(() => pool.close());
const failure = (started: Promise<unknown>): Promise<Error> =>
  started.then(
    (value) => expect.fail(`no error, but ${String(value)}`),
    (error) => error,
  );

describe('progress in an operator', () => {
  it('is an error that says so', async () => {
    const target = async (): Promise<void> => {
      const { reportProgress } = await import('rxjs-threading');
      reportProgress(1);
    };
    const mapped = await failure(lastValueFrom(of(1).pipe(threadMap(target, { pool }))));
    expect(mapped.message).toMatch(/reportProgress was called in threadMap, which has no progress/);
    const piped = await failure(
      lastValueFrom(
        of(1).pipe(
          threadPipe(async (source) => {
            const { reportProgress } = await import('rxjs-threading');
            reportProgress(1);
            return source;
          }),
        ),
      ),
    );
    expect(piped.message).toMatch(/in threadPipe, which has no progress/);
  });
});
