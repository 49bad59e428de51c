import type { MessagePort, TransferListItem } from 'node:worker_threads';
import { markDied } from '../../primitives/threads/thread-slots.js';
import type { FromThread, ToThread } from '../wire/messages.js';
import { keepCancel, setParent } from '../wire/parent-link.js';
import { PortChannel } from '../wire/port-channel.js';
import { Running } from './thread-body.js';

/**
 * What runs inside a worker. Piscina loads worker-entry.cts and calls `openSession` or `runJob`, which take over the
 * port; from then on threads come over it as messages:
 *
 *   worker-entry.cts -> session.ts -> thread-body.ts -> the target
 *
 * These three, with the wire's codec and the rooms memory and threads of the primitives, are all that a new worker loads
 * before its first thread, because each file costs a start about half a ms, and rxjs alone some 15 ms. For the same
 * reason they import nothing, directly or not, that reaches rxjs. What only some threads need is imported by
 * the first that does: prepare.ts (targets of modules), subclass.ts (classes that extend Thread), load-codecs.ts (values
 * with primitives or Threads in them), streaming.ts (targets that stream), failure.ts (targets that throw) and
 * target-trace.ts. Most targets are plain functions on plain values and get by with the first three.
 *
 * A worker runs one thread after the other: begun by a `start` message, over with an end message, and followed by the
 * next once the worker has said that it is idle (leftovers.ts). A worker of a ThreadPool gets each job, a thread of its
 * own, with a port of its own.
 */

let channel: PortChannel<FromThread, ToThread> | undefined;
let running: Running | undefined;
/** In a worker of a ThreadPool: when the job that runs in it is over. */
let jobEnd: JobEnd | undefined;
/** ms that the leftovers of a job may keep the worker of a ThreadPool from the next job. */
const LEFTOVERS_MS = 1000;

/** The only job of a DedicatedWorker's Piscina: takes the port over which threads come, the first of which is in it already. */
export function openSession(job: { readonly port: MessagePort }): void {
  channel = new PortChannel(job.port);
  channel.hear(received);
  channel.hold(true);
  setParent(post, drain);
}

/** A job of a ThreadPool's Piscina: one thread, over its own port. Resolves when the worker can take another. */
export async function runJob(job: { readonly port: MessagePort }): Promise<void> {
  const end = new JobEnd();
  jobEnd = end;
  openSession(job);
  await end.come;
  jobEnd = undefined;
  channel?.close();
  channel = undefined;
}

function post(message: FromThread, transfer?: readonly TransferListItem[]): boolean {
  // Values that the thread's stream emitted before the progress go first, as far as the reader has room.
  if (message.kind === 'progress') running?.flush();
  channel?.post(message, transfer);
  jobEnd?.heed(message);
  return channel !== undefined;
}

function received(message: ToThread): void {
  if (message.kind === 'start') {
    running = new Running(message, post, jobEnd === undefined ? Number.POSITIVE_INFINITY : LEFTOVERS_MS);
    running.begin();
  } else if (message.kind === 'cancel') keepCancel(message);
  else if (running?.ident === message.ident) running.credit(message.values);
}

/** Called from code that never yields, which has to learn why it was cancelled. */
function drain(): void {
  channel?.drain();
}

// Others learn of the death from this sooner than from the kernel or from the parent's event loop.
process.on('exit', () => {
  if (running !== undefined) markDied(running.ident);
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
