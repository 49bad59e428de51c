import type { ThreadPool } from '../pool/jobs/thread-pool.js';
import type { AnyPrimitive } from '../primitives/handle.js';
import type { DistributedDeadlock, NamespaceInfo } from './namespace-info.js';

/**
 * Everything at one moment. What shared memory tells is read at once, also while every event loop is blocked; what only
 * a thread's own loop can tell (see `ThreadInfo.loop`) is as old as that thread's last answer.
 *
 * Times are ms since the epoch, durations ms; both may have fractions. All is plain data and survives JSON.
 */
export interface Inspection {
  /** Of this schema. Fields are added without a new number; a reader ignores what it does not know. */
  readonly version: 1;
  /** ms since the epoch. */
  readonly time: number;
  readonly process: ProcessInfo;
  readonly threads: readonly ThreadInfo[];
  /** Those that have been waited for, that were made while a monitor ran, or that `watch` named. */
  readonly primitives: readonly PrimitiveInfo[];
  readonly pools: readonly PoolInfo[];
  /** The edges of the wait-for graph. */
  readonly waits: readonly WaitInfo[];
  /** What each open Machines of `rxjs-threading/redis` in this process shares with others, once its loop has answered. */
  readonly namespaces: readonly NamespaceInfo[];
  /** What is wrong, worst first. Empty is the healthy state. */
  readonly findings: readonly Finding[];
  readonly limits: LimitsInfo;
}

/** The process whose threads these are. */
export interface ProcessInfo {
  readonly pid: number;
  /** Of the package.json nearest to the main module, else the main module's file name. Never the command line. */
  readonly name: string;
  readonly node: string;
  /** ms since the epoch. */
  readonly started: number;
  /** rss, bytes. */
  readonly memory: number;
}

/** What is not shown, so that no reader takes a part for the whole. */
export interface LimitsInfo {
  /** Since when acquisitions that did not wait are counted; null: only those that waited. */
  readonly countedSince: number | null;
  /** Primitives beyond the 65,536 that there is room for. */
  readonly primitivesLeftOut: number;
  /** Events that were overwritten before they were read. */
  readonly eventsLost: number;
}

/** What a thread does at a moment. */
export type ThreadActivity =
  /** Waits for a worker. */
  | 'queued'
  | 'running'
  /** Blocked in a wait of a primitive or a join. */
  | 'waiting'
  /** In `sleepSync`. */
  | 'sleeping'
  /** Its event loop has nothing to do; Observable waits may be pending. */
  | 'idle'
  /** Ended less than a minute ago. */
  | 'stopped'
  /** Killed or crashed less than a minute ago, or with a lock that nobody has acquired since. */
  | 'dead';

/** A thread at a moment, alive or ended less than a minute ago. */
export interface ThreadInfo {
  readonly ident: number;
  readonly name: string;
  /** The kernel's id, as `top -H` shows it; null where the platform does not tell. */
  readonly nativeId: number | null;
  readonly kind: 'main' | 'thread' | 'job' | 'foreign';
  readonly daemon: boolean;
  /** Name of its pool, if it is a job. */
  readonly pool: string | null;
  /** `ident` of the thread that started it; null for main and foreign ones. */
  readonly startedBy: number | null;
  readonly activity: ThreadActivity;
  /** When `activity` began; of one that is running when it was started, although it has waited or been idle in between. */
  readonly since: number;
  /** Name of the target that it runs, never its arguments; null: none. */
  readonly runs: string | null;
  /** `id`s of `waits`. */
  readonly waits: readonly number[];
  /** `id`s of the Locks and RLocks that it is the owner of, as far as these are listed. */
  readonly holds: readonly number[];
  /** ms that it was blocked, over its life, in waits that are over. */
  readonly blockedTime: number;
  /** What its own event loop tells; null before its first answer. */
  readonly loop: LoopInfo | null;
  /** Part of this finding. */
  readonly finding: string | null;
}

/** Answered by the thread itself, once a second at most, and not while it is blocked. */
export interface LoopInfo {
  /** When it answered. Old: its loop is blocked or busy. */
  readonly heard: number;
  /** Share of one core since the answer before, 0 to 1; null before Node 22. */
  readonly cpu: number | null;
  /** Bytes. */
  readonly heapUsed: number;
  /** Bytes. */
  readonly heapLimit: number;
  /** Share of time its loop was not idle, without time blocked in waits, 0 to 1. */
  readonly utilization: number;
  /** p99 of how late its loop was, in ms, over 10 s. */
  readonly delay: number;
}

