import { auditTime, combineLatest, map, type Observable, of, switchMap, timer } from 'rxjs';
import {
  type Barrier,
  type Event,
  enumerate$,
  type Lock,
  type PoolStats,
  type RLock,
  type Semaphore,
  type Thread,
  type ThreadPool,
  type ThreadState,
  type ThreadWait,
  waits,
} from 'rxjs-threading';

/** What to monitor, beside the threads, of which the library knows all. Names tell them apart. */
export interface Monitored {
  readonly locks: readonly (Lock | RLock)[];
  readonly semaphores: readonly Semaphore[];
  readonly events: readonly Event[];
  readonly barriers: readonly Barrier[];
  readonly pools: readonly ThreadPool[];
}

/** One moment, as plain data. */
export interface Snapshot {
  /** ms of the clock that `process.hrtime()` reads. */
  readonly time: number;
  readonly threads: readonly ThreadRow[];
  /** `owner` is an ident; null: the lock is free. */
  readonly locks: readonly { readonly name: string; readonly owner: number | null }[];
  readonly semaphores: readonly { readonly name: string; readonly value: number }[];
  readonly events: readonly { readonly name: string; readonly isSet: boolean }[];
  readonly barriers: readonly BarrierRow[];
  readonly pools: readonly { readonly name: string; readonly stats: PoolStats }[];
  readonly waits: readonly ThreadWait[];
}

export interface ThreadRow {
  readonly ident: number;
  readonly name: string;
  readonly state: ThreadState;
  readonly daemon: boolean;
}

export interface BarrierRow {
  readonly name: string;
  readonly parties: number;
  readonly nWaiting: number;
  readonly broken: boolean;
}

/** ms: how often a snapshot is taken at most, and at least, since waits grow longer while nothing changes. */
const AT_MOST_EVERY = 100;
const AT_LEAST_EVERY = 500;

/** A snapshot soon after whatever changes, by whatever thread. */
export function snapshots(what: Monitored): Observable<Snapshot> {
  return combineLatest({
    threads: enumerate$.pipe(switchMap(rows)),
    semaphores: all(what.semaphores, ({ name, value$ }) => value$.pipe(map((value) => ({ name, value })))),
    events: all(what.events, ({ name, isSet$ }) => isSet$.pipe(map((isSet) => ({ name, isSet })))),
    barriers: all(what.barriers, barrierRow),
    pools: all(what.pools, ({ name, stats$ }) => stats$.pipe(map((stats) => ({ name, stats })))),
    // They tell when to look; who has a lock, and who waits, is no stream.
    looks: all(what.locks, ({ locked$ }) => locked$),
    ticks: timer(0, AT_LEAST_EVERY),
  }).pipe(
    auditTime(AT_MOST_EVERY),
    map(({ threads, semaphores, events, barriers, pools }) => {
      const locks = what.locks.map(({ name, owner }) => ({ name, owner }));
      const rest = { threads, semaphores, events, barriers, pools };
      return { time: now(), ...rest, locks, waits: stillWaiting(waits(), locks) };
    }),
  );
}

/** Who got the lock while we looked does not wait for it. */
function stillWaiting(waits: ThreadWait[], locks: Snapshot['locks']): ThreadWait[] {
  return waits.filter(({ name, ident }) => !locks.some((lock) => lock.name === name && lock.owner === ident));
}

/** `combineLatest` of none would never emit. */
function all<T, R>(these: readonly T[], row: (one: T) => Observable<R>): Observable<R[]> {
  return these.length === 0 ? of([]) : combineLatest(these.map(row));
}

function rows(threads: readonly Thread[]): Observable<ThreadRow[]> {
  return all(threads, (thread) =>
    thread.state$.pipe(
      map((state) => ({ ident: thread.ident ?? 0, name: thread.name, state, daemon: thread.daemon })),
    ),
  );
}

function barrierRow({ name, parties, nWaiting$, broken$ }: Barrier): Observable<BarrierRow> {
  return combineLatest({ nWaiting: nWaiting$, broken: broken$ }).pipe(
    map((state) => ({ name, parties, ...state })),
  );
}

function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
