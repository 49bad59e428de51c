import { type Observable, of } from 'rxjs';
import {
  Barrier,
  Condition,
  Event,
  Lock,
  Semaphore,
  Thread,
  ThreadLocal,
  ThreadPool,
  threadMap,
  threadModule,
  type Wait,
  withLock,
} from 'rxjs-threading';

declare const maybe: number | undefined;
declare const signal: AbortSignal | undefined;

const lock = new Lock({ name: 'typed' });
export const taken: Wait<boolean> = lock.acquire({ timeout: maybe, signal });
export const condition = new Condition(lock);
export const barrier = new Barrier(2, { timeout: maybe });
export const permits = new Semaphore(2);
export const set: Observable<boolean> = new Event().wait({ timeout: maybe });

interface Jobs {
  greet(name: string): string;
  count(to: number): Promise<number>;
}
const jobs = threadModule<Jobs>('file:///jobs.js');
export const thread = new Thread({ target: jobs.greet, args: ['you'] }).start();
export const greeting: Wait<string> = thread.result();
const pool = new ThreadPool({ maxThreads: maybe });
export const counted: Wait<number> = pool.run(jobs.count, [3]);
export const mapped: Observable<string> = of('a').pipe(
  withLock(lock, (name: string) => of(name)),
  threadMap(jobs.greet, { pool }),
);
const local = new ThreadLocal(() => 0);
local.value += 1;
// @ts-expect-error: greet takes a string
export const wrong = new Thread({ target: jobs.greet, args: [1] });
