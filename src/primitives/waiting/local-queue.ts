import type { Unsubscribable } from 'rxjs';
import { AGENT_SEQ, AGENTS, WORD } from '../memory/layout.js';
import { type Cells, load, or, parkAsync, wake } from '../memory/word.js';
import { onThreadEnd } from '../threads/current-ident.js';
import { clock } from '../threads/table.js';
import { type Waited, WaitRecord, type WaitTimes } from '../threads/wait-record.js';
import { type Attempt, isDecided, type Outcome, YIELD_MS, YIELDED } from './attempt.js';
import { CallerContext } from './caller-context.js';
import { after, keepAlive, nextTurn, RECHECK_MS, recheckPeriodically, soon } from './event-loop.js';
import { type Leavable, LeavableQueue } from './leavable-queue.js';
import { type NotedWait, type WaitEnd, waitBegins, waitEnds } from './noted-wait.js';
import { onAbort } from './on-abort.js';
import { currentScope, type Scope } from './section-scope.js';
import type { Settle } from './wait.js';
import { siteHere } from './wait-site.js';

/** What is waited for. */
interface Acquired extends Waited {
  /** Of what can be acquired. */
  release?(): void;
}

/** A wait in its queue, which ends in the context of its subscriber, whoever serves it; unsubscribing leaves. */
class QueuedWait extends CallerContext implements Leavable, Unsubscribable, PendingWait, NotedWait {
  readonly queue: LocalQueue;
  readonly attempt: Attempt<unknown>;
  /** undefined once it is out of the queue. */
  settle: Settle<unknown> | undefined;
  /** Stops its timer and its signal listener. */
  stop: (() => void) | undefined = undefined;
  readonly since: number = clock();
  readonly until: number;
  readonly site: number = siteHere();
  /** Where it is counted. */
  counted = -1;

  constructor(queue: LocalQueue, attempt: Attempt<unknown>, timeout: number, settle: Settle<unknown>) {
    super();
    this.until = this.since + timeout;
    this.queue = queue;
    this.attempt = attempt;
    this.settle = settle;
  }

  get id(): number {
    return this.queue.recordId;
  }

  get on(): Waited {
    return this.queue.on;
  }

  get scope(): Scope | undefined {
    return this.run(currentScope);
  }

  get left(): boolean {
    return this.settle === undefined;
  }

  poll(): Outcome<unknown> {
    const { attempt } = this;
    return attempt.scoped === true ? this.run(() => attempt.poll()) : attempt.poll();
  }

  expire(isFirst: boolean): Outcome<unknown> {
    const { attempt } = this;
    return attempt.scoped === true ? this.run(() => attempt.expire(isFirst)) : attempt.expire(isFirst);
  }

  unsubscribe(): void {
    this.queue.leave(this);
  }
}

/** The queues of this thread that are not empty. */
const busy = new Set<LocalQueue>();

/**
 * The Observable waits of this thread for one primitive, in the order they came. They have one agent, a pending waitAsync
 * on AGENT_SEQ: it sleeps for all of them, as a blocked thread sleeps for itself.
 *
 * A wait's life: beginWait queues it as its first look failed. While it is first (or anywhere, when it is not `inTurn`), `#look` polls it, and what it
 * comes to runs in the code of whoever looks: the woken agent, a microtask after a release of this very thread (`lookSoon`), a
 * caller that serves others at once (`lookAtOnce`), or the periodic recheck. It ends early by its timeout (`expire`), its
 * signal or unsubscribing (`leave`), and when the thread's target ends, by `abandon`, which tells nobody.
 *
 * The agent arms, then looks: it reads AGENT_SEQ, sets AGENTS, polls, and sleeps only if AGENT_SEQ is still what it
 * read. A change before the poll is seen by it, a change after it bumps AGENT_SEQ. waitAsync cannot be cancelled, so an
 * agent whose queue ran empty sleeps on until the next recheck wakes it.
 *
 * Invariant: while the queue is not empty, the agent sleeps with AGENTS set, or it was woken and `#woken` is about to
 * run, or it will be armed when the loop turns. The last is for speed: waits that are granted one another's releases
 * within one turn need no agent, and no trip through the kernel.
 */
