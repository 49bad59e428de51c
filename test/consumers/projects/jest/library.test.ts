import { join } from 'node:path';
import { lastValueFrom, of, range, toArray } from 'rxjs';
import {
  currentThread,
  Event,
  Lock,
  OwnerDiedError,
  reportProgress,
  Thread,
  ThreadError,
  ThreadPool,
  threadMap,
  threadModule,
  withLock,
} from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';

const jobs = threadModule<typeof import('./jobs.cjs')>(join(__dirname, 'jobs.cjs'));

test('a lock in a pipeline', async () => {
  const lock = new Lock();
  const seen = await lastValueFrom(
    of(1, 2).pipe(
      withLock(lock, (n) => of(lock.locked() && n)),
      toArray(),
    ),
  );
  expect(seen).toEqual([1, 2]);
  expect(lock.locked()).toBe(false);
});

test('a thread that takes a lock of ours', async () => {
  const lock = new Lock();
  const thread = new Thread({ target: (lock: Lock) => lock.acquireSync(), args: [lock] }).start();
  expect(await thread.result()).toBe(true);
  expect(lock.locked()).toBe(true);
});

test('an inline target that imports', async () => {
  const target = async (name: string) => {
    const { basename } = await import('node:path');
    const { currentThread } = await import('rxjs-threading');
    return [basename('/a/b'), currentThread().name === name];
  };
  expect(await new Thread({ target, args: ['importer'], name: 'importer' }).start().result()).toEqual([
    'b',
    true,
  ]);
});

test('an export of a module, in CommonJS', async () => {
  const thread = new Thread({ target: jobs.whoAmI, name: 'cjs-job' });
  const told: unknown[] = [];
  thread.progress$.subscribe((value) => told.push(value));
  expect(await thread.start().result()).toBe('cjs-job');
  expect(told).toEqual(['asked']);
});

test('a pool, a kill and errors that are what they say', async () => {
  const pool = new ThreadPool({ maxThreads: 2 });
  expect(await pool.run((n: number) => n * 2, [21])).toBe(42);
  await pool.close();
  const killed = new Thread({ target: () => new Promise(() => setTimeout(() => {}, 60_000)) }).start();
  await killed.terminate();
  const error = await killed.result().then(null, (error: unknown) => error);
  expect(error).toBeInstanceOf(ThreadError);
  const lock = new Lock();
  const dies = new Thread({
    target: (lock: Lock) => void (lock.acquireSync() && process.exit(1)),
    args: [lock],
  }).start();
  await dies.result().then(null, () => {});
  await expect(lock.acquire().toPromise?.() ?? lock.acquire()).rejects.toBeInstanceOf(OwnerDiedError);
});

test('threadMap, over threads', async () => {
  const squares = await lastValueFrom(
    range(1, 4).pipe(
      threadMap((n: number) => n * n),
      toArray(),
    ),
  );
  expect(squares).toEqual([1, 4, 9, 16]);
});

test('fake timers', async () => {
  jest.useFakeTimers();
  const waited = new Event().wait({ timeout: 1000 }).then((set: boolean) => set);
  jest.advanceTimersByTime(1000);
  jest.useRealTimers();
  expect(await waited).toBe(false);
});

test('a lock between machines, in memory', async () => {
  const machines = new Machines({ connection: 'memory', namespace: 'jest' });
  const held = await machines.lock('accounts').hold();
  expect(held.valid).toBe(true);
  await held.release();
  await machines.close();
});

test('the main thread', () => {
  expect(currentThread().name).toBe('MainThread');
  expect(() => reportProgress(1)).toThrow(ThreadError);
});
