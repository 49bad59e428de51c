import { ThreadError } from '../../errors.js';
import { checkWaitSync, type WaitOptions, type WaitSyncOptions } from '../../primitives/options.js';
import { isCancelled } from '../../primitives/threads/cancel-flag.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { isAlive } from '../../primitives/threads/liveness.js';
import { DAEMON, DUMMY, FREE, MAIN_IDENT, QUEUED } from '../../primitives/threads/table.js';
import { flagsOf, nameOf, nativeIdOf, setName, stateOf } from '../../primitives/threads/thread-slots.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import type { Wait } from '../../primitives/waiting/wait.js';
import { CancelRequest } from './cancel-request.js';
import { EndWatch, joinBlocking } from './join.js';
import { pendingWait } from './pending-wait.js';

/** initial -start-> running, or queued in a ThreadPool -a worker is free-> running -its target has ended, or it died-> stopped. */
export type ThreadState = 'initial' | 'queued' | 'running' | 'stopped';

/**
 * What a Thread object knows of its thread, wherever that was started: its slot of the table, its end, its cancel.
 * StartedHere and StartedElsewhere add what differs.
 *
 * Invariant: `ident` is 0 until the thread is started, and never changes after; the table tells the name while the
 * thread's slot is its own, and the last name that was seen counts once the slot has gone to another thread.
 */
export abstract class ThreadSide {
  ident: number;
  daemon: boolean;
  readonly cancelRequest: CancelRequest = new CancelRequest();
  #name: string;
  #renamedAtEnd = false;
  /** It was cancelled: once that was asked here, or was seen. */
  #cancelled = false;
  #endWatch: EndWatch | undefined;

  constructor(ident: number, name: string, daemon: boolean) {
    this.ident = ident;
    this.daemon = daemon;
    this.#name = name;
  }

  get name(): string {
    if (this.#inTable && !this.#renamedAtEnd) this.#name = nameOf(this.ident) || this.#name;
    return this.#name;
  }

  set name(name: string) {
    this.#name = name;
    this.#renamedAtEnd = this.ident !== 0 && !setName(this.ident, name);
  }

  get nativeId(): number | null {
    return this.#inTable ? nativeIdOf(this.ident) : null;
  }

  get isAlive(): boolean {
    return this.ident !== 0 && isAlive(this.ident);
  }

  get state(): ThreadState {
    if (this.ident === 0) return 'initial';
    // First, as it may be withdrawn while it is asked whether it lives: then it has never run.
    const state = stateOf(this.ident);
    if (!this.isAlive) return 'stopped';
    return state === QUEUED ? 'queued' : 'running';
  }

  get isCancelled(): boolean {
    this.seeCancel();
    return this.#cancelled;
  }

  /** Called while the table still tells that it was cancelled, if it was. */
  seeCancel(): void {
    this.#cancelled ||= this.cancelRequest.asked || (this.#inTable && isCancelled(this.ident));
  }

  join(options: WaitOptions | undefined): Wait<boolean> {
    return pendingWait<boolean>(
      options,
      (settle) => {
        const misuse = this.#cannotJoin();
        if (misuse !== undefined) return void settle.reject(misuse);
        this.awaitEnd(false);
        this.#endWatch ??= new EndWatch(this.ident, () => this.drain());
        // A turn, so that what the thread printed is seen before what its joiner prints.
        return this.#endWatch.add(() => nextTurn(() => settle.resolve(true)));
      },
      // It may have ended in time, while this event loop was blocked.
      (settle) => {
        const ended = !this.isAlive;
        if (ended) this.drain();
        settle.resolve(ended);
      },
    );
  }

  joinSync(options: WaitSyncOptions | undefined): boolean {
    const timeout = checkWaitSync(options);
    const misuse = this.#cannotJoin();
    if (misuse !== undefined) throw misuse;
    const look = (): void => {
      const why = this.cannotBlock();
      if (why !== undefined && timeout === Number.POSITIVE_INFINITY) throw why;
    };
    look();
    this.awaitEnd(true);
    const ended = joinBlocking(this.ident, timeout, look);
    this.drain();
    return ended;
  }

  /** The thread's result or error has been delivered here: those who join it hear of its end within this turn. */
  protected recheckEnd(): void {
    this.#endWatch?.recheck();
  }

  /** Somebody waits for the end of the thread, so no value of its stream may hold it up; `blocking`: without turns. */
  protected abstract awaitEnd(blocking: boolean): void;

  /** Hears now what the thread has said so far. */
  protected abstract drain(): void;

  /** Asked now and then: why blocking this thread until the other has ended would never end; undefined: it may. */
  protected cannotBlock(): ThreadError | undefined {
    return undefined;
  }

  /** @param what - as in "cannot join" */
  protected cannotWait(what: string): ThreadError | undefined {
    if (this.ident !== 0) return undefined;
    return new ThreadError(`cannot ${what} thread '${this.name}' before it is started`);
  }

  #cannotJoin(): ThreadError | undefined {
    if (this.ident === 0) return this.cannotWait('join');
    if (this.ident === getIdent()) return new ThreadError(`cannot join the current thread '${this.name}'`);
    if (this.#inTable && (flagsOf(this.ident) & DUMMY) !== 0)
      return new ThreadError(`cannot join thread '${this.name}': this library did not start it`);
    return undefined;
  }

  /** Whether the slot of the table is still this thread's. */
  get #inTable(): boolean {
    return this.ident !== 0 && stateOf(this.ident) !== FREE;
  }

  /** As CPython's Thread.__repr__. */
  describe(className: string): string {
    const words: (string | number)[] = [this.#isOver ? this.state : 'started'];
    if (this.daemon) words.push('daemon');
    if (this.ident !== 0) words.push(this.ident);
    return `<${this.#kind(className)}(${this.name}, ${words.join(' ')})>`;
  }

  get #isOver(): boolean {
    return this.state === 'initial' || this.state === 'stopped';
  }

  #kind(className: string): string {
    if (this.ident === MAIN_IDENT) return '_MainThread';
    return this.ident !== 0 && (flagsOf(this.ident) & DUMMY) !== 0 ? '_DummyThread' : className;
  }
}

/** Whether the flags of a thread's slot say that it does not keep the process alive. */
export function isDaemon(ident: number): boolean {
  return (flagsOf(ident) & DAEMON) !== 0;
}
