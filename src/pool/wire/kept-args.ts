import { types } from 'node:util';
import { MessageChannel, type MessagePort, type TransferListItem } from 'node:worker_threads';
import { clone, cloning } from './clone-error.js';
import type { Encoded } from './codec.js';

/** Arguments, and what moves with them. */
export interface MovingArgs {
  readonly args: Encoded;
  readonly transfer: readonly TransferListItem[];
}

/**
 * Called for arguments that wait for a worker: what moves has moved, and whatever the user changes is not seen. Streams and ports
 * wait in a message, in a port which the worker receives it from (`decode`). Moved here and then to the worker a stream would be
 * piped through this thread, and stay half open when the worker ends; a port would stay open when nobody gets it, and could not be
 * sent once its other end is closed.
 *
 * @throws DataCloneError
 */
export function keepArgs({ args, transfer }: MovingArgs): MovingArgs {
  if (args.sealed === true) return { args, transfer };
  if (transfer.every((one) => types.isArrayBuffer(one))) return clone({ args, transfer }, transfer);
  const { port1, port2 } = new MessageChannel();
  try {
    cloning(() => port1.postMessage(args, transfer));
  } catch (error) {
    port1.close();
    throw error;
  }
  return { args: { value: port2, hasStandIns: args.hasStandIns, sealed: true }, transfer: [port2] };
}

/** Called when nobody is to decode them any more. */
export function dropArgs(args: readonly unknown[] | Encoded): void {
  if ('sealed' in args) (args.value as MessagePort).close();
}
