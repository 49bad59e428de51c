import { AsyncResource } from 'node:async_hooks';
import type { TransferListItem } from 'node:worker_threads';
import { type Cells, load, park, store } from '../../primitives/memory/word.js';
import type { PackedTarget } from '../../primitives/target.js';
import { KeptSlot } from '../../primitives/threads/kept-slot.js';
import { numberOf } from '../../primitives/threads/strings.js';
import { clock } from '../../primitives/threads/table.js';
import { markDied } from '../../primitives/threads/thread-slots.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import { packError } from '../wire/codec.js';
import type { JobClaims } from '../wire/job-claims.js';
import { dropArgs } from '../wire/kept-args.js';
import {
  type CancelMessage,
  type CreditMessage,
  DECLINED,
  type FromWorker,
  JOB_FIELDS,
  type JobsMessage,
  type TargetMessage,
  type ToWorker,
} from '../wire/messages.js';
import { dropCancel, keepCancel, setParent } from '../wire/parent-link.js';
import { PortChannel, type UnreadMessage } from '../wire/port-channel.js';
import { BELL, claimsOf, OPEN, SEEN, seen } from '../wire/session-cells.js';
import { isTold, threadName } from '../wire/thread-name.js';
import type { SessionOpening } from '../workers/session-owner.js';
import { withContexts } from './job-context.js';
import { heapMb, isQuiet } from './leftovers.js';
import { type KnownTarget, Running, type SentJob } from './thread-body.js';

/**
 * What runs inside a worker. Piscina loads worker-entry.ts and calls `openSession`, which takes over the port; from then
 * on jobs come over it as messages:
 *
 *   worker-entry.ts -> session.ts -> thread-body.ts -> the target
 *
 * These three, with the wire's codec and the rooms memory and threads of the primitives, are all that a new worker loads
 * before its first thread; the build joins all but the entry, and prepare.ts, into one file. They import nothing, directly or not, that
 * reaches rxjs, because rxjs alone would take longer to load than most first threads run. What only some threads need is
 * imported by the first that does: prepare.ts (targets of modules), subclass.ts (classes that extend Thread), load-codecs.ts
 * (values with primitives or Threads in them), streaming.ts (targets that stream), failure.ts (targets that throw),
 * target-trace.ts, worker-life.ts (pools with `setup` or `teardown`), and answering.ts (monitors). Most targets are plain functions on plain values and get by with the first three.
 *
 * A worker runs one thread after the other, in the order in which they came: claimed as it begins, over with an end
 * message, and followed by the next a turn of the event loop later, or once its leftovers are done (leftovers.ts).
 */

/**
 * ms that an idle worker sleeps on BELL before its event loop turns again. It is woken there in half the time that the
 * event loop takes; a shorter sleep makes the kernel set another timer each time. Not longer, because what waits for the loop and does not
 * keep it alive, such as a channel that is unreferenced, is late by as much; and once, because idle workers that woke at times
 * would disturb those at work.
 */
const PARKED_MS = 10;

/**
 * Node's own end of a turn, which the REPL calls: runs what is left in ticks and microtasks, and reports the rejections that
 * nobody has handled. No part of its documentation, and so maybe undefined one day; then the event loop turns instead, which
 * costs a small job as much again. So it does with --pending-deprecation, where Node has put a function before it that warns.
 */
const { _tickCallback } = process as { readonly _tickCallback?: () => void };
const endTurn = _tickCallback?.name === 'deprecated' ? undefined : _tickCallback;

/** As it is when this file loads, because a target may mock it and leave it so, as fake timers do. */
const { nextTick } = process;

let session: Session | undefined;

/** The worker's side of workers/session.ts. */
class Session {
  readonly #opening: SessionOpening;
  readonly #cells: Cells;
  readonly #claims: JobClaims;
  readonly #slot: KeptSlot;
  readonly #channel: PortChannel<FromWorker, ToWorker>;
  readonly #targets = new Map<number, KnownTarget>();
  /** Messages that have come: as many as BELL says, or one that it does not say yet. */
  #came = 0;
  /** Jobs that have come; those from index `#at` on the worker has not looked at. */
  #jobs: SentJob[] = [];
  #at = 0;
  /** Undefined once the worker is free again, because an idle one would keep what its last job was called with. */
  running: Running | undefined;
  /** The worker is not free: a job runs, or `setup`, or leftovers, or the turn of the event loop after a job has not come. */
  #taken = false;
  /** When the event loop turned last. */
  #turned = clock();
  #ran = 0;
  /** It has run as many jobs as it may, or its heap has grown too large: it begins with no more. */
  #worn = false;
  /** It tears down, for which it needs its event loop. */
  #ends = false;

