import { fileURLToPath } from 'node:url';
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type TransferListItem,
} from 'node:worker_threads';
import type { FromThread, ToThread } from './messages.js';
import { newPiscina, type Piscina } from './piscina.js';

const WORKER_FILE = fileURLToPath(new URL('./worker.js', import.meta.url));

/** With less, a worker cannot load its modules, and Node aborts the process. */
const LEAST_STACK = 2 ** 20;

/** Why a worker is no more. */
export interface Death {
  /** What was thrown and not caught in it. */
  readonly error?: unknown;
  readonly exitCode: number;
  readonly terminated: boolean;
}

/** Who hears what a worker says. */
export interface Tenant {
  received(message: FromThread): void;
  died(death: Death): void;
}

/**
 * A worker that runs one thread at a time: a Piscina of one, whose only job hands over a port. All else goes over that
 * port, because Piscina keeps the process alive while a job runs, daemon or not.
 */
export class Host {
  readonly stackSize: number;
  tenant: Tenant | undefined;
  readonly #piscina: Piscina;
  readonly #port: MessagePort;
  #error: unknown;
  #terminated = false;
  #dead = false;
  readonly exited: Promise<void>;

  /** With its first thread on the way. @throws DataCloneError, before there is a worker. */
  constructor(
    stackSize: number,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    tenant: Tenant,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.post(first, transfer);
    this.stackSize = stackSize;
    this.tenant = tenant;
    this.#piscina = newPiscina({
      filename: WORKER_FILE,
      name: 'openSession',
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
      ...(stackSize > 0 && { resourceLimits: { stackSizeMb: Math.max(stackSize, LEAST_STACK) / 2 ** 20 } }),
    });
    this.exited = this.#watchDeath();
    port1.on('message', (message: FromThread) => this.tenant?.received(message));
    port1.unref();
    void this.#piscina.run({ port: port2 }, { transferList: [port2] }).catch((error) => {
      this.#error ??= error;
      void this.kill();
    });
  }

  get workerId(): number {
    return this.#piscina.threads[0]?.threadId ?? -1;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** @param transfer - of the last message. @throws DataCloneError */
  post(messages: readonly ToThread[], transfer: readonly TransferListItem[] = []): void {
    for (const message of messages)
      this.#port.postMessage(message, message === messages.at(-1) ? transfer : []);
  }

  /** Hears now what it would hear when the event loop turns. */
  drain(): void {
    for (;;) {
      const next = receiveMessageOnPort(this.#port);
      if (next === undefined) return;
      this.tenant?.received(next.message as FromThread);
    }
  }

  /** Whether it keeps the process alive. */
  hold(alive: boolean): void {
    if (alive) this.#port.ref();
    else this.#port.unref();
  }

  /** Ends the worker at once; resolves when it has. */
  kill(): Promise<void> {
    this.#terminated = true;
    void this.#piscina.destroy();
    return this.exited;
  }

  #watchDeath(): Promise<void> {
    const worker = this.#piscina.threads[0];
    // Piscina tells of errors a second time; a listener keeps it from throwing them.
    this.#piscina.on('error', () => {});
    // Before Piscina hears of it, which would put another worker in its place.
    worker?.prependListener('error', (error: unknown) => {
      this.#error = error;
      void this.#piscina.destroy();
    });
    return new Promise((resolve) => {
      worker?.prependListener('exit', (exitCode: number) => {
        void this.#piscina.destroy();
        this.#dead = true;
        this.drain();
        this.#port.close();
        this.tenant?.died({ error: this.#error, exitCode, terminated: this.#terminated });
        resolve();
      });
    });
  }
}
