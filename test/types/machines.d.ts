/**
 * The public contract of `rxjs-threading/redis`. What the entry exports must be assignable to these declarations; more may be
 * exported, nothing here may be missing or mean something else. Optional peers: `ioredis ^5.11` or `^6`; `bullmq ^6.7` only where a RemotePool or a
 * RemoteTimer is used. Redis 7.0 or Valkey 7.2 and later.
 *
 * Times are in ms. What waits is a `Wait`: cold, awaitable, leaves its place when unsubscribed. What changes something
 * (`release`, `set`, `abort`, ...) begins at once, as the local one does, and returns a promise of the engine's answer
 * that need not be looked at: it never rejects unhandled, what went wrong is in `errors$`.
 */
import type { Observable } from 'rxjs';
import type {
  AcquireOptions, AcquireSyncOptions, Emitted, Held, ModuleTarget, OwnerDiedError, RunParameters, ThreadError, ThreadPool, Wait, WaitOptions, WaitSyncOptions,
} from 'rxjs-threading';

// ---------------------------------------------------------------------------------------------- the process's membership

export interface MachinesOptions {
  /** `redis://` or `rediss://` URL, ioredis options, or what makes a connection (Cluster, Sentinel). Three are opened. */
  connection: string | object | (() => unknown);
  /** Who shares a namespace shares its names. All of it lives in one hash slot. [A-Za-z0-9_-]{1,64} */
  namespace: string;
  /** Of this process, for people: in `enumerate`, errors and monitors. */
  name?: string;
  /**
   * ms that this process may be silent before others take what it holds. Default 10_000; 500 to 600_000. It is renewed
   * every third of it, by a thread that no code of yours can block. A killed process, a lost machine and a cut link cost
   * the next owner up to this long; a crash, an exit and a kill seen by a process of the same machine cost nothing.
   */
  lease?: number;
  /** After the engine lost its memory, nobody new gets anything for one lease, so that owners can say what they have. Default true. */
  grace?: boolean;
  /** Replicas that must have a grant before it counts (WAIT); fewer within 1 s: given back, and the wait fails. Default 0. */
  replicas?: number;
  /** How arguments and results travel. Default JSON; what JSON would lose is a TypeError naming its place. */
  codec?: { encode(value: unknown): string; decode(text: string): unknown };
}

/** 'cut': no answer at the moment, what is held is ours until the lease ends. 'over': it ended; a new session begins by itself. */
export type MachinesState = 'connecting' | 'open' | 'cut' | 'over' | 'closed';

/**
 * This process among others that share an engine. One session for all it holds and waits for, whatever their number: its
 * end frees everything in one step, and one renewal keeps everything.
 *
 * Keeps the process alive only while something is held or waited for. An `exit` handler says goodbye within 250 ms, after
 * an uncaught error too.
 *
 * @example
 * const machines = new Machines({ connection: 'redis://localhost', namespace: 'shop' });
 * orders.pipe(withLock(machines.lock('accounts'), (order) => save(order)))
 */
export declare class Machines implements AsyncDisposable {
  /** Connects when something is first asked. @throws TypeError, RangeError showing the value */
  constructor(options: MachinesOptions);
  readonly namespace: string;
  readonly session: string;
  readonly lease: number;
  /** Connects now; emits once. @throws EngineError as the error: refused, too old, evicts keys, or speaks another version of this protocol */
  open(options?: WaitOptions): Wait<Machines>;
  /** Ours for certain at this instant, whatever the event loop did meanwhile. Costs a look at two words. */
  readonly valid: boolean;
  readonly state$: Observable<MachinesState>;
  /** What went wrong where nobody listened. */
  readonly errors$: Observable<Error>;

