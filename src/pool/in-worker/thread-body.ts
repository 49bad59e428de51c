import type { TransferListItem } from 'node:worker_threads';
import { type PackedTarget, type Runnable, unpackTarget } from '../../primitives/target.js';
import { isCancelled } from '../../primitives/threads/cancel-flag.js';
import { endThread, setIdent } from '../../primitives/threads/current-ident.js';
import { numberOf } from '../../primitives/threads/strings.js';
import { clock } from '../../primitives/threads/table.js';
import { noteTarget } from '../../primitives/threads/thread-notes.js';
import { markRunning, markStopped, nameOf } from '../../primitives/threads/thread-slots.js';
import { someoneTraces } from '../../primitives/threads/trace-flag.js';
import { callTold, type RunContext } from '../../primitives/waiting/channels.js';
import { after } from '../../primitives/waiting/event-loop.js';
import { decode, type Encoded, encode } from '../wire/codec.js';
import { dropArgs } from '../wire/kept-args.js';
import {
  CANCELLED,
  COMPLETED,
  creditOf,
  DECLINED,
  type Envelope,
  FLUSHING,
  type FromWorker,
  LEFTOVERS,
  RETURNED,
  RETURNED_ENCODED,
  type RunningThread,
  THREW,
  WORN,
} from '../wire/messages.js';
import { dropCancel, keepCancel } from '../wire/parent-link.js';
import { movesOf } from '../wire/transfer.js';
import { hasAwaitedChildren } from '../workers/children.js';
import { countWatched, expectAll, isIdle } from './leftovers.js';
import { prepareDecode } from './load-codecs.js';
import { isStream, isThenable } from './result-kind.js';
import type { Streaming } from './streaming.js';
import type * as TargetTrace from './target-trace.js';

/** How often a worker looks whether the leftovers of its thread are done, in ms. */
const LOOK_AFTER = 5;

/** A target that this session was told of. */
export interface KnownTarget {
  readonly packed: PackedTarget;
  readonly label: string;
  /** The function itself, once it has been unpacked: kept, as an import takes several turns each time. */
  run: Runnable | undefined;
  /** Its label, as monitors are told of it: a number of strings.ts. */
  readonly told: number;
}

/** A job as it came: see JobsMessage. */
export interface SentJob {
  readonly seq: number;
  /** Undefined: nothing, or what the Envelope says. */
  readonly target: KnownTarget | undefined;
  readonly ident: number;
  readonly name: string | number;
  readonly args: readonly unknown[] | Envelope;
  /** `id` of its ThreadPool; 0: none. */
  readonly pool: number;
  /** Credit that came before its turn. */
  early: number;
}

type Post = (message: FromWorker, transfer?: readonly TransferListItem[]) => void;

/**
 * A thread that runs in this worker: from its claim to its end message. A new worker loads this file and what
 * it imports before its first thread (see session.ts), so what most threads do not need is imported when it is needed.
 */
export class Running implements RunningThread {
  readonly seq: number;
  readonly ident: number;
  readonly target: RunningThread['target'];
  readonly contexts: Envelope['contexts'];
  /** Its end is told, or it never begins. */
  over = false;
  readonly #known: KnownTarget | undefined;
  readonly #args: Encoded;
  readonly #traceparent: string | undefined;
  readonly #credit: number;
  readonly #pool: number;
  readonly #post: Post;
  readonly #leftoversMs: number;
  readonly #isLast: () => boolean;
  readonly #free: () => void;
  #began = 0;
  #trace: typeof TargetTrace | undefined;
  #streaming: Streaming | undefined;
  /** Credit that came before the target had returned its stream. */
  #early: number;
  /** Tells of its end, if somebody listens. */
  #tellEnd: ((error?: unknown) => void) | undefined;

