import type { MessagePort, TransferListItem } from 'node:worker_threads';
import { markDied } from '../../primitives/threads/thread-slots.js';
import type { FromThread, ToThread } from '../wire/messages.js';
import { keepCancel, setParent } from '../wire/parent-link.js';
import { PortChannel } from '../wire/port-channel.js';
import { Running } from './thread-body.js';

/** The worker's side: what Piscina runs, once, as the worker starts. */

let channel: PortChannel<FromThread, ToThread> | undefined;
let running: Running | undefined;
/** Of the job of a ThreadPool. */
let jobEnd: JobEnd | undefined;
/** ms that what a job has left behind may keep the worker from the next one. */
const LEFTOVERS_MS = 1000;

/** Piscina's job: takes the port over which threads come to this worker; the first is in it already. */
export function openSession(job: { readonly port: MessagePort }): void {
  channel = new PortChannel(job.port);
  channel.hear(received);
  channel.hold(true);
  setParent(post, drain);
}

/** The same for a ThreadPool: a job a thread, which lasts until the worker can take another. */
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
  // After what its stream has emitted by now, as far as the reader has room.
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

/** Code that never yields has to hear of a cancel as well. */
function drain(): void {
  channel?.drain();
}

// Sooner than the kernel or the parent's event loop would tell.
process.on('exit', () => {
  if (running !== undefined) markDied(running.ident);
});

/** When the worker of a ThreadPool can take another job: its thread has ended, and what it printed and left is gone. */
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

  /** What the worker tells. */
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
