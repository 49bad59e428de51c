import type { TransferListItem } from 'node:worker_threads';
import { load } from '../../primitives/memory/word.js';
import { type Runnable, unpackTarget } from '../../primitives/target.js';
import { endThread, setIdent } from '../../primitives/threads/current-ident.js';
import { CANCEL, clock, slotOf, table } from '../../primitives/threads/table.js';
import { markRunning, markStopped } from '../../primitives/threads/thread-slots.js';
import { someoneTraces } from '../../primitives/threads/trace-flag.js';
import { after } from '../../primitives/waiting/event-loop.js';
import { decode, encode } from '../wire/codec.js';
import type { EndMessage, EndReport, FromThread, StartMessage } from '../wire/messages.js';
import { hasAwaitedChildren } from '../wire/parent-link.js';
import { movesOf } from '../wire/transfer.js';
import { isIdle, settle } from './leftovers.js';
import { prepareDecode } from './load-codecs.js';
import { isStream, isThenable } from './result-kind.js';
import type { Streaming } from './streaming.js';
import type * as TargetTrace from './target-trace.js';

/** How often a worker looks whether what its thread left behind is done, in ms. */
const LOOK_AFTER = 5;

/**
 * A thread that runs in this worker: from its start message to its end message. A new worker loads this file and what
 * it imports before its first thread can run, so what most threads do not need is imported when it is needed.
 */
export class Running {
  readonly #start: StartMessage;
  readonly #post: (message: FromThread, transfer?: readonly TransferListItem[]) => void;
  readonly #leftoversMs: number;
  #began = 0;
  #trace: typeof TargetTrace | undefined;
  #streaming: Streaming | undefined;
  /** Credit that came before there was a stream. */
  #early = 0;

  /** @param patience - ms until what it has left behind counts as there to stay */
  constructor(
    start: StartMessage,
    post: (message: FromThread, transfer?: readonly TransferListItem[]) => void,
    patience: number,
  ) {
    this.#start = start;
    this.#post = post;
    this.#leftoversMs = patience;
  }

  get ident(): number {
    return this.#start.ident;
  }

  /** Nothing is awaited that need not be: most targets are plain functions. */
  begin(): void {
    endThread();
    setIdent(this.ident);
    this.#began = clock();
    if (!markRunning(this.ident)) {
      this.#decline();
      return;
    }
    const { target, args } = this.#start;
    const plain = target !== null && 'source' in target && !args.hasStandIns;
    if (plain && load(table, slotOf(this.ident) + CANCEL) === 0 && !someoneTraces()) {
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

  /** It was killed before it began. */
  #decline(): void {
    setIdent(0);
    this.#post({ kind: 'flushed' });
    this.#post({ kind: 'idle' });
  }

  /** The reader of its stream has room for more. */
  credit(values: number): void {
    if (this.#streaming === undefined) this.#early += values;
    else this.#streaming.output.add(values);
  }

  /** What it has emitted goes before what it says now. */
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
   * What the target left waiting is granted nothing any more. The result is on its way before the thread counts as
   * stopped: who has joined it finds it.
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
    // What it has left behind is somebody of its own: an ended thread can hold nothing.
    setIdent(0);
    if (flushing || !idle) this.#watchLeftovers(flushing, idle);
  }

  /** Tells, by and by, what the thread's end could not. */
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
      if (busy && overdue) settle();
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

/** To look at the streams for the first time makes them, which takes longer than most first threads. */
let outputIsKnown = false;

/** A worker's output goes through its parent's event loop, and that of its threads through its own. */
function isFlushing(): boolean {
  outputIsKnown = true;
  return hasAwaitedChildren() || process.stdout.writableLength > 0 || process.stderr.writableLength > 0;
}