  /**
   * @param leftoversMs - until leftovers count as there to stay: see leftovers.ts
   * @param isLast - asked at its end: whether the worker takes no other
   * @param free - called once the worker can take another thread
   */
  constructor(
    job: SentJob,
    ident: number,
    post: Post,
    leftoversMs: number,
    isLast: () => boolean,
    free: () => void,
  ) {
    const { seq, target, args } = job;
    const envelope: Envelope = Array.isArray(args)
      ? { args: { value: args, hasStandIns: false } }
      : (args as Envelope);
    this.seq = seq;
    this.ident = ident;
    this.#known = target;
    this.target = envelope.run ?? target?.packed ?? null;
    this.contexts = envelope.contexts;
    this.#args = envelope.args;
    this.#traceparent = envelope.traceparent;
    this.#credit = envelope.credit ?? creditOf(job.ident);
    if (envelope.cancel !== undefined) keepCancel(envelope.cancel);
    this.#pool = job.pool;
    this.#early = job.early;
    this.#post = post;
    this.#leftoversMs = leftoversMs;
    this.#isLast = isLast;
    this.#free = free;
  }

  /** Calls a function that is at hand at once; whatever else the thread is needs something imported first. */
  begin(): void {
    endThread();
    this.#began = clock();
    // Before anything is written for the ident, because its slot may be another's by now.
    if (!markRunning(this.ident, this.#began)) {
      this.#decline();
      return;
    }
    setIdent(this.ident);
    noteTarget(this.ident, this.#known?.told ?? this.#toldRun(), this.#pool);
    const run = this.#atHand();
    if (run === undefined || this.#args.hasStandIns || isCancelled(this.ident) || someoneTraces()) {
      this.#prepare().then(
        (prepared) => this.#call(prepared),
        (error) => this.#threw(error),
      );
    } else this.#call(run);
  }

  #toldRun(): number {
    const { target } = this;
    return target !== null && 'className' in target ? numberOf(`${target.className}.run`) : 0;
  }