  constructor(opening: SessionOpening) {
    this.#opening = opening;
    this.#cells = opening.cells;
    this.#claims = claimsOf(opening.cells);
    this.#slot = new KeptSlot(opening.starter, opening.life.pool);
    this.#channel = new PortChannel(opening.port);
    setParent(
      (message, transfer) => {
        const { running } = this;
        if (message.kind !== 'progress') this.post(message, transfer);
        else if (running !== undefined) {
          // Values that the thread's stream emitted before the progress go first, as far as the reader has room.
          running.inTurn(() => this.post({ ...message, seq: running.seq }, transfer));
        }
        return true;
      },
      () => this.#channel.drain(),
    );
    this.#channel.hear((message) => this.#received(message));
    this.#channel.hold(true);
    const { setup } = opening.life;
    if (setup === undefined) store(this.#cells, SEEN, OPEN);
    else void this.#setUp(setup);
  }

  async #setUp(setup: PackedTarget): Promise<void> {
    this.#taken = true;
    try {
      const { setUpWorker } = await import('./worker-life.js');
      await outsideOfJobs(() => setUpWorker(setup));
    } catch (error) {
      this.#fail(error);
    }
    store(this.#cells, SEEN, OPEN);
    this.#free();
  }

  async #tearDown(): Promise<void> {
    const { teardown } = this.#opening.life;
    this.#taken = true;
    this.#ends = true;
    try {
      const { tearDownWorker } = await import('./worker-life.js');
      if (teardown !== undefined) await outsideOfJobs(() => tearDownWorker(teardown));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Not thrown, because a worker whose user handles what nobody else does, as many loggers do, would go on and never be free. */
  #fail(error: unknown): never {
    this.post({ kind: 'failed', error: packError(error) });
    process.exit(1);
  }

  readonly post = (message: FromWorker, transfer?: readonly TransferListItem[]): void => {
    this.#channel.post(message, transfer);
  };

  #received(message: ToWorker | UnreadMessage): void {
    this.#came++;
    if (Array.isArray(message)) this.#take(message);
    else this.#heed(message as Exclude<typeof message, JobsMessage>);
    if (!this.#taken) this.#next();
  }

  #heed(message: Exclude<ToWorker, JobsMessage> | UnreadMessage): void {
    if (message.kind === 'cancel') this.#keepCancel(message);
    else if (message.kind === 'credit') this.#credit(message);
    else if (message.kind === 'target') this.#learn(message);
    else if (message.kind === 'forget targets') this.#targets.clear();
    else if (message.kind === 'tear down') void this.#tearDown();
    else if (message.kind === 'ask') void this.#answer();
    else this.post({ kind: 'refused', nth: this.#came, why: message.why });
  }

  /** One that comes too late would stay: the thread has ended, or was taken back. */
  #keepCancel(message: CancelMessage): void {
    const { ident } = message;
    const runs = this.running?.ident === ident && !this.running.over;
    if (runs || this.#isToCome(ident)) keepCancel(message);
  }

  #credit({ seq, values }: CreditMessage): void {
    if (this.running?.seq === seq) this.running.credit(values);
    for (const job of this.#jobs) if (job.seq === seq) job.early += values;
  }

  #isToCome(ident: number): boolean {
    return this.#jobs.some((job, at) => at >= this.#at && job.ident === ident);
  }

  async #answer(): Promise<void> {
    const { answerHere } = await import('./answering.js');
    if (this.running !== undefined) this.post({ kind: 'answer', answer: answerHere(this.running.ident) });
  }

