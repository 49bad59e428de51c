import { type MessagePort, receiveMessageOnPort, type TransferListItem } from 'node:worker_threads';
import { now } from '../../primitives/waiting/event-loop.js';
import { cloning } from './clone-error.js';
import { isError } from './value-kinds.js';

/** Messages between two looks at the clock. */
const LOOK_EVERY = 16;

/** In the place of a message that came and cannot be read, such as one that nests deeper than this thread's stack. */
export interface UnreadMessage {
  readonly kind: 'unread';
  readonly why: string;
}

/**
 * One end of a MessagePort. Whatever comes over the port is received here and nowhere else, whether the event loop
 * brings it or somebody who blocks that loop asks for it; and so is that something came which nobody can read.
 */
export class PortChannel<Sent, Received> {
  readonly #port: MessagePort;
  #received: (message: Received | UnreadMessage) => void = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** @throws DataCloneError; nothing has been sent then */
  post(message: Sent, transfer?: readonly TransferListItem[]): void {
    cloning(() => this.#port.postMessage(message, transfer));
  }

  /**
   * Has `received` called with each message from now on.
   */
  hear(received: (message: Received | UnreadMessage) => void): void {
    this.#received = received;
    this.#port.on('message', received);
    this.#port.on('messageerror', (error) => received(unread(error)));
    this.#port.unref();
  }

  /** Receives now what the event loop would bring later. @param most - messages, and after so many ms no more */
  drain(most: number = Number.POSITIVE_INFINITY, ms: number = Number.POSITIVE_INFINITY): void {
    const end = ms === Number.POSITIVE_INFINITY ? ms : now() + ms;
    for (let count = 1; count <= most; count++) {
      const next = this.#next();
      if (next === undefined) return;
      this.#received(next.message);
      if (count % LOOK_EVERY === 0 && now() > end) return;
    }
  }

  #next(): { readonly message: Received | UnreadMessage } | undefined {
    try {
      return receiveMessageOnPort(this.#port) as { readonly message: Received } | undefined;
    } catch (error) {
      return { message: unread(error) };
    }
  }

  /** Whether the port keeps this thread's event loop alive; false until it is told. */
  hold(alive: boolean): void {
    if (alive) this.#port.ref();
    else this.#port.unref();
  }

  /** @param closed - called once the port is closed from whichever end */
  onClose(closed: () => void): void {
    this.#port.on('close', closed);
  }

  /** Closes both ends: a port that is left open is never collected. */
  close(): void {
    this.#port.close();
  }
}

function unread(error: unknown): UnreadMessage {
  return { kind: 'unread', why: whyUnread(error) };
}

/** @param error - of receiving a message */
export function whyUnread(error: unknown): string {
  const why = isError(error) ? error.message : String(error);
  return /call stack/.test(why) ? `it nests too deep (${why})` : why;
}
