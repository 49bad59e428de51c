import { MessageChannel } from 'node:worker_threads';
import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { ThreadError } from '../../errors.js';
import { expectEnd, stopThread } from '../../pool/thread/stop-thread.js';
import { Thread } from '../../pool/thread/thread.js';
import { BatchSender } from '../../pool/wire/batch-sender.js';
import { decodeTo, encode, packError, unpackError } from '../../pool/wire/codec.js';
import { cannotSend } from '../../pool/wire/explain-uncloneable.js';
import { Fifo } from '../../pool/wire/fifo.js';
import { PortChannel } from '../../pool/wire/port-channel.js';
import { movesOf } from '../../pool/wire/transfer.js';
import { runPipeModule } from '../../pool/workers/worker-files.js';
import { CallerContext } from '../../primitives/waiting/caller-context.js';
import { attach, emitTo } from '../parts/attached.js';
import type { Pooled } from '../parts/pooled-options.js';
import { toValueError } from '../parts/value-error.js';
import { PIPE_WINDOW, type PipeMessage } from './messages.js';

/** After so many values without a turn of the event loop, results are looked for: see decision 31. */
const LOOK_EVERY = 1024;

/** The thread has ended by itself: it died, or never began. */
interface DiedMessage {
  readonly kind: 'died';
  readonly error: unknown;
}

/**
 * One subscription of a threadPipe: its thread, seen from the thread that subscribed.
 *
 *   here:          source -> BatchSender -> PortChannel
 *   in the worker: in-worker/run-pipe.ts -> in-worker/source.ts, which feeds the target's pipeline -> Streaming
 *   here again:    PortChannel -> #inbox -> the subscriber
 *
 * Invariant: messages are dealt with in the order in which they came, one after the other. The subscriber's code may lead
 * back here, by feeding the source: what comes by that waits in `#inbox`.
 */
export class PipeRun<R> {
  readonly #subscriber: Subscriber<R>;
  readonly #channel: PortChannel<PipeMessage, PipeMessage>;
  readonly #thread: Thread<void>;
  readonly #output: BatchSender;
  readonly #parts = new Subscription();
  #count = 0;
  #sent = 0;
  /** Values passed on that the thread has not been given credit for. */
  #passed = 0;
  readonly #inbox = new Fifo<PipeMessage | DiedMessage>();
  #hearing = false;
  /** Of who subscribed. */
  readonly #context = new CallerContext();
  #ended = false;

  /** @throws ThreadError when no thread can be had */
  constructor(subscriber: Subscriber<R>, { target, name, pool, grace }: Pooled) {
    this.#subscriber = subscriber;
    const { port1, port2 } = new MessageChannel();
    this.#channel = new PortChannel(port1);
    this.#output = new BatchSender(PIPE_WINDOW, (values) => this.#send(values));
    this.#thread = new Thread<void>({
      target: { module: runPipeModule(), export: 'runPipe' },
      args: [port2, target],
      transferList: [port2],
      name,
      ...(pool && { pool }),
    });
    try {
      this.#thread.start();
    } catch (error) {
      this.#channel.close();
      throw error;
    }
    this.#channel.hear((message) => this.#hear(message));
    this.#parts.add(() => {
      this.#channel.close();
      const stop = this.#ended ? expectEnd : stopThread;
      stop(this.#thread as Thread<never>, grace);
    });
  }

  run(source: Observable<unknown>): void {
    this.#subscriber.add(this.#parts);
    this.#thread.output$.subscribe({
      // The port keeps no process alive: what is left in it would not be received.
      complete: () => this.#drain(),
      error: (error) => {
        this.#drain();
        this.#hear({ kind: 'died', error });
      },
    });
    attach(source, this.#parts, {
      next: (value) => this.#arrive(value),
      error: (error) => this.#endInput({ kind: 'error', error: packError(error) }),
      complete: () => this.#endInput({ kind: 'complete' }),
    });
  }

  #arrive(value: unknown): void {
    this.#output.push(value);
    // A source that never lets the event loop turn can only be cut by results that are received here.
    if (++this.#count % LOOK_EVERY === 0) this.#drain();
  }

  #endInput(message: PipeMessage): void {
    void this.#output.untilSent().then(() => {
      if (!this.#parts.closed) this.#channel.post(message);
    });
  }

  #send(values: readonly unknown[]): void {
    if (this.#parts.closed) return;
    try {
      const transfer = movesOf(values);
      this.#channel.post({ kind: 'values', values: encode(values, transfer) }, transfer);
      this.#sent += values.length;
    } catch (cause) {
      this.#refuse(values, cause);
    }
  }

  /** Sends those before the one that cannot be sent. */
  #refuse(values: readonly unknown[], cause: unknown): void {
    if (values.length > 1) {
      for (const value of values) this.#send([value]);
      return;
    }
    const error = toValueError(cannotSend(values[0], cause), this.#sent, values[0]);
    this.#context.tell(() => this.#subscriber.error(error));
  }

  #drain(): void {
    if (!this.#parts.closed) this.#channel.drain();
  }

  #hear(message: PipeMessage | DiedMessage): void {
    this.#inbox.push(message);
    if (this.#hearing) return;
    this.#hearing = true;
    this.#context.tell(() => {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) this.#heed(next);
    });
    this.#hearing = false;
  }

  #heed(message: PipeMessage | DiedMessage): void {
    if (this.#parts.closed) return;
    switch (message.kind) {
      case 'credit':
        this.#output.add(message.values);
        break;
      case 'values':
        decodeTo(
          message.values,
          (values) => this.#pass(values as R[]),
          (error) => this.#cannotRead(error.message),
        );
        break;
      case 'unread':
        this.#cannotRead(message.why);
        break;
      case 'complete':
        this.#ended = true;
        this.#subscriber.complete();
        break;
      case 'error':
        this.#ended = true;
        this.#subscriber.error(unpackError(message.error));
        break;
      case 'died':
        this.#ended = true;
        this.#subscriber.error(message.error);
        break;
    }
  }

  #cannotRead(why: string): void {
    this.#subscriber.error(
      new ThreadError(`a value that threadPipe's pipeline emitted cannot be read here: ${why}`, {
        code: 'ERR_CLONE',
      }),
    );
  }

  #pass(values: readonly R[]): void {
    for (const value of values) {
      if (this.#parts.closed) return;
      emitTo(this.#subscriber, value);
    }
    this.#passed += values.length;
    if (this.#passed < PIPE_WINDOW / 4 || this.#parts.closed) return;
    this.#channel.post({ kind: 'credit', values: this.#passed });
    this.#passed = 0;
  }
}
