import { distinctUntilChanged, map, type Observable } from 'rxjs';
import {
  checkCount,
  checkOptions,
  checkSignal,
  checkTimeout,
  show,
  type WaitOptions,
} from '../primitives/options.js';
import { Wait } from '../primitives/waiting/wait.js';
import type { MachineInfo, MachinesSnapshot, MachinesState } from './info.js';
import { closeJobs, jobHost } from './job-host.js';
import { engineAndKeeper } from './keeper.js';
import { deadlockStream, type MachineDeadlock } from './machine-deadlocks.js';
import { checkMachines, checkThingName, type MachinesOptions } from './options.js';
import { addressOf } from './redis-connection.js';
import { checkRemoteBarrier, RemoteBarrier, type RemoteBarrierOptions } from './remote-barrier.js';
import { RemoteCondition } from './remote-condition.js';
import { RemoteEvent } from './remote-event.js';
import { checkRemoteLock, RemoteLock, type RemoteLockOptions } from './remote-lock.js';
import { RemotePool, type RemotePoolOptions } from './remote-pool.js';
import { RemoteRLock } from './remote-rlock.js';
import { RemoteSemaphore } from './remote-semaphore.js';
import { type ServeOptions, type Serving, serve } from './serve.js';
import { Session } from './session.js';
import { enumerate, enumerateStream, snapshot, snapshotStream } from './snapshot.js';
import { STAYS_HERE } from './stays-here.js';
import { tellMonitors } from './tell-monitors.js';

/**
 * This process among others that share an engine. One session for all it holds and waits for, whatever their number: its
 * end frees everything in one step, and one renewal keeps everything.
 *
 * Keeps the process alive only while something is held or waited for. As the process ends, an uncaught error included, it
 * says goodbye within 250 ms.
 *
 * @throws TypeError, RangeError for bad options
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const save = async (order: string) => `saved ${order}`;
 * of('tea')
 *   .pipe(withLock(machines.lock('accounts'), save))
 *   .subscribe({ next: (done) => console.log(done), complete: () => machines.close() }); // prints saved tea
 */
export class Machines implements AsyncDisposable {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = STAYS_HERE;
  /** Who shares it shares its names. */
  readonly namespace: string;
  /** ms that this process may be silent before others take what it holds. */
  readonly lease: number;
  readonly #session: Session;