  /** The function, where it came by its source, or its module was imported before. */
  #atHand(): Runnable | undefined {
    const known = this.#known;
    if (known === undefined || known.run !== undefined) return known?.run;
    if (!('source' in known.packed)) return undefined;
    try {
      known.run = unpackTarget(known.packed) as Runnable;
    } catch {
      // It throws again where that is told.
    }
    return known.run;
  }

  /** The thread was withdrawn before it began. */
  #decline(): void {
    this.#forget();
    this.#post([this.seq, DECLINED, undefined, this.#began, this.#began, 0]);
    this.#free();
  }

  #forget(): void {
    this.over = true;
    dropArgs(this.#args);
    dropCancel(this.ident);
  }

  /** The starter has read so many values of the thread's stream. */
  credit(values: number): void {
    if (this.#streaming === undefined) this.#early += values;
    else this.#streaming.output.add(values);
  }

  /** Runs it once the values that the stream has emitted so far are sent, so that they come before what it sends. */
  inTurn(run: () => void): void {
    if (this.#streaming === undefined) run();
    else this.#streaming.inTurn(run);
  }

  async #prepare(): Promise<Runnable> {
    if (someoneTraces()) this.#trace = await import('./target-trace.js');
    const { prepare } = await import('./prepare.js');
    await prepareDecode(this.#args);
    const run = await prepare(this);
    // One that cannot be imported is tried again for the next job.
    if (this.#known !== undefined) this.#known.run = run;
    return run;
  }

  #call(run: Runnable): void {
    this.#trace?.traceStart(this.target);
    try {
      const args = decode(this.#args) as unknown[];
      let result: unknown;
      [result, this.#tellEnd] = callTold(this.#about, () => run(...args));
      if (isThenable(result)) {
        // By a promise, because a `then` of the user's may throw, call back twice, or come to another promise.
        Promise.resolve(result).then(
          (value) => this.#resulted(value),
          (error) => this.#threw(error),
        );
      } else this.#resulted(result);
    } catch (error) {
      void this.#threw(error);
    }
  }

  readonly #about = (): RunContext => {
    const { ident } = this;
    const target = this.#known?.label ?? '';
    const traceparent = this.#traceparent;
    return { ident, name: nameOf(ident), target, pool: this.#pool || null, traceparent };
  };

  #resulted(result: unknown): void {
    if (isStream(result)) {
      this.#stream(result).then(
        () => this.#end('return', undefined, COMPLETED, undefined),
        (error) => this.#threw(error),
      );
    } else this.#returned(result);
  }

  async #stream(source: object): Promise<void> {
    const { Streaming } = await import('./streaming.js');
    const streaming = new Streaming(this.#credit + this.#early, (values, transfer) =>
      this.#post({ kind: 'values', seq: this.seq, values }, transfer),
    );
    this.#streaming = streaming;
    await streaming.run(source);
  }

  #returned(value: unknown): void {
    try {
      const transfer = movesOf([value]);
      const encoded = encode(value, transfer);
      if (encoded.hasStandIns) this.#end('return', value, RETURNED_ENCODED, encoded, transfer);
      else this.#end('return', value, RETURNED, value, transfer);
    } catch (cause) {
      void this.#threw(cause, value);
    }
  }

  /** @param uncloneable - the result that could not be sent, if that is what went wrong */
  async #threw(thrown: unknown, uncloneable?: unknown): Promise<void> {
    const { packFailure } = await import('./failure.js');
    const { error, cancelled } = packFailure(thrown, this, uncloneable);
    this.#end('exception', thrown, cancelled ? CANCELLED : THREW, error);
  }

  /**
   * The end of the thread. `endThread` comes first, because waits that the target left must be granted nothing any
   * more; the trace before the message, because a tracer has heard of the end once it has joined; markStopped after the message, because whoever is woken from a join must find the result in its port.
   */
  #end(
    event: 'return' | 'exception',
    arg: unknown,
    how: number,
    value: unknown,
    transfer?: readonly TransferListItem[],
  ): void {
    // Traced since it began.
    if (this.#trace === undefined && someoneTraces()) {
      void import('./target-trace.js').then((trace) => {
        this.#trace = trace;
        try {
          this.#end(event, arg, how, value, transfer);
        } catch (cause) {
          void this.#threw(cause, arg);
        }
      });
      return;
    }
    this.#tellEnd?.(event === 'exception' ? arg : undefined);
    this.#tellEnd = undefined;
    endThread();
    const flushing = !outputIsKnown || isFlushing();
    const idle = isIdle();
    const aftermath = (flushing ? FLUSHING : 0) | (idle ? 0 : LEFTOVERS) | (this.#isLast() ? WORN : 0);
    const ended = clock();
    this.#trace?.traceEnd(event, this.target, arg);
    this.#post([this.seq, how, value, this.#began, ended, aftermath], transfer);
    markStopped(this.ident, ended);
    // Leftovers that ask for an ident get one of their own, because an ended thread can hold nothing.
    setIdent(0);
    this.#forget();
    if (flushing || !idle) this.#watchLeftovers(flushing, idle);
    if (idle) this.#free();
  }

  /** Posts `flushed` and `idle` once they are true, where the end message could not say so. */
  #watchLeftovers(flushing: boolean, idle: boolean): void {
    let flushes = flushing;
    let busy = !idle;
    const ended = clock();
    const look = (): void => {
      const overdue = clock() - ended >= this.#leftoversMs;
      if (flushes && (overdue || !isFlushing())) {
        flushes = false;
        this.#post({ kind: 'flushed' });
      }
      if (busy && overdue) expectAll();
      if (busy && isIdle()) {
        busy = false;
        this.#post({ kind: 'idle' });
        this.#free();
      }
      // Not kept alive by this, so that it is not taken for a timer that the thread left behind.
      if (flushes || busy) after(LOOK_AFTER, look);
      else countWatched(-1);
    };
    countWatched(1);
    look();
  }
}

/** process.stdout and process.stderr are made when first looked at, which takes longer than most first threads. */
let outputIsKnown = false;

/** Output is pending: the worker's own, or that of threads it started, which goes through its event loop. */
function isFlushing(): boolean {
  outputIsKnown = true;
  return hasAwaitedChildren() || process.stdout.writableLength > 0 || process.stderr.writableLength > 0;
}
