import type { FromThread } from '../wire/messages.js';

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
