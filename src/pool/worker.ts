import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { setCancelReason } from '../primitives/cancel.js';
import { getIdent, markGone } from '../primitives/thread-table.js';
import { forgetReason, reasonFor, setReason } from './cancellation.js';
import { unpackError } from './error-wire.js';
import type { FromThread, ToThread } from './messages.js';
import { setParent } from './parent.js';
import { Running } from './running.js';

/** The worker's side: what Piscina runs, once, as the worker starts. */

let port: MessagePort | undefined;
let running: Running | undefined;

/** Piscina's job: takes the port over which threads come to this worker; the first is in it already. */
export function openSession(job: { readonly port: MessagePort }): void {
  port = job.port;
  port.on('message', received);
  setParent(post);
}

function post(message: FromThread): void {
  port?.postMessage(message);
}

function received(message: ToThread): void {
  if (message.kind === 'start') {
    if (running !== undefined) forgetReason(running.ident);
    if (message.reason !== null) setReason(message.ident, unpackError(message.reason));
    running = new Running(message, post);
    running.begin();
  } else if (message.kind === 'credit') {
    if (running?.ident === message.ident) running.credit(message.values);
  } else setReason(message.ident, unpackError(message.reason));
}

// Code that never yields is told why it was cancelled as well: the message is there before the word says so.
setCancelReason(() => {
  for (;;) {
    const next = port === undefined ? undefined : receiveMessageOnPort(port);
    if (next === undefined) return reasonFor(getIdent());
    received(next.message as ToThread);
  }
});

// Sooner than the kernel or the parent's event loop would tell.
process.on('exit', () => {
  if (running !== undefined) markGone(running.ident);
});
