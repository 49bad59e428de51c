import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type TransferListItem,
} from 'node:worker_threads';
import type { FromThread, ToThread } from '../wire/messages.js';
import type { WorkerHandle, WorkerListener } from './executor.js';
import { newPiscina, type Piscina } from './piscina.js';
import { WORKER_ENTRY } from './worker-files.js';

/** With less, a worker cannot load its modules, and Node aborts the process. */
const LEAST_STACK = 2 ** 20;

/**
 * A worker that runs one thread at a time: a Piscina of one, whose only job hands over a port. All else goes over that
 * port, because Piscina keeps the process alive while a job runs, daemon or not.
 */
export class DedicatedWorker implements WorkerHandle {
  readonly stackSize: number;
  listener: WorkerListener | undefined;
  readonly #piscina: Piscina;
  readonly #port: MessagePort;
  #error: unknown;
  #terminated = false;
  #dead = false;
  #holds = 0;
  /** Of the threads that ended here, in their order. */
  readonly #flushes: (() => void)[] = [];
  readonly exited: Promise<void>;
  readonly #release: (worker: DedicatedWorker) => void;

  /** With its first thread on the way. @throws DataCloneError, before there is a worker. */
  constructor(
    stackSize: number,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
    release: (worker: DedicatedWorker) => void,
  ) {
    this.#release = release;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.post(first, transfer);
    this.stackSize = stackSize;
    this.listener = listener;
    this.#piscina = newPiscina({
      filename: WORKER_ENTRY,
      name: 'openSession',
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
      ...(stackSize > 0 && { resourceLimits: { stackSizeMb: Math.max(stackSize, LEAST_STACK) / 2 ** 20 } }),
    });
    this.exited = this.#watchDeath();
    port1.on('message', (message: FromThread) => this.#hear(message));
    port1.unref();
    // The port goes before the worker's exit is told, which the process is to hear of.
    port1.on('close', () => this.#piscina.threads[0]?.ref());
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

  /** It was told to end, and will. */
  get terminated(): boolean {
    return this.#terminated;
  }

  post(messages: readonly ToThread[], transfer: readonly TransferListItem[] = []): void {
    for (const message of messages)
      this.#port.postMessage(message, message === messages.at(-1) ? transfer : []);
  }

  drain(): void {
    for (;;) {
      const next = receiveMessageOnPort(this.#port);
      if (next === undefined) return;
      this.#hear(next.message as FromThread);
    }
  }

  hold(alive: boolean): void {
    this.#holds += alive ? 1 : -1;
    if (this.#holds > 0) this.#port.ref();
    else this.#port.unref();
  }

  whenFlushed(flushed: () => void): void {
    this.#flushes.push(flushed);
  }

  #hear(message: FromThread): void {
    // A worker that is killed as it loads its modules goes on with half of them, and fails for want of the others.
    if (this.#terminated && message.kind === 'threw') return;
    if (message.kind === 'flushed') this.#flushes.shift()?.();
    else this.listener?.onMessage(message);
  }

  kill(): Promise<void> {
    this.#terminated = true;
    void this.#piscina.destroy();
    return this.exited;
  }

  release(): void {
    this.#release(this);
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
        for (const flushed of this.#flushes.splice(0)) flushed();
        this.listener?.onExit({ error: this.#error, exitCode, terminated: this.#terminated });
        resolve();
      });
    });
  }
}
