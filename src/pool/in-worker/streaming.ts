import type { TransferListItem } from 'node:worker_threads';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { onCancel, reasonFor } from '../thread/cancellation.js';
import { BatchSender } from '../wire/batch-sender.js';
import { type Encoded, encode } from '../wire/codec.js';
import { movesOf } from '../wire/transfer.js';
import { cannotClone } from './failure.js';
import { pump } from './pump.js';

/** Sends a source's values out of the current thread, until the source ends or the thread is cancelled. */
export class Streaming {
  readonly output: BatchSender;
  readonly #post: (values: Encoded, transfer: readonly TransferListItem[]) => void;
  readonly #failed: Promise<never>;
  readonly #forget: () => void;
  #fail: (error: unknown) => void = () => {};
  #sent = 0;
  /** One of the values could not be sent: none that follow it are. */
  #broken = false;

  /** @param credit - how many values the reader has room for */
  constructor(credit: number, post: (values: Encoded, transfer: readonly TransferListItem[]) => void) {
    this.#post = post;
    this.output = new BatchSender(credit, (values) => this.#send(values));
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {});
    const ident = getIdent();
    this.#forget = onCancel(ident, () => this.#fail(reasonFor(ident)));
  }

  /** false when one of the values cannot be sent: those before it have been. */
  #send(values: readonly unknown[]): boolean {
    if (this.#broken) return false;
    try {
      const transfer = movesOf(values);
      this.#post(encode(values, transfer), transfer);
      this.#sent += values.length;
      return true;
    } catch (cause) {
      if (values.length > 1) return values.every((value) => this.#send([value]));
      this.#broken = true;
      this.#fail(cannotClone(getIdent(), `output[${this.#sent}]`, values[0], cause));
      return false;
    }
  }

  /** Posts progress once the values that came before have been sent. What a getter reported fails the stream if it cannot be. */
  inTurn(post: () => void): void {
    let late = false;
    this.output.inTurn(() => {
      try {
        post();
      } catch (cause) {
        if (!late) throw cause;
        this.#fail(cannotClone(getIdent(), 'progress', undefined, cause));
      }
    });
    late = true;
  }

  /** As `running`, but rejects as soon as the thread is cancelled or a value could not be sent. */
  unlessFailed<T>(running: PromiseLike<T>): Promise<T> {
    return Promise.race([this.#failed, running]);
  }

  /** Resolves when all values have been sent; rejects with the source's error, after the values that came before it. */
  async run(source: object): Promise<void> {
    const { ended, stop } = pump(source, this.output);
    try {
      const failure = await this.unlessFailed(
        ended.then(
          () => undefined,
          (error) => ({ error }),
        ),
      );
      await this.unlessFailed(this.output.untilSent());
      // The last flush may have failed.
      await this.unlessFailed(Promise.resolve());
      if (failure !== undefined) throw failure.error;
    } catch (error) {
      stop();
      this.output.flush();
      throw error;
    } finally {
      this.close();
    }
  }

  /** From now on no cancel of the thread is heeded. */
  close(): void {
    this.#forget();
  }
}
