import { distinctUntilChanged, map, type Observable } from 'rxjs';
import { aliveIdents, isAlive } from '../../primitives/threads/liveness.js';
import { watchedTable } from '../../primitives/threads/table.js';
import { stateStream } from '../../primitives/waiting/state-stream.js';
import type { Thread } from '../thread/thread.js';
import { threadOf } from '../thread/thread-of.js';

/**
 * Every live thread of the process: main, daemons, queued ones, and those that other threads started; the same in
 * every thread. Source: CPython, `threading.enumerate`.
 *
 * @example
 * console.log(enumerate().join()); // prints <_MainThread(MainThread, started 4096)>
 */
export function enumerate(): Thread[] {
  return threadsOf(aliveIdents());
}

/** What ends before its Thread is here is left out: its starter has not kept what it gave, as nobody knew of it. */
function threadsOf(idents: readonly number[]): Thread[] {
  return idents.map(threadOf).filter(({ ident }) => isAlive(ident as number));
}

/**
 * How many `enumerate` would tell of. Source: CPython, `threading.active_count`.
 *
 * @example
 * console.log(activeCount()); // prints 1
 */
export function activeCount(): number {
  return aliveIdents().length;
}

const sameItems = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index]);

const idents$ = stateStream(watchedTable, aliveIdents, sameItems);

/**
 * The live threads, and every change, made by any thread; bursts coalesce. Never completes. Does not keep the process
 * alive. Unsubscribing ends only the watching. Python has no such thing.
 *
 * @example
 * enumerate$.subscribe((threads) => console.log(threads.map(({ name }) => name).join())); // prints MainThread
 */
export const enumerate$: Observable<readonly Thread[]> = idents$.pipe(
  map(threadsOf),
  distinctUntilChanged(sameItems),
);

/**
 * How many threads live, and every change, made by any thread; bursts coalesce. Never completes. Does not keep the process
 * alive. Unsubscribing ends only the watching. Python has no such thing.
 *
 * @example
 * activeCount$.subscribe((count) => console.log(count)); // prints 1
 */
export const activeCount$: Observable<number> = stateStream(watchedTable, activeCount);