export class LocalQueue {
  readonly #cells: Cells;
  readonly on: Acquired;
  readonly #record = new WaitRecord();
  readonly #line = new LeavableQueue<QueuedWait>();
  #asleep = false;
  #looksSoon = false;
  #armsNextTurn = false;
  #rechecked = false;
  #looking = false;
  #calm: (() => void) | undefined;

  constructor(on: Acquired & { readonly cells: Cells }) {
    this.on = on;
    this.#cells = on.cells;
  }

  get size(): number {
    return this.#line.size;
  }

  /** See PendingWait. @internal */
  get recordId(): number {
    return this.#record.id;
  }

  /** @internal */
  pending(): readonly PendingWait[] {
    return this.#line.all();
  }

  /** Queues an attempt whose first look failed. Returns how to leave. */
  wait<T>(
    attempt: Attempt<T>,
    timeout: number,
    signal: AbortSignal | undefined,
    settle: Settle<T>,
  ): Unsubscribable {
    const place = new QueuedWait(this, attempt, timeout, settle as Settle<unknown>);
    place.counted = waitBegins(this.on, 'observable', place);
    this.#line.push(place);
    this.#resized(1);
    if (timeout !== Number.POSITIVE_INFINITY || signal !== undefined) this.#limit(place, timeout, signal);
    if (this.size === 1) this.#armAndLook();
    return place;
  }

  /** Takes a wait out. Returns where it would have ended; undefined: it had ended before. @internal */
  leave(place: QueuedWait): Settle<unknown> | undefined {
    const settle = this.#remove(place, 'left');
    if (settle !== undefined) place.attempt.leave();
    return settle;
  }

