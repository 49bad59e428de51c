import { map, type Observable } from 'rxjs';
import { aliveIdents, watchedTable } from '../primitives/thread-table.js';
import { stateStream } from '../primitives/watch.js';
import { threadOf } from './registry.js';
import type { Thread } from './thread.js';

/**
 * Every live thread of the process: main, daemons, queued ones, and those that other threads started; the same in
 * every thread. Source: CPython, `threading.enumerate`.
 */
export function enumerate(): Thread[] {
  return aliveIdents().map(threadOf);
}

/** How many `enumerate` would tell of. */
export function activeCount(): number {
  return aliveIdents().length;
}

const idents$ = stateStream(
  watchedTable,
  aliveIdents,
  (a, b) => a.length === b.length && a.every((ident, index) => ident === b[index]),
);

/** The live threads, and every change, made by any thread; bursts coalesce. Does not keep the process alive. */
export const enumerate$: Observable<readonly Thread[]> = idents$.pipe(map((idents) => idents.map(threadOf)));

/** How many threads live, and every change. Does not keep the process alive. */
export const activeCount$: Observable<number> = stateStream(watchedTable, activeCount);