  /** The same name is the same object, on every machine and here. @throws TypeError, RangeError: name or options */
  lock(name: string, options?: RemoteLockOptions): RemoteLock;
  rlock(name: string, options?: RemoteLockOptions): RemoteRLock;
  /** `value` permits, the same for all: another number is a RangeError of the wait. */
  semaphore(name: string, value: number): RemoteSemaphore;
  event(name: string): RemoteEvent;
  /** `parties`, the same for all. */
  barrier(name: string, parties: number, options?: RemoteBarrierOptions): RemoteBarrier;
  condition(lock: RemoteLock | RemoteRLock): RemoteCondition;
  /** Where jobs go to. Needs `bullmq`. */
  pool(name: string, options?: RemotePoolOptions): RemotePool;
  /** Runs the jobs of that pool here. Needs `bullmq`. */
  serve(name: string, options: ServeOptions): Serving;

  /** Every living process of the namespace: those whose lease runs. */
  enumerate(): Wait<readonly MachineInfo[]>;
  /** The same, and every change; coalesces. A killed process leaves it when its lease ends, or sooner. Does not keep the process alive. */
  readonly enumerate$: Observable<readonly MachineInfo[]>;
  readonly activeCount$: Observable<number>;
  /** Who has what, and who waits for what, in all processes; one look. For monitors, and for people in trouble. */
  snapshot(): Wait<MachinesSnapshot>;
  /** The same every `every` ms (default 1000) and at each change of membership. */
  snapshot$(options?: { every?: number }): Observable<MachinesSnapshot>;

  /** Ends the session: what is held is released (nobody is told that an owner died), waits fail with LockLostError. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface MachineInfo {
  readonly session: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** ms since the epoch, by the engine's clock, when it joined, and when its lease ends unless renewed. */
  readonly joined: number;
  readonly leaseEnds: number;
  readonly node: string;
  /** As of its last renewal. */
  readonly threads: number;
  readonly pools: readonly { readonly name: string; readonly busy: number; readonly queued: number; readonly threads: number }[];
}

export interface MachinesSnapshot {
  /** ms since the epoch, by the engine's clock. */
  readonly at: number;
  readonly machines: readonly MachineInfo[];
  readonly things: readonly {
    readonly kind: 'lock' | 'semaphore' | 'event' | 'barrier' | 'condition';
    readonly name: string;
    readonly holders: readonly { readonly session: string; readonly token: bigint; readonly since: number }[];
    readonly waiters: readonly { readonly session: string; readonly since: number }[];
  }[];
}

// ---------------------------------------------------------------------------------------------- what is held

/**
 * A leased lock or permit. Released by `release`, `using` (sends it) or `await using` (and waits for the answer).
 *
 * A lease can end while you believe in it: only a resource that refuses older tokens makes that harmless. Say
 * `fence.sql(held)` in the transaction that writes, or `fence.redis(held)` in the script that does.
 */
export interface RemoteHeld extends Held {
  /** Above that of every earlier hold of the namespace. Fits a Postgres bigint and a JavaScript number. */
  readonly token: bigint;
  /** Ours at this instant for certain. Look at it just before what must not be done by two. Not a promise for what comes after. */
  readonly valid: boolean;
  /** @throws LockLostError unless `valid` */
  check(): void;
  /** Aborts with the LockLostError, before another can have it as long as clocks run evenly (10 % are kept in reserve). For fetch and the like. */
  readonly signal: AbortSignal;
  /** Emits the LockLostError and completes; completes without when released. */
  readonly lost$: Observable<LockLostError>;
  /** Of `onOwnerDied: 'grant'`: the owner before died with it. */
  readonly abandoned: Owner | undefined;
  release(): Promise<void>;
}

export interface Owner {
  readonly session: string;
  readonly host: string;
  readonly pid: number;
  readonly name: string;
  readonly token: bigint;
}

// ---------------------------------------------------------------------------------------------- primitives

export interface RemoteLockOptions {
  /**
   * What who comes next gets when an owner died or lost its lease. 'error' (default): an OwnerDiedError, once, then the
   * lock is free, as locally. 'grant': the lock, with `held.abandoned`.
   */
  onOwnerDied?: 'error' | 'grant';
}