  /**
   * Looks in a microtask. For a change that this very thread makes: nobody else will wake its queue, and the code that
   * made the change should finish first.
   */
  lookSoon(): void {
    if (this.size === 0 || this.#looksSoon) return;
    this.#looksSoon = true;
    soon(this.#lookNow);
  }

  /** Looks before it returns: the subscribers that are served run inside the call. */
  lookAtOnce(): void {
    if (this.size > 0) this.#look();
  }

  readonly #lookNow = (): void => {
    this.#looksSoon = false;
    this.#look();
    if (this.size > 0) this.#armNextTurn();
  };

  /** Looks again periodically, in case whoever should have woken the agent died. */
  recheck(): boolean {
    if (this.size > 0) {
      this.#look();
      if (this.size > 0) this.#armAndLook();
    }
    if (this.size > 0) return true;
    // Nobody waits any more. An agent that stayed asleep would keep the primitive's memory.
    if (this.#asleep) wake(this.#cells, AGENT_SEQ);
    else this.#rechecked = false;
    return this.#rechecked;
  }

  /** Every wait leaves; no subscriber is told. */
  abandon(): void {
    for (let place = this.#line.first(); place !== undefined; place = this.#line.first()) this.leave(place);
  }

  #look(): void {
    // A subscriber that is served may call back into this: the look that serves it goes on afterwards.
    if (this.#looking) return;
    this.#looking = true;
    try {
      let place = this.#line.first();
      while (place !== undefined && this.#try(place, false)) place = this.#line.first();
      if (place === undefined) return;
      this.#record.owner(place.attempt.owner());
      if (place.attempt.inTurn) return;
      for (const behind of this.#line.rest()) if (!behind.left) this.#try(behind, false);
    } finally {
      this.#looking = false;
      this.#tellFirst();
    }
  }

  /** true when the place's wait has ended. */
  #try(place: QueuedWait, expired: boolean): boolean {
    let outcome: Outcome<unknown>;
    try {
      outcome = expired ? place.expire(this.#line.first() === place) : place.poll();
    } catch (error) {
      const settle = this.#remove(place, 'left');
      if (settle !== undefined) place.tell(() => settle.reject(error));
      return true;
    }
    if (outcome === YIELDED) this.#lookWhenCalm();
    if (!isDecided(outcome)) return false;
    const settle = this.#remove(place, expired && outcome === false ? 'timeout' : 'woken');
    if (settle === undefined) return true;
    // Who leaves is `left` before RxJS has it leave, and code of the user's may run in between.
    if (outcome === true && place.attempt.acquires && settle.left === true)
      place.run(() => this.on.release?.());
    else place.tell(() => settle.resolve(outcome));
    return true;
  }

  #armNextTurn(): void {
    if (this.#armsNextTurn) return;
    this.#armsNextTurn = true;
    nextTurn(() => {
      this.#armsNextTurn = false;
      if (this.size > 0) this.#armAndLook();
    });
  }

  #armAndLook(): void {
    for (;;) {
      const sequence = load(this.#cells, AGENT_SEQ);
      or(this.#cells, WORD, AGENTS);
      this.#look();
      if (this.size === 0 || this.#asleep || this.#looking) return;
      this.#asleep = true;
      if (parkAsync(this.#cells, AGENT_SEQ, sequence, this.#woken)) return;
      this.#asleep = false;
    }
  }

  readonly #woken = (): void => {
    this.#asleep = false;
    if (this.size > 0) this.#armAndLook();
  };

  #lookWhenCalm(): void {
    this.#calm ??= after(YIELD_MS, () => {
      this.#calm = undefined;
      if (this.size > 0) this.#armAndLook();
    });
  }

  #limit(place: QueuedWait, timeout: number, signal: AbortSignal | undefined): void {
    const expired = (): void => {
      if (place.left || this.#try(place, true)) return;
      stop = after(RECHECK_MS, expired);
    };
    const aborted = (): void => {
      const settle = this.leave(place);
      if (settle !== undefined) place.tell(() => settle.reject(signal?.reason));
    };
    let stop = timeout === Number.POSITIVE_INFINITY ? undefined : after(timeout, expired);
    const forget = signal && onAbort(signal, aborted);
    place.stop = () => {
      stop?.();
      forget?.();
    };
  }

  #remove(place: QueuedWait, how: WaitEnd): Settle<unknown> | undefined {
    const { settle } = place;
    if (settle === undefined) return undefined;
    place.settle = undefined;
    place.stop?.();
    place.stop = undefined;
    waitEnds(this.on, place, how, 'observable');
    this.#line.shrink();
    this.#resized(-1);
    return settle;
  }

  #tellFirst(): void {
    const first = this.#line.first();
    if (first !== undefined) this.#record.first(first);
  }

  #resized(by: 1 | -1): void {
    const { size } = this;
    this.#record.set(this.on, size, this.#line.first());
    // Those that one look serves are not told of one by one.
    if (!this.#looking) this.#tellFirst();
    if (size === 0) {
      busy.delete(this);
      keepAlive(-1);
    } else if (by === 1 && size === 1) {
      busy.add(this);
      keepAlive(1);
      if (!this.#rechecked) recheckPeriodically(this);
      this.#rechecked = true;
    }
  }
}

/** An Observable wait that has not ended. */
export interface PendingWait extends WaitTimes {
  /** Of the record that tells of it and of the others for the same primitive: see `waits`. 0: it has none. */
  readonly id: number;
  readonly on: Waited;
  /** The section that it is within. */
  readonly scope: Scope | undefined;
}

/** Those of this thread. */
export function pendingWaits(): PendingWait[] {
  return [...busy].flatMap((queue) => queue.pending());
}

/** Leaves what the current thread has pending, as by unsubscribing: a thread that ended is granted nothing. */
function abandonWaits(): void {
  for (const queue of busy) queue.abandon();
}

onThreadEnd(abandonWaits);
