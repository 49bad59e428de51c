import { MessageChannel, type TransferListItem } from 'node:worker_threads';
import type { FromThread, ToThread } from '../wire/messages.js';
import { PortChannel } from '../wire/port-channel.js';
import type { WorkerHandle, WorkerListener } from './executor.js';
import { newPiscina, type Piscina } from './piscina.js';
import { workerEntry } from './worker-files.js';

/** Bytes. With less stack, a worker cannot load its modules, and Node aborts the process. */
const LEAST_STACK = 2 ** 20;

/**
 * A worker that runs one thread at a time: a Piscina of one, whose only job hands over a port. All messages go over that
 * port, because Piscina keeps the process alive while a job runs, and a daemon thread must not.
 */
export class DedicatedWorker implements WorkerHandle {
  readonly stackSize: number;
  listener: WorkerListener | undefined;
  readonly #piscina: Piscina;
  readonly #channel: PortChannel<ToThread, FromThread>;
  #error: unknown;
  #terminated = false;
  #dead = false;
  #holds = 0;
  /** Callbacks of whenFlushed, of the threads that ended in this worker, in their order. */
  readonly #flushes: (() => void)[] = [];
  readonly exited: Promise<void>;
  readonly #release: (worker: DedicatedWorker) => void;

  /** @param first - messages of the first thread. @throws DataCloneError, before there is a worker */
  constructor(
    stackSize: number,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
    release: (worker: DedicatedWorker) => void,
  ) {
    this.#release = release;
    const { port1, port2 } = new MessageChannel();
    this.#channel = new PortChannel(port1);
    this.post(first, transfer);
    this.stackSize = stackSize;
    this.listener = listener;
    this.#piscina = newPiscina({
      filename: workerEntry(),
      name: 'openSession',
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
      ...(stackSize > 0 && { resourceLimits: { stackSizeMb: Math.max(stackSize, LEAST_STACK) / 2 ** 20 } }),
    });
    this.exited = this.#watchDeath();
    this.#channel.hear((message) => this.#hear(message));
    // A dying worker closes its port before it emits 'exit': until then the worker itself keeps the process alive, or
    // nobody would learn of the death.
    this.#channel.onClose(() => this.#piscina.threads[0]?.ref());
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

  /** kill() was called: the worker ends, if it has not yet. */
  get terminated(): boolean {
    return this.#terminated;
  }

  post(messages: readonly ToThread[], transfer: readonly TransferListItem[] = []): void {
    for (const message of messages) this.#channel.post(message, message === messages.at(-1) ? transfer : []);
  }

  drain(): void {
    this.#channel.drain();
  }

  hold(alive: boolean): void {
    this.#holds += alive ? 1 : -1;
    this.#channel.hold(this.#holds > 0);
  }

  whenFlushed(flushed: () => void): void {
    this.#flushes.push(flushed);
  }

  #hear(message: FromThread): void {
    // A worker that is killed while it imports a module runs on with half of its modules. The error that it reports
    // then is of our making and not the target's.
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
    // Piscina emits a worker's error as its own, too, and would throw it if nobody listened.
    this.#piscina.on('error', () => {});
    // Before Piscina's own listener, which would put another worker in the place of this one.
    worker?.prependListener('error', (error: unknown) => {
      this.#error = error;
      void this.#piscina.destroy();
    });
    return new Promise((resolve) => {
      worker?.prependListener('exit', (exitCode: number) => {
        void this.#piscina.destroy();
        this.#dead = true;
        this.drain();
        this.#channel.close();
        for (const flushed of this.#flushes.splice(0)) flushed();
        this.listener?.onExit({ error: this.#error, exitCode, terminated: this.#terminated });
        resolve();
      });
    });
  }
}
