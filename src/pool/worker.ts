import { type MessagePort, receiveMessageOnPort, type TransferListItem } from 'node:worker_threads';
import { markGone } from '../primitives/thread-table.js';
import type { FromThread, ToThread } from './messages.js';
import { keepCancel, setParent } from './parent.js';
import { Running } from './running.js';

/** The worker's side: what Piscina runs, once, as the worker starts. */

let port: MessagePort | undefined;
let running: Running | undefined;
/** Ends the job of a ThreadPool. */
let finish: (() => void) | undefined;

/** Piscina's job: takes the port over which threads come to this worker; the first is in it already. */
export function openSession(job: { readonly port: MessagePort }): void {
  port = job.port;
  port.on('message', received);
  setParent(post, drain);
}

/** The same for a ThreadPool: a job a thread, which lasts as long as the thread. */
export function runJob(job: { readonly port: MessagePort }): Promise<void> {
  openSession(job);
  return new Promise((resolve) => {
    finish = () => {
      finish = undefined;
      job.port.close();
      resolve();
    };
  });
}

function post(message: FromThread, transfer?: readonly TransferListItem[]): void {
  // After what its stream has emitted by now, as far as the reader has room.
  if (message.kind === 'progress') running?.flush();
  port?.postMessage(message, transfer);
  // Its output is out as well.
  if (message.kind === 'flushed' || ('flushing' in message && !message.flushing)) finish?.();
}

function received(message: ToThread): void {
  if (message.kind === 'start') {
    running = new Running(message, post);
    running.begin();
  } else if (message.kind === 'cancel') keepCancel(message);
  else if (running?.ident === message.ident) running.credit(message.values);
}

/** Code that never yields has to hear of a cancel as well. */
function drain(): void {
  if (port === undefined) return;
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    received(next.message as ToThread);
  }
}

// Sooner than the kernel or the parent's event loop would tell.
process.on('exit', () => {
  if (running !== undefined) markGone(running.ident);
});