/**
 * One at a time, among all processes of the namespace; first come, first served, whatever machine they are on.
 *
 * Safe while clocks run evenly and the engine keeps its memory or forgets it whole; otherwise advisory, see `token`.
 * A place in the queue survives lost messages and reconnects: it is asked for again every third of a lease.
 */
export interface RemoteLock {
  readonly name: string;
  readonly shared: false;
  /** true, or false when `blocking: false` or `timeout` gave up. While the engine cannot be reached it waits on. Unsubscribing gives the place up. */
  acquire(options?: AcquireOptions): Wait<boolean>;
  /** Unsubscribing before gives the place up; after, it must be released. @throws as the error: OwnerDiedError, LockLostError (our session ended while waiting), TimeoutError (RxJS's) */
  hold(options?: WaitOptions): Wait<RemoteHeld>;
  /** What this process has; another's is a ThreadError, ERR_NOT_OWNER: unlike a local Lock it cannot be released by anybody. */
  release(): Promise<void>;
  /** Blocks a worker; the keeper's thread asks for it. @throws ThreadError, ERR_THREAD_STATE, on the main thread */
  acquireSync(options?: AcquireSyncOptions): boolean;
  holdSync(options?: WaitSyncOptions): RemoteHeld;
  locked(): Wait<boolean>;
  /** Now and at every change, by any machine; coalesces; read anew after a lost connection. Does not keep the process alive. */
  readonly locked$: Observable<boolean>;
  readonly owner$: Observable<Owner | null>;
  readonly waiting$: Observable<number>;
}

/** Re-enters within one process as the local one: by thread, or by `withLock` section. The engine knows one hold. */
export interface RemoteRLock extends Omit<RemoteLock, 'shared'> {
  readonly shared: false;
  readonly count: number;
}

/** Permits are leased: those of a dead process come back, and one that is held is released by its Held, once. */
export interface RemoteSemaphore extends Omit<RemoteLock, 'shared' | 'locked' | 'locked$' | 'owner$'> {
  readonly shared: true;
  readonly value$: Observable<number>;
}

/** A flag. `set` frees all that wait then, on every machine, even when `clear` follows at once. Kept by the engine until cleared. */
export interface RemoteEvent {
  readonly name: string;
  set(): Promise<void>;
  clear(): Promise<void>;
  isSet(): Wait<boolean>;
  readonly isSet$: Observable<boolean>;
  wait(options?: WaitOptions): Wait<boolean>;
  /** @throws ThreadError on the main thread */
  waitSync(options?: WaitSyncOptions): boolean;
}

export interface RemoteBarrierOptions {
  /** Longest wait of each, in ms; it breaks the barrier for all. */
  timeout?: number;
  /** Runs once a round in the process that came last, before any passes. It fails, or its process dies: the barrier breaks. */
  action?: () => unknown;
}

/** Rounds. Who is unsubscribed, dies or loses its lease has withdrawn; only a timeout, `abort` or a failed action breaks it. */
export interface RemoteBarrier {
  readonly name: string;
  readonly parties: number;
  /** 0 to parties - 1, in order of arrival. @throws BrokenBarrierError as the error */
  wait(options?: WaitOptions): Wait<number>;
  waitSync(options?: WaitSyncOptions): number;
  abort(): Promise<void>;
  reset(): Promise<void>;
  readonly nWaiting$: Observable<number>;
  readonly broken$: Observable<boolean>;
}

