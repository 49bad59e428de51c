import type { TransferListItem } from 'node:worker_threads';
import { onCancel, reasonFor } from './cancellation.js';
import { cannotClone } from './failure.js';
import type { FromThread, StartMessage } from './messages.js';
import { Output } from './output.js';
import { pump } from './pump.js';
import { movesOf } from './transfer.js';
import { encode } from './wire.js';

/** A target's result that streams: its values go out until it ends, or the thread is cancelled. */
export class Streaming {
  readonly #ident: number;
  readonly #output: Output;
  readonly #post: (message: FromThread, transfer: readonly TransferListItem[]) => void;
  #sent = 0;
  #fail: (error: unknown) => void = () => {};

  constructor(
    { ident, credit }: StartMessage,
    post: (message: FromThread, transfer: readonly TransferListItem[]) => void,
  ) {
    this.#ident = ident;
    this.#post = post;
    this.#output = new Output(credit, (values) => this.#send(values));
  }

  /** false when one cannot be cloned: those before it are on their way. */
  #send(values: readonly unknown[]): boolean {
    const ident = this.#ident;
    try {
      const transfer = movesOf(values);
      this.#post({ kind: 'values', ident, values: encode(values, transfer) }, transfer);
      this.#sent += values.length;
      return true;
    } catch (cause) {
      if (values.length > 1) return values.every((value) => this.#send([value]));
      this.#fail(cannotClone(ident, `output[${this.#sent}]`, values[0], cause));
      return false;
    }
  }

  credit(values: number): void {
    this.#output.add(values);
  }

  /** Sends what it has come to, as far as the reader has room. */
  flush(): void {
    this.#output.flush();
  }

  /** Resolves when all is on its way; rejects with the source's error, after all that came before it. */
  async run(source: object): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const { ended, stop } = pump(source, this.#output);
    const forget = onCancel(this.#ident, () => this.#fail(reasonFor(this.#ident)));
    try {
      await Promise.race([ended, failed]);
      await Promise.race([this.#output.untilSent(), failed]);
      // What failed in the very last flush.
      await Promise.race([failed, Promise.resolve()]);
    } catch (error) {
      stop();
      this.#output.flush();
      throw error;
    } finally {
      forget();
    }
  }
}
