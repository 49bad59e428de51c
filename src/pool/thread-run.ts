import type { TransferListItem } from 'node:worker_threads';
import { ThreadError } from '../errors.js';
import { markGone, markStopped, setWorker } from '../primitives/thread-table.js';
import { giveBack, takeIdle } from './elastic-pool.js';
import { unpackError } from './error-wire.js';
import { relayUnheard, reportUnheard } from './excepthook.js';
import { type Death, Host, type Tenant } from './host.js';
import { type EndMessage, type FromThread, type ToThread, WINDOW } from './messages.js';
import type { Outcome } from './outcome.js';
import { countChild } from './parent.js';
import { decode } from './wire.js';

/** What a run needs to know of the Thread it is the life of. */
export interface Started {
  readonly ident: number;
  readonly name: string;
  readonly daemon: boolean;
  readonly outcome: Outcome<unknown>;
}

/** A started thread, seen from the thread that started it: its worker, and what comes from there. */
export class ThreadRun implements Tenant {
  readonly #thread: Started;
  readonly #host: Host;
  #ended = false;
  /** Read, and not yet told to the thread. */
  #read = 0;
  readonly #onEnd: () => void;

  /** @throws DataCloneError; no thread has begun then. */
  constructor(
    thread: Started,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    stackSize: number,
    onEnd: () => void,
  ) {
    this.#thread = thread;
    this.#onEnd = onEnd;
    const idle = takeIdle(stackSize);
    if (idle === undefined) this.#host = new Host(stackSize, first, transfer, this);
    else {
      this.#host = idle;
      idle.tenant = this;
      try {
        idle.post(first, transfer);
      } catch (error) {
        giveBack(idle, leftoversOf(idle));
        throw error;
      }
    }
    setWorker(thread.ident, this.#host.workerId);
    this.#host.hold(!thread.daemon);
    countChild(1);
  }

  get ended(): boolean {
    return this.#ended;
  }

  post(message: ToThread): void {
    if (!this.#ended) this.#host.post([message]);
  }

  /** Hears now what the thread has said so far. */
  drain(): void {
    if (!this.#ended) this.#host.drain();
  }

  /** So many values were read. */
  more(values: number): void {
    this.#read += values;
    if (this.#read < WINDOW / 4) return;
    this.post({ kind: 'credit', ident: this.#thread.ident, values: this.#read });
    this.#read = 0;
  }

  /** Resolves when the worker is gone. */
  async kill(): Promise<void> {
    if (!this.#ended) await this.#host.kill();
  }

  received(message: FromThread): void {
    const { outcome } = this.#thread;
    switch (message.kind) {
      case 'values':
        outcome.values(decode(message.values) as unknown[]);
        break;
      case 'returned':
        this.#end(message, () => {
          outcome.values([decode(message.value)]);
          outcome.complete();
        });
        break;
      case 'completed':
        this.#end(message, () => outcome.complete());
        break;
      case 'threw':
        this.#end(message, () => outcome.fail(unpackError(message.error), message.cancelled));
        break;
      case 'unheard':
        relayUnheard(message);
        break;
      case 'flushed':
        // Otherwise it is about the thread before.
        if (this.#ended) this.#host.hold(false);
        break;
      case 'idle':
        giveBack(this.#host, leftoversOf(this.#host));
        break;
    }
  }

  /** Counts as stopped before anybody hears of it, so that nobody hears of the end of a thread that is alive. */
  #end(message: EndMessage, tell: () => void): void {
    markStopped(this.#thread.ident);
    this.#ended = true;
    countChild(-1);
    if (!message.flushing) this.#host.hold(false);
    if (message.idle) giveBack(this.#host, leftoversOf(this.#host));
    this.#onEnd();
    tell();
  }

  died(death: Death): void {
    if (this.#ended) {
      // Something the thread had left behind.
      if (death.error !== undefined && !death.terminated) reportUnheard(this.#thread.ident, death.error);
      return;
    }
    this.#ended = true;
    countChild(-1);
    markGone(this.#thread.ident);
    this.#onEnd();
    this.#thread.outcome.fail(explainDeath(this.#thread.name, death), death.terminated);
  }
}

/** Listens to a worker that no thread runs in. */
function leftoversOf(host: Host): Tenant {
  return {
    received: (message) => {
      if (message.kind === 'flushed') host.hold(false);
      if (message.kind === 'unheard') relayUnheard(message);
    },
    died: ({ error, terminated }) => {
      if (error !== undefined && !terminated) reportUnheard(null, error);
    },
  };
}

function explainDeath(name: string, { error, exitCode, terminated }: Death): ThreadError {
  const why =
    error instanceof Error
      ? `${error.name}: ${error.message}`
      : error !== undefined
        ? String(error)
        : terminated
          ? 'it was terminated'
          : `process.exit(${exitCode}) was called in it`;
  return new ThreadError(`thread '${name}' died: ${why}`, {
    code: 'ERR_THREAD_DIED',
    ...(error !== undefined && { cause: error }),
  });
}