  #learn({ id, target: packed, label }: TargetMessage): void {
    this.#targets.set(id, { packed, label, run: undefined, told: numberOf(label) });
  }

  #take(message: JobsMessage): void {
    for (let at = 0; at < message.length; at += JOB_FIELDS) {
      const [seq, target, ident, name, args] = message.slice(at, at + JOB_FIELDS);
      this.#jobs.push({
        seq: seq as number,
        target: this.#targets.get(target as number),
        ident: ident as number,
        name: name as SentJob['name'],
        args: args as SentJob['args'],
        pool: this.#opening.life.pool,
        early: 0,
      });
    }
  }

  /** Begins the next job that has not been taken back. */
  #next(): void {
    while (!this.#worn && this.#at < this.#jobs.length) {
      const job = this.#jobs[this.#at++] as SentJob;
      if (this.#at === this.#jobs.length) {
        this.#jobs = [];
        this.#at = 0;
      }
      store(this.#cells, SEEN, seen(job.seq));
      const ident = this.#claims.isOffered(job.seq) ? job.ident || this.#claimIdent(job) : 0;
      const isMine = ident !== 0 && this.#claims.claim(job.seq, ident);
      if (job.ident === 0 && ident !== 0) {
        if (isMine) this.#slot.show();
        else this.#slot.giveBack();
      }
      if (isMine) {
        this.#begin(job, ident);
        return;
      }
      // It may have been taken back and given to this worker once more.
      if (job.ident !== 0 && !this.#isToCome(job.ident)) dropCancel(job.ident);
      if ('args' in job.args) dropArgs(job.args.args);
    }
  }

  /** 0: there is none to be had, and so the job is declined. */
  #claimIdent({ seq, name, target }: SentJob): number {
    const { flags } = this.#opening;
    const label = target?.label ?? '';
    try {
      if (typeof name === 'number' && isTold(label)) return this.#slot.claim(label, flags, name);
      return this.#slot.claim(typeof name === 'string' ? name : threadName(name, label), flags, 0);
    } catch (error) {
      this.post([seq, DECLINED, packError(error), clock(), clock(), 0]);
      return 0;
    }
  }

  #begin(job: SentJob, ident: number): void {
    this.#taken = true;
    this.#ran++;
    this.running = new Running(job, ident, this.post, this.#opening.leftoversMs, this.#isWorn, this.#free);
    beginIn(this.running);
  }

  /** Asked at the end of a job: whether it is the last one of this worker. */
  readonly #isWorn = (): boolean => {
    const { maxJobs, maxHeap } = this.#opening.life;
    this.#worn = this.#ran >= maxJobs || (maxHeap !== Number.POSITIVE_INFINITY && heapMb() > maxHeap);
    return this.#worn;
  };

  /**
   * The worker can take another job, once what the last one has left in promises has run: a rejection that nobody handles
   * ends the worker, and no job that has begun by then. At times the event loop turns in between, for timers and the like.
   */
  readonly #free = (): void => {
    this.running = undefined;
    if (endTurn === undefined || clock() - this.#turned >= PARKED_MS) nextTurn(this.#turn);
    else nextTick(this.#tick);
  };

  readonly #turn = (): void => {
    this.#turned = clock();
    this.#go();
  };

  readonly #tick = (): void => {
    endTurn?.();
    this.#go();
  };

  #go(): void {
    if (this.#ends) return;
    this.#taken = false;
    this.#next();
    if (!this.#taken) this.#park();
  }

  /** Sleeps until a message comes, unless something else in the worker waits for its event loop. */
  #park(): void {
    while (!this.#taken && clock() - this.#turned < PARKED_MS && isQuiet()) {
      const rung = load(this.#cells, BELL);
      const isHeard = ((rung - this.#came) | 0) <= 0;
      if (isHeard && park(this.#cells, BELL, rung, PARKED_MS) === 'timed-out') return;
      this.#channel.drain((load(this.#cells, BELL) - this.#came) | 0);
    }
  }
}

const clean = new AsyncResource('rxjs-threading');

/**
 * What the thread enters into an AsyncLocalStorage is gone with it. In the resource of the port, in which this runs, Node
 * 20 would keep it for the next thread of the worker.
 */
function beginIn(thread: Running): void {
  const { contexts } = thread;
  const begin = (): void => thread.begin();
  outsideOfJobs(contexts === undefined ? begin : () => withContexts(contexts, begin));
}

/** In an async context of its own, which has nothing of the jobs before. */
function outsideOfJobs<T>(run: () => T): T {
  const own = clean.runInAsyncScope(() => new AsyncResource('rxjs-threading.Thread'));
  return own.runInAsyncScope(run);
}

/** The only task of ours that Piscina runs in a worker: takes the port over which jobs come. The first may be in it already. */
export function openSession(opening: SessionOpening): void {
  session = new Session(opening);
}

// Others learn of the death from this sooner than from the kernel or from the parent's event loop.
process.on('exit', () => {
  if (session?.running !== undefined) markDied(session.running.ident);
});