/** Which primitive it is. */
export type PrimitiveKind =
  | 'Lock'
  | 'RLock'
  | 'Condition'
  | 'Semaphore'
  | 'BoundedSemaphore'
  | 'Event'
  | 'Barrier';

/** A lock or another primitive at a moment: its state, who waits for it, and what it has cost. */
export interface PrimitiveInfo {
  /** Unique in the process, never used again. */
  readonly id: number;
  readonly kind: PrimitiveKind;
  readonly name: string;
  /** Whether the program gave it its name. Metrics put all others under one label. */
  readonly named: boolean;
  readonly state: PrimitiveState;
  /** `id`s of its waits. Of one thread: in the order they are served. Between threads: by age, which a lock does not promise. */
  readonly queue: readonly number[];
  readonly contention: ContentionInfo;
}

/** How a primitive is, by its kind. */
export type PrimitiveState =
  /** Lock and RLock. */
  | { readonly owner: OwnerInfo | null }
  /** Semaphores. `most`: of a BoundedSemaphore. */
  | { readonly value: number; readonly most: number | null }
  | { readonly isSet: boolean }
  /** Condition: the lock that it is used with. */
  | { readonly lock: number }
  | { readonly parties: number; readonly arrived: number; readonly broken: boolean }
  /** Nobody who knows its words has answered: it is told of by its waiters alone. */
  | { readonly unknown: true };

/** Who has a Lock or an RLock. */
export interface OwnerInfo {
  readonly ident: number;
  /** false: abandoned. The next to acquire it gets an OwnerDiedError. */
  readonly alive: boolean;
  /** How often an RLock is held. */
  readonly depth: number;
  /** A `withLock` section within that thread, as its loop has told last; null: the thread as a whole, or not told apart. */
  readonly section: number | null;
}

/** Since the primitive was made. Counted where a wait is slow anyway, so always on. */
export interface ContentionInfo {
  /** Of those while somebody looked at all, without a wait too; null: nobody does now, or its words are not known. */
  readonly acquires: number | null;
  /** Those that had to wait. */
  readonly contended: number;
  readonly timeouts: number;
  /** Owners that died with it. */
  readonly ownerDeaths: number;
  /** A thread other than the owner has released it: it is used as a signal, and a cycle over it is only suspected. */
  readonly signalled: boolean;
  /** How long those that had to wait did so. */
  readonly wait: Durations;
  /** How long it was held, of every 64th acquisition and every 16th of those that others waited behind; null: of none yet. */
  readonly held: Durations | null;
  /**
   * Where it was waited for, the most time first, ten at most: of the waits that are over, those that began while somebody
   * looked at all (`detail`), and of these 100 a second in each thread. A sample, so what counts is their proportion.
   */
  readonly sites: readonly SiteInfo[];
}

/** In ms, of a histogram with buckets 12 % wide. */
export interface Durations {
  readonly count: number;
  /** Exact. */
  readonly total: number;
  readonly p50: number;
  readonly p99: number;
  /** Exact. */
  readonly max: number;
}

