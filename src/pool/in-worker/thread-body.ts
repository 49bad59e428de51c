import type { TransferListItem } from 'node:worker_threads';
import { type Runnable, unpackTarget } from '../../primitives/target.js';
import { isCancelled } from '../../primitives/threads/cancel-flag.js';
import { endThread, setIdent } from '../../primitives/threads/current-ident.js';
import { clock } from '../../primitives/threads/table.js';
import { markRunning, markStopped } from '../../primitives/threads/thread-slots.js';
import { someoneTraces } from '../../primitives/threads/trace-flag.js';
import { after } from '../../primitives/waiting/event-loop.js';
import { decode, encode } from '../wire/codec.js';
import type { EndMessage, EndReport, FromThread, StartMessage } from '../wire/messages.js';
import { movesOf } from '../wire/transfer.js';
import { hasAwaitedChildren } from '../workers/children.js';
import { expectAll, isIdle } from './leftovers.js';
import { prepareDecode } from './load-codecs.js';
import { isStream, isThenable } from './result-kind.js';
import type { Streaming } from './streaming.js';
import type * as TargetTrace from './target-trace.js';

/** How often a worker looks whether the leftovers of its thread are done, in ms. */
const LOOK_AFTER = 5;

/**
 * A thread that runs in this worker: from its start message to its end message. A new worker loads this file and what
 * it imports before its first thread (see session.ts), so what most threads do not need is imported when it is needed.
 */
export class Running {
  readonly #start: StartMessage;
  readonly #post: (message: FromThread, transfer?: readonly TransferListItem[]) => void;
  readonly #leftoversMs: number;
  #began = 0;
  #trace: typeof TargetTrace | undefined;
  #streaming: Streaming | undefined;
  /** Credit that came before the target had returned its stream. */
  #early = 0;

  /** @param leftoversMs - until leftovers count as there to stay: see leftovers.ts */
  constructor(
    start: StartMessage,
    post: (message: FromThread, transfer?: readonly TransferListItem[]) => void,
    leftoversMs: number,
  ) {
    this.#start = start;
    this.#post = post;
    this.#leftoversMs = leftoversMs;
  }

  get ident(): number {
    return this.#start.ident;
  }

  /** Calls a plain function at once; whatever else the thread is needs something imported first. */
  begin(): void {
    endThread();
    this.#began = clock();
    // Before anything is written for the ident, because its slot may be another's by now.
    if (!markRunning(this.ident)) {
      this.#decline();
      return;
    }
    setIdent(this.ident);
    const { target, args } = this.#start;
    const plain = target !== null && 'source' in target && !args.hasStandIns;
    if (plain && !isCancelled(this.ident) && !someoneTraces()) {
      try {
        this.#call(unpackTarget(target) as Runnable);
      } catch (error) {
        void this.#threw(error);
      }
    } else {
      this.#prepare().then(
        (run) => this.#call(run),
        (error) => this.#threw(error),
      );
    }
  }

  /** The thread was killed before it began: its starter waits for no end message, but for the worker. */
  #decline(): void {
    this.#post({ kind: 'flushed' });
    this.#post({ kind: 'idle' });
  }

  /** The starter has read so many values of the thread's stream. */
  credit(values: number): void {
    if (this.#streaming === undefined) this.#early += values;
    else this.#streaming.output.add(values);
  }

  /** Sends the values that the stream has emitted so far, so that they come before the message that follows. */
  flush(): void {
    this.#streaming?.output.flush();
  }

  async #prepare(): Promise<Runnable> {
    if (someoneTraces()) this.#trace = await import('./target-trace.js');
    const { prepare } = await import('./prepare.js');
    await prepareDecode(this.#start.args);
    return prepare(this.#start);
  }

  #call(run: Runnable): void {
    this.#trace?.traceStart(this.#start.target);
    let result: unknown;
    try {
      result = run(...(decode(this.#start.args) as unknown[]));
    } catch (error) {
      return void this.#threw(error);
    }
    if (isThenable(result)) {
      result.then(
        (value) => this.#resulted(value),
        (error) => this.#threw(error),
      );
    } else this.#resulted(result);
  }

  #resulted(result: unknown): void {
    if (isStream(result)) {
      this.#stream(result).then(
        () =>
          this.#end('return', undefined, (report) => ({
            kind: 'completed',
            ident: this.ident,
            ...report,
          })),
        (error) => this.#threw(error),
      );
    } else this.#returned(result);
  }

  async #stream(source: object): Promise<void> {
    const { Streaming } = await import('./streaming.js');
    const { ident, credit } = this.#start;
    const streaming = new Streaming(credit + this.#early, (values, transfer) =>
      this.#post({ kind: 'values', ident, values }, transfer),
    );
    this.#streaming = streaming;
    await streaming.run(source);
  }

  #returned(value: unknown): void {
    try {
      const transfer = movesOf([value]);
      const encoded = encode(value, transfer);
      const message = (report: EndReport): EndMessage => ({
        kind: 'returned',
        ident: this.ident,
        value: encoded,
        ...report,
      });
      this.#end('return', value, message, transfer);
    } catch (cause) {
      void this.#threw(cause, value);
    }
  }

  /** @param uncloneable - the result that could not be sent, if that is what went wrong */
  async #threw(thrown: unknown, uncloneable?: unknown): Promise<void> {
    const { packFailure } = await import('./failure.js');
    const failure = packFailure(thrown, this.#start, uncloneable);
    this.#end('exception', thrown, (report) => ({
      kind: 'threw',
      ident: this.ident,
      ...failure,
      ...report,
    }));
  }

  /**
   * The end of the thread. `endThread` comes first, because waits that the target left must be granted nothing any
   * more; markStopped after the message, because whoever is woken from a join must find the result in its port.
   */
  #end(
    event: 'return' | 'exception',
    arg: unknown,
    message: (report: EndReport) => EndMessage,
    transfer?: readonly TransferListItem[],
  ): void {
    // Traced since it began.
    if (this.#trace === undefined && someoneTraces()) {
      void import('./target-trace.js').then((trace) => {
        this.#trace = trace;
        this.#end(event, arg, message, transfer);
      });
      return;
    }
    endThread();
    const flushing = !outputIsKnown || isFlushing();
    const idle = isIdle();
    this.#post(message({ began: this.#began, ended: clock(), flushing, idle }), transfer);
    this.#trace?.traceEnd(event, this.#start.target, arg);
    markStopped(this.ident);
    // Leftovers that ask for an ident get one of their own, because an ended thread can hold nothing.
    setIdent(0);
    if (flushing || !idle) this.#watchLeftovers(flushing, idle);
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
      }
      // Not kept alive by this, so that it is not taken for a timer that the thread left behind.
      if (flushes || busy) after(LOOK_AFTER, look);
    };
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