  constructor(options: MachinesOptions) {
    const checked = checkMachines(options);
    // What the keeper's thread could not be sent is told here, and not by each wait.
    const { connection } = checked;
    if (connection !== 'memory' && typeof connection !== 'function') addressOf(connection);
    this.namespace = checked.namespace;
    this.lease = checked.lease;
    this.#session = new Session(checked, (options, hear) => {
      tellMonitors(this.#session);
      return engineAndKeeper(options, hear);
    });
  }

  /** Id of the membership; another after a loss. */
  get session(): string {
    return this.#session.id;
  }

  /**
   * Connects now, and emits once connected. Unsubscribing ends only the waiting.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: EngineError when the engine refuses, is too old,
   * evicts keys, or is used by another version of this protocol; TimeoutError; the reason of `signal`
   */
  open(options?: WaitOptions): Wait<Machines> {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) =>
      this.#session.opened(timeout, signal, {
        resolve: () => settle.resolve(this),
        reject: (error) => settle.reject(error),
      }),
    );
  }

  /** Whether all that is held is ours for certain at this instant, whatever the event loop did meanwhile. Costs a look at two words. */
  get valid(): boolean {
    return this.#session.validity.valid;
  }

  /** Now and every change. Completes when closed. Does not keep the process alive. */
  get state$(): Observable<MachinesState> {
    return this.#session.state$;
  }

  /** What went wrong where nobody listened. Completes when closed. Does not keep the process alive. */
  get errors$(): Observable<Error> {
    return this.#session.errors$;
  }

  /** The lock of that name, the same on every machine. @throws TypeError, RangeError for a bad name or options */
  lock(name: string, options?: RemoteLockOptions): RemoteLock {
    return new RemoteLock(this.#session, checkThingName(name), checkRemoteLock(options));
  }

  /** The same lock, which its owner may enter again. @throws TypeError, RangeError for a bad name or options */
  rlock(name: string, options?: RemoteLockOptions): RemoteRLock {
    return new RemoteRLock(this.#session, this.lock(name, options));
  }

  /** `value` permits, the same for all: another number is a RangeError of the wait. @throws TypeError, RangeError */
  semaphore(name: string, value: number): RemoteSemaphore {
    checkCount('value', value, 1, Number.MAX_SAFE_INTEGER);
    return new RemoteSemaphore(this.#session, checkThingName(name), value);
  }

  /** The event of that name, the same on every machine. @throws TypeError, RangeError for a bad name */
  event(name: string): RemoteEvent {
    return new RemoteEvent(this.#session, checkThingName(name));
  }

  /** `parties`, the same for all: another number is a RangeError of the wait. @throws TypeError, RangeError */
  barrier(name: string, parties: number, options?: RemoteBarrierOptions): RemoteBarrier {
    checkCount('parties', parties, 1, Number.MAX_SAFE_INTEGER);
    const checked = checkRemoteBarrier(options);
    return new RemoteBarrier(this.#session, checkThingName(name), parties, checked);
  }

  /** The condition of that lock of this Machines: a lock has one, the same on every machine. @throws TypeError */
  condition(lock: RemoteLock | RemoteRLock): RemoteCondition {
    if (!(lock instanceof RemoteLock || lock instanceof RemoteRLock))
      throw new TypeError(`lock must be a RemoteLock or a RemoteRLock, got ${show(lock)}`);
    if (!lock.isOf(this.#session))
      throw new TypeError(`lock must be of this Machines, got ${lock} of another`);
    return new RemoteCondition(this.#session, lock);
  }

  /** Every living process of the namespace: those whose lease runs. Unsubscribing costs nobody anything. */
  enumerate(): Wait<readonly MachineInfo[]> {
    return enumerate(this.#session);
  }

  /**
   * The same, and every change; coalesces. A killed process leaves it when its lease ends, or sooner. Completes when closed.
   * Does not keep the process alive.
   */
  get enumerate$(): Observable<readonly MachineInfo[]> {
    return enumerateStream(this.#session);
  }

  /** How many they are, and every change. Completes when closed. Does not keep the process alive. */
  get activeCount$(): Observable<number> {
    return this.enumerate$.pipe(
      map((machines) => machines.length),
      distinctUntilChanged(),
    );
  }

  /** Who has what, and who waits for what, in all processes; one look. For monitors, and for people in trouble. */
  snapshot(): Wait<MachinesSnapshot> {
    return snapshot(this.#session);
  }

  /**
   * The same every `every` ms (default 1000) and at each change of membership. Completes when closed. Does not keep the
   * process alive.
   *
   * @throws TypeError, RangeError for bad options
   */
  snapshot$(options?: { every?: number | undefined }): Observable<MachinesSnapshot> {
    return snapshotStream(this.#session, options);
  }

  /**
   * Processes that wait for each other's locks, and every change: an empty array at once. A cycle counts once it was there in two
   * looks, `every` ms apart (default 1000). Completes when closed. Does not keep the process alive. Unsubscribing ends the
   * looking. Python has no such thing.
   *
   * @throws TypeError, RangeError for bad options
   * @example
   * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
   * machines.deadlocks$().subscribe((found) => console.log(found)); // prints []
   */
  deadlocks$(options?: { every?: number | undefined }): Observable<readonly MachineDeadlock[]> {
    return deadlockStream(snapshotStream(this.#session, options));
  }

  /**
   * Where jobs go to; the name is that of BullMQ's queue. Connects with the first job.
   *
   * @throws TypeError, RangeError for a bad name or options
   */
  pool(name: string, options?: RemotePoolOptions): RemotePool {
    return new RemotePool(jobHost(this.#session), name, options);
  }

  /**
   * Runs the jobs of the RemotePool `name` in this process, until it is closed: each in a thread of a ThreadPool, so that no
   * code of a target can keep its job's lease from being renewed. Keeps the process alive.
   *
   * Only functions that the module itself exports are run. `reportProgress`, generators and Observables work as in any
   * thread; `currentJob` tells a target of its job.
   *
   * @throws TypeError, RangeError for a bad name or options; EngineError when bullmq or ioredis is not installed
   */
  serve(name: string, options: ServeOptions): Serving {
    return serve(jobHost(this.#session), name, options);
  }

  /**
   * Ends the session: what is held is released, and nobody is told that an owner died; waits fail with LockLostError, and
   * those for jobs with a ThreadError, ERR_POOL, and their jobs go on, as those of a process that ends. Jobs that run here are
   * given back to their queue first. Timers and detached jobs are in theirs by then, unless the engine does not answer for a
   * lease: `errors$` tells of these.
   */
  async close(): Promise<void> {
    await closeJobs(this.#session);
    await this.#session.close();
  }

  /** As `close`; called by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