/** `wait` lets the lock go and takes it again, with a new token; unsubscribed, it does not take it again. */
export interface RemoteCondition {
  readonly lock: RemoteLock | RemoteRLock;
  readonly shared: false;
  hold(options?: WaitOptions): Wait<RemoteHeld>;
  /** @param held - what is let go; the Held that has the lock again is emitted */
  wait(held: RemoteHeld, options?: WaitOptions): Wait<RemoteHeld | false>;
  notify(n?: number): Promise<void>;
  notifyAll(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------- the check at the resource

/** What makes a lost lease harmless. */
export declare const fence: {
  /** Throws LockLostError, so that the transaction rolls back, when a newer token has been here. Holds the row until the transaction ends, so two owners cannot even interleave. One statement, table `rxjs_threading_fence`. */
  sql(transaction: { query(text: string, values: unknown[]): Promise<{ rowCount: number | null }> }, held: RemoteHeld, resource?: string): Promise<void>;
  /** DDL for the table. */
  readonly table: string;
  /** Runs commands of a key's slot if no newer token has been there. */
  redis(client: unknown, held: RemoteHeld, key: string, ...commands: readonly (readonly unknown[])[]): Promise<void>;
  /** For any store with a compare: remembers the highest token in memory of this process, for tests and proxies. */
  memory(): (held: RemoteHeld) => void;
};

// ---------------------------------------------------------------------------------------------- jobs

export interface RemotePoolOptions {
  /** Defaults of `run`. */
  retry?: RetryOptions;
  /** ms that a result is kept for a caller that was away, and a failed job for people. Default 60_000; 7 days. */
  keepResult?: number;
  keepFailed?: number;
  /** Jobs started per time in all processes together. */
  limit?: { max: number; per: number };
}

export interface RetryOptions {
  /** Including the first. Default 1. A worker that dies is not an attempt: see `maxDeaths`. */
  attempts?: number;
  /** ms before the next; doubled each time unless 'fixed'; jittered by half. */
  delay?: number;
  backoff?: 'exponential' | 'fixed';
  /** Workers that may die of one job before it fails. Default 1. */
  maxDeaths?: number;
}

export interface RemoteRunOptions {
  signal?: AbortSignal;
  /** Less is sooner. 0 (default) to 2_097_151. */
  priority?: number;
  /** ms, by the engine's clock. */
  delay?: number;
  retry?: RetryOptions;
  /** ms a run may take; then it is cancelled and fails with TimeoutError. */
  timeout?: number;
  /** While a job of that id waits or runs, others get its result. */
  dedupe?: string;
  /** ms between cancelling what runs and killing its worker. Default 1000. */
  grace?: number;
  /** Unsubscribing leaves the job alone. For fire and forget: subscribe, and go. Default false. */
  detached?: boolean;
  onProgress?: (value: unknown, attempt: number) => void;
}

/**
 * Jobs run on whatever machine serves the pool. At least once: a job whose worker dies, or is cut off for a lease, runs
 * again elsewhere, and the first may still be running: targets are to be idempotent, or to fence with `currentJob().token`.
 * Only exports of the module that the serving process named are run; no code travels.
 */
export declare class RemotePool {
  readonly name: string;
  /**
   * Cold: a job a subscription. Emits the result, or the last value of what the target streams, and completes.
   * Unsubscribing, or `signal`, removes it from the queue or reaches it where it runs: there its signal aborts, and its
   * worker is killed after `grace`. A cancelled job is not tried again.
   *
   * @throws as the error: the target's (name, message, code, stack), JobLostError, TimeoutError, ThreadError ERR_POOL
   */
  run<A extends readonly unknown[], R>(target: ModuleTarget<A, R>, ...argsAndOptions: RunParameters<A, RemoteRunOptions>): Wait<Emitted<R>>;
  /** Every value of what the target streams, in order, none twice. One attempt, of one reader; its worker's death is a JobLostError. The target is held back when the reader is 1000 values behind. */
  stream<A extends readonly unknown[], R>(target: ModuleTarget<A, R>, ...argsAndOptions: RunParameters<A, Omit<RemoteRunOptions, 'retry' | 'detached' | 'dedupe'>>): Observable<Emitted<R>>;
  /** Python's Timer, which outlives this process: a delayed job. Same id: the earlier one is replaced. */
  timer<A extends readonly unknown[], R>(interval: number, target: ModuleTarget<A, R>, ...argsAndOptions: RunParameters<A, Omit<RemoteRunOptions, 'delay' | 'dedupe' | 'detached' | 'signal'> & { id?: string | undefined }>): RemoteTimer<Emitted<R>>;
  /** Again and again, once among all processes. Same id: replaced. */
  schedule<A extends readonly unknown[]>(id: string, when: { readonly every: number } | { readonly cron: string; readonly tz?: string | undefined }, target: ModuleTarget<A, unknown>, ...argsAndOptions: RunParameters<A, Omit<RemoteRunOptions, 'delay' | 'dedupe' | 'detached' | 'signal' | 'onProgress'>>): Promise<void>;
  unschedule(id: string): Promise<boolean>;
  readonly stats$: Observable<RemotePoolStats>;
  /** Those that have used up their attempts, newest first: the dead letters. */
  failed(options?: { limit?: number }): Wait<readonly FailedJob[]>;
  retryFailed(id: string): Promise<void>;
  /** BullMQ's own, for what this class does not cover. */
  readonly queue: unknown;
}

export interface RemoteTimer<R> {
  readonly id: string;
  /** true: it will not run. */
  cancel(): Promise<boolean>;
  result(options?: WaitOptions): Wait<R | undefined>;
}

export interface ServeOptions {
  /** Whose exports may be asked for, as `threadModule` gave it. */
  module: object;
  /** Where they run. Default: a pool of its own. Bodies never run in the loop that renews their jobs' leases. */
  pool?: ThreadPool;
  /** Default: the pool's threads. */
  concurrency?: number;
}

export interface Serving extends AsyncDisposable {
  readonly running$: Observable<number>;
  /** Takes no more, lets what runs finish; after `timeout` ms gives it back to the queue and cancels it. */
  close(options?: { timeout?: number }): Promise<void>;
}

export interface RemotePoolStats {
  readonly queued: number;
  readonly delayed: number;
  readonly running: number;
  readonly failed: number;
  readonly workers: number;
}
export interface FailedJob {
  readonly id: string;
  readonly target: string;
  readonly attempts: number;
  readonly error: { readonly name: string; readonly message: string };
  readonly failedAt: number;
}

/** In a target: the job it runs for; undefined elsewhere. Its token fences its writes against an earlier run of itself. */
export declare function currentJob(): { readonly id: string; readonly attempt: number; readonly token: bigint; readonly signal: AbortSignal } | undefined;

// ---------------------------------------------------------------------------------------------- errors

/** ERR_LOCK_LOST: the lease ended, or may have. What runs under it must not go on. */
export declare class LockLostError extends ThreadError {
  readonly token: bigint;
  /** 'expired': not renewed in time. 'forgotten': the engine lost it and another was first. 'closed': `close()`. */
  readonly reason: 'expired' | 'forgotten' | 'closed';
}
/** ERR_JOB_LOST: its workers died more often than `maxDeaths`, or it is gone from the engine. */
export declare class JobLostError extends ThreadError {}
/** ERR_ENGINE: cannot be used, or answered what it must not. Being out of reach for a while is no error: waits go on. */
export declare class EngineError extends ThreadError {}
export type RemoteOwnerDiedError = OwnerDiedError & { readonly machine: Owner };

// ---------------------------------------------------------------------------------------------- second engines

/**
 * What an engine must do; the Redis one is a Lua script of some 250 lines. Every call may arrive twice and must then answer
 * the same. Messages are hints that may be lost, never the only trace of a grant.
 */
export interface Engine {
  call(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]>;
  /** Hints for this session: granted, passed, broken, set, changed. Emits 'again' after any gap. */
  readonly told$: Observable<string>;
  /** Another after each start or failover of the engine. */
  incarnation(): Promise<string>;
  close(): Promise<void>;
}
export type EngineOperation =
  | 'hello' | 'renew' | 'sweep' | 'bye'
  | 'acquire' | 'release' | 'leave'
  | 'set' | 'clear' | 'await'
  | 'arrive' | 'acted' | 'withdraw' | 'abort' | 'reset'
  | 'notify' | 'state' | 'watch' | 'members' | 'snapshot';
