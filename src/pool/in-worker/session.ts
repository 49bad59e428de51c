import { AsyncResource } from 'node:async_hooks';
import type { MessagePort, TransferListItem } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { clock } from '../../primitives/threads/table.js';
import { markDied } from '../../primitives/threads/thread-slots.js';
import { packError } from '../wire/codec.js';
import type { EndMessage, FromThread, ToThread } from '../wire/messages.js';
import { keepCancel, setParent } from '../wire/parent-link.js';
import { PortChannel, type UnreadMessage } from '../wire/port-channel.js';
import { Running } from './thread-body.js';

/**
 * What runs inside a worker. Piscina loads worker-entry.ts and calls `openSession` or `runJob`, which take over the
 * port; from then on threads come over it as messages:
 *
 *   worker-entry.ts -> session.ts -> thread-body.ts -> the target
 *
 * These three, with the wire's codec and the rooms memory and threads of the primitives, are all that a new worker loads
 * before its first thread; the build joins all but the entry, and prepare.ts, into one file. They import nothing, directly or not, that
 * reaches rxjs, because rxjs alone would take longer to load than most first threads run. What only some threads need is
 * imported by the first that does: prepare.ts (targets of modules), subclass.ts (classes that extend Thread), load-codecs.ts
 * (values with primitives or Threads in them), streaming.ts (targets that stream), failure.ts (targets that throw) and
 * target-trace.ts. Most targets are plain functions on plain values and get by with the first three.
 *
 * A worker runs one thread after the other: begun by a `start` message, over with an end message, and followed by the
 * next once the worker has said that it is idle (leftovers.ts). A worker of a ThreadPool gets each job, a thread of its
 * own, with a port of its own.
 */

/** ms that the leftovers of a job may keep the worker of a ThreadPool from the next job. */
const LEFTOVERS_MS = 1000;

/** The one that threads come over now. */
let session: Session | undefined;

/** A port over which threads come to this worker, one at a time. */
class Session {
  readonly #channel: PortChannel<FromThread, ToThread>;
  readonly #leftoversMs: number;
  readonly #jobEnd: JobEnd | undefined;
  running: Running | undefined;

  constructor(port: MessagePort, leftoversMs: number, jobEnd?: JobEnd) {
    this.#channel = new PortChannel(port);
    this.#leftoversMs = leftoversMs;
    this.#jobEnd = jobEnd;
    session = this;
    setParent(post, drain);
    this.#channel.hear((message) => this.#received(message));
    this.#channel.hold(true);
  }

  readonly post = (message: FromThread, transfer?: readonly TransferListItem[]): void => {
    // Values that the thread's stream emitted before the progress go first, as far as the reader has room.
    if (message.kind === 'progress') this.running?.flush();
    this.#channel.post(message, transfer);
    this.#jobEnd?.heed(message);
  };

  drain(): void {
    this.#channel.drain();
  }

  close(): void {
    if (session === this) session = undefined;
    this.#channel.close();
  }

  #received(message: ToThread | UnreadMessage): void {
    if (message.kind === 'start') {
      this.running = new Running(message, this.post, this.#leftoversMs);
      beginIn(this.running);
    } else if (message.kind === 'unread') this.post(refusal(message.why));
    else if (message.kind === 'cancel') keepCancel(message);
    else if (this.running?.ident === message.ident) this.running.credit(message.values);
  }
}

function post(message: FromThread, transfer?: readonly TransferListItem[]): boolean {
  session?.post(message, transfer);
  return session !== undefined;
}

/** Made as the worker starts, before code of the user's has run: nothing has been entered into an AsyncLocalStorage. */
const clean = new AsyncResource('rxjs-threading');

/**
 * What the thread enters into an AsyncLocalStorage is gone with it. In the resource of the port, in which this runs, Node
 * 20 would keep it for the next thread of the worker.
 */
function beginIn(thread: Running): void {
  const own = clean.runInAsyncScope(() => new AsyncResource('rxjs-threading.Thread'));
  own.runInAsyncScope(() => thread.begin());
}

/** Of the messages from the starter only a start message has values of the user's that are not made to be readable. */
function refusal(why: string): EndMessage {
  const error = new ThreadError(`the arguments of the thread cannot be read in its worker: ${why}`, {
    code: 'ERR_CLONE',
  });
  const time = clock();
  return {
    kind: 'threw',
    ident: 0,
    error: packError(error),
    cancelled: false,
    began: time,
    ended: time,
    flushing: false,
    idle: true,
  };
}

/** Called from code that never yields, which has to learn why it was cancelled. */
function drain(): void {
  session?.drain();
}

/** The only job of a DedicatedWorker's Piscina: takes the port over which threads come, the first of which is in it already. */
export function openSession(job: { readonly port: MessagePort }): void {
  new Session(job.port, Number.POSITIVE_INFINITY);
}

/**
 * A job of a ThreadPool's Piscina: one thread, over its own port. Resolves when its output is printed and its leftovers
 * are done; the next may begin while the output is still on its way.
 */
export async function runJob(job: { readonly port: MessagePort }): Promise<void> {
  const end = new JobEnd();
  const own = new Session(job.port, LEFTOVERS_MS, end);
  await end.come;
  own.close();
}

// Others learn of the death from this sooner than from the kernel or from the parent's event loop.
process.on('exit', () => {
  if (session?.running !== undefined) markDied(session.running.ident);
});

/** Waits until a job of a ThreadPool is over: its thread has ended, its output is printed, its leftovers are done. */
export class JobEnd {
  readonly come: Promise<void>;
  #came: () => void = () => {};
  #flushing = true;
  #busy = true;

  constructor() {
    this.come = new Promise((resolve) => {
      this.#came = resolve;
    });
  }

  /** Called with each message that the worker posts. */
  heed(message: FromThread): void {
    if ('flushing' in message) {
      this.#flushing = message.flushing;
      this.#busy = !message.idle;
    } else if (message.kind === 'flushed') this.#flushing = false;
    else if (message.kind === 'idle') this.#busy = false;
    else return;
    if (!this.#flushing && !this.#busy) this.#came();
  }
}
