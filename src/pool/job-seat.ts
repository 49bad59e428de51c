import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type TransferListItem,
  threadId,
} from 'node:worker_threads';
import type { FromThread, ToThread } from './messages.js';
import type { Piscina } from './piscina.js';
import type { Seat, Tenant } from './seat.js';

/**
 * A thread as a job of a Piscina: queued until a worker is free. Piscina keeps the process alive while a job runs,
 * daemon or not.
 */
export class JobSeat implements Seat {
  readonly #port: MessagePort;
  readonly #tenant: Tenant;
  readonly #abort = new AbortController();
  readonly done: Promise<void>;

  /** @throws DataCloneError */
  constructor(
    piscina: Piscina,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    tenant: Tenant,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#tenant = tenant;
    this.post(first, transfer);
    port1.on('message', (message: FromThread) => tenant.received(message));
    port1.unref();
    const job = piscina.run(
      { port: port2 },
      { name: 'runJob', transferList: [port2], signal: this.#abort.signal },
    );
    this.done = job.then(
      () => this.#over(undefined),
      (error) => this.#over(error),
    );
  }

  /** Until a worker has taken it up, it is this one's. */
  get workerId(): number {
    return threadId;
  }

  post(messages: readonly ToThread[], transfer: readonly TransferListItem[] = []): void {
    for (const message of messages)
      this.#port.postMessage(message, message === messages.at(-1) ? transfer : []);
  }

  drain(): void {
    for (
      let next = receiveMessageOnPort(this.#port);
      next !== undefined;
      next = receiveMessageOnPort(this.#port)
    ) {
      this.#tenant.received(next.message as FromThread);
    }
  }

  hold(): void {}

  whenFlushed(flushed: () => void): void {
    void this.done.then(flushed);
  }

  kill(): Promise<void> {
    this.#abort.abort();
    return this.done;
  }

  release(): void {}

  #over(error: unknown): void {
    this.drain();
    this.#port.close();
    const terminated = this.#abort.signal.aborted;
    // Nothing new to one that has ended.
    if (error !== undefined)
      this.#tenant.died({ error: terminated ? undefined : error, exitCode: 1, terminated });
  }
}