/** The first frame of a stack that is neither this library's nor RxJS's nor Node's. */
export interface Site {
  readonly function: string;
  /**
   * Relative to the working directory, with `..` where it lies outside of that, or a package's name and the path within;
   * `<inline>`: of a function that travelled to its thread by its source, in which `line` counts.
   */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place in the program that has waited for a primitive, and for how many ms in all. */
export interface SiteInfo extends Site {
  readonly waits: number;
  readonly waitTime: number;
}

/** A wait that is not over: an edge of the wait-for graph. */
export interface WaitInfo {
  /** The same wait has the same number as long as it lasts. */
  readonly id: number;
  /** Of the thread that waits. */
  readonly ident: number;
  /** `id` of the primitive; null: it joins a thread, `owner`. */
  readonly primitive: number | null;
  /** Of the primitive, or of the thread that is joined. */
  readonly name: string;
  /** 'blocking': the thread does nothing else. 'observable': its event loop runs on. */
  readonly face: 'blocking' | 'observable';
  /** How many Observable waits of that thread this stands for; the others came later. */
  readonly count: number;
  readonly since: number;
  /** When it gives up by itself; null: never. */
  readonly until: number | null;
  /** Who must let go of it first; null: nobody in particular. */
  readonly owner: number | null;
  /** The `withLock` section that waits; null: none, or not told apart. */
  readonly section: number | null;
  /** Where it began; null: not known. */
  readonly site: Site | null;
}

/** A ThreadPool at a moment. */
export interface PoolInfo {
  readonly id: number;
  readonly name: string;
  /** `ident` of the thread that it belongs to. */
  readonly of: number;
  readonly maxThreads: number;
  /** Workers that it has now. */
  readonly threads: number;
  readonly busy: number;
  readonly queued: number;
  readonly maxQueue: number | null;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** From begun to ended. */
  readonly run: Durations;
  /** From accepted to begun. */
  readonly wait: Durations;
  /** `ident`s of the jobs that run. */
  readonly jobs: readonly number[];
  /** The longest waiting, twenty at most; empty until its thread has answered. */
  readonly next: readonly { readonly name: string; readonly since: number }[];
}

/** Something that is wrong. */
export type Finding = Deadlock | DistributedDeadlock | Starvation | Abandoned | Stall;

interface FindingBase {
  /** The same finding has the same id as long as it lasts. */
  readonly id: string;
  readonly since: number;
  /** One sentence, with names, to be shown and logged as it is. */
  readonly message: string;
}

/** Threads, or sections of pipelines, each of which waits for what the next one has. */
export interface Deadlock extends FindingBase {
  readonly kind: 'deadlock';
  /** 'certain': only an intervention from outside (cancel, terminate) ends it. 'suspected': see `doubts`. */
  readonly certainty: 'certain' | 'suspected';
  /** Empty exactly when certain. */
  readonly doubts: readonly Doubt[];
  readonly cycle: readonly DeadlockEdge[];
  /** `ident`s of threads that are not in the cycle but wait for one that is. */
  readonly behind: readonly number[];
}

/** Why a cycle may end by itself all the same. */
export type Doubt =
  /** A Lock may be released by any thread, and this one has been by another than its owner, or by nobody yet. */
  | { readonly kind: 'signalled'; readonly primitive: number }
  /** A section of pipelines waits in it: none of the cycle can go on by itself, but somebody may unsubscribe one. */
  | { readonly kind: 'unsubscribe'; readonly ident: number }
  /** A thread waits in Observables that are not told apart: other code of it may release what it has. */
  | { readonly kind: 'loop-runs'; readonly ident: number }
  /** A wait of the cycle gives up by itself. */
  | { readonly kind: 'timeout'; readonly wait: number; readonly until: number }
  /** A Semaphore is in the cycle: whoever holds its permits is known only since the monitor runs. */
  | { readonly kind: 'permits'; readonly primitive: number };

/** One wait of a cycle, and what keeps it waiting. */
export interface DeadlockEdge {
  readonly wait: WaitInfo;
  /** What the next of the cycle has: `wait.owner` is its thread. */
  readonly holds: number | null;
  /** Where the waiter is: innermost first. `site` alone, unless stacks were asked for. */
  readonly stack: readonly Site[];
}

/** All workers of a pool wait for jobs that are queued behind them, as the pool's own `warnings$` tells. */
export interface Starvation extends FindingBase {
  readonly kind: 'starvation';
  readonly pool: number;
  readonly waits: readonly number[];
}

/** A lock whose owner is dead and that nobody has acquired since. */
export interface Abandoned extends FindingBase {
  readonly kind: 'abandoned';
  readonly primitive: number;
  readonly ident: number;
}

/** Every thread waits, and nothing that is seen may end a wait: no timer with a `ref`, socket, job, handler of a signal or AbortSignal. */
export interface Stall extends FindingBase {
  readonly kind: 'stall';
  readonly waits: readonly number[];
}

/** How much `deadlocks` and `threadDump` tell of where threads are. */
export interface DeadlockOptions {
  /**
   * 'site' (default): where each wait began, if a monitor ran then. 'full': every thread's whole stack, through the
   * inspector. That stops each thread of the cycle for some ms, and main waits for a worker that is in native code.
   */
  readonly stacks?: 'site' | 'full' | undefined;
}

/** What is looked at, and how closely. */
export interface InspectOptions {
  /**
   * Counts acquisitions that do not wait, measures how long locks are held, remembers where waits began, and keeps
   * events. Default: 'contention'.
   *
   * 'contention': free of charge while nobody waits. 'all': some ns an acquisition, tens of µs a wait, 6 µs a `withLock`
   * section, which is then followed through its asynchronous hops.
   */
  readonly detail?: 'contention' | 'all' | undefined;
  /** To be listed although nobody has waited for them and they are older than the monitor. */
  readonly watch?: readonly (AnyPrimitive | ThreadPool)[] | undefined;
}
