import { type MessagePort, receiveMessageOnPort, type TransferListItem } from 'node:worker_threads';

/**
 * One end of a MessagePort. Whatever comes over the port is received here and nowhere else, whether the event loop
 * brings it or somebody who blocks that loop asks for it.
 */
export class PortChannel<Sent, Received> {
  readonly #port: MessagePort;
  #received: (message: Received) => void = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** @throws DataCloneError; nothing has been sent then */
  post(message: Sent, transfer?: readonly TransferListItem[]): void {
    this.#port.postMessage(message, transfer);
  }

  /**
   * Has `received` called with each message from now on. Called after the first `post`, because a port that is listened
   * to and then left, as its message could not be sent, would never be collected.
   */
  hear(received: (message: Received) => void): void {
    this.#received = received;
    this.#port.on('message', received);
    this.#port.unref();
  }

  /** Receives now what the event loop would bring later. */
  drain(): void {
    for (;;) {
      const next = receiveMessageOnPort(this.#port);
      if (next === undefined) return;
      this.#received(next.message as Received);
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

  close(): void {
    this.#port.close();
  }
}
