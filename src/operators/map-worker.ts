import type { MessagePort } from 'node:worker_threads';
import { onCancel, reasonFor } from '../pool/cancellation.js';
import type { PackedError } from '../pool/error-wire.js';
import { cannotClone, packFailure } from '../pool/failure.js';
import type { StartMessage } from '../pool/messages.js';
import { Output } from '../pool/output.js';
import { pump } from '../pool/pump.js';
import { isStream, isThenable } from '../pool/running.js';
import { decode, encode, prepareDecode, type Wired } from '../pool/wire.js';
import { now } from '../primitives/loop.js';
import { type PackedTarget, type Runnable, unpackTarget } from '../primitives/target.js';
import { getIdent } from '../primitives/thread-table.js';
import type { Cells } from '../primitives/word.js';
import { claim } from './claims.js';
import { type BatchMessage, type FromSession, STREAM_WINDOW, type ToSession } from './map-messages.js';

/** The worker's side of a threadMap. */

/** Results wait at most so long for those that follow, in ms, unless one of these takes longer. */
const LATEST = 2;

const NOTHING: Wired = { value: [], marked: false };

/** Maps what comes over the port, until that is closed, or the thread is cancelled. */
export async function mapValues(port: MessagePort, target: PackedTarget, cells: Cells): Promise<void> {
  const run = await unpackTarget(target);
  const ident = getIdent();
  const batches = new Map<number, Batch>();
  const start: StartMessage = { kind: 'start', ident, target, args: NOTHING, credit: 0 };
  const explain = (error: unknown): PackedError => packFailure(error, start).error;
  const post = (message: FromSession): void => {
    port.postMessage(message);
    if (message.kind !== 'results') batches.delete(message.id);
  };
  const begin = (message: BatchMessage): void => {
    const batch = new Batch(message, run, explain, cells, post);
    batches.set(message.id, batch);
    batch.go();
  };
  await new Promise<void>((resolve, reject) => {
    const forget = onCancel(ident, () => {
      for (const batch of batches.values()) batch.stop();
      port.close();
      reject(reasonFor(ident));
    });
    port.on('close', () => {
      forget();
      resolve();
    });
    port.on('message', (message: ToSession) => {
      if (message.kind === 'credit') batches.get(message.id)?.credit(message.values);
      else if (message.values.marked) void prepareDecode(message.values).then(() => begin(message));
      else begin(message);
    });
  });
}

/** Values that are mapped one after the other. */
class Batch {
  readonly #id: number;
  readonly #cell: number;
  readonly #cells: Cells;
  readonly #values: readonly unknown[];
  readonly #run: Runnable;
  readonly #explain: (error: unknown) => PackedError;
  readonly #post: (message: FromSession) => void;
  /** The value that is being mapped. */
  #at = 0;
  #results: unknown[] = [];
  readonly #began = now();
  #flushed = this.#began;
  #output: Output | undefined;
  #stop: () => void = () => {};
  #stopped = false;

  constructor(
    message: BatchMessage,
    run: Runnable,
    explain: (error: unknown) => PackedError,
    cells: Cells,
    post: (message: FromSession) => void,
  ) {
    this.#id = message.id;
    this.#cell = message.cell;
    this.#cells = cells;
    this.#values = decode(message.values) as unknown[];
    this.#run = run;
    this.#explain = explain;
    this.#post = post;
  }

  credit(values: number): void {
    this.#output?.add(values);
  }

  stop(): void {
    this.#stopped = true;
    this.#stop();
  }

  go(): void {
    while (!this.#stopped && this.#at < this.#values.length && claim(this.#cells, this.#cell, this.#at)) {
      let result: unknown;
      try {
        result = this.#run(this.#values[this.#at]);
      } catch (error) {
        this.#fail(error);
        return;
      }
      if (isThenable(result)) {
        this.#flush();
        result.then(
          (value) => this.#resulted(value),
          (error) => this.#fail(error),
        );
        return;
      }
      if (isStream(result)) return void this.#stream(result);
      if (!this.#keep(result)) return;
    }
    if (!this.#stopped) this.#done();
  }

  #resulted(value: unknown): void {
    if (isStream(value)) void this.#stream(value);
    else if (this.#keep(value)) this.go();
  }

  /** false: it could not be sent, and the batch has failed. */
  #keep(result: unknown): boolean {
    this.#results.push(result);
    this.#at++;
    return now() - this.#flushed < LATEST || this.#flush();
  }

  #done(): void {
    const values = this.#results;
    const { length: count } = this.#values;
    const done = (wired: Wired): void =>
      this.#post({
        kind: 'done',
        id: this.#id,
        values: wired,
        count: Math.min(this.#at, count),
        took: now() - this.#began,
      });
    try {
      done(encode(values));
    } catch {
      // Which of them it is.
      if (this.#flush()) done(NOTHING);
    }
  }

  #flush(): boolean {
    const values = this.#results;
    this.#flushed = now();
    if (values.length === 0) return true;
    this.#results = [];
    const first = this.#at - values.length;
    try {
      this.#send(values, false);
      return true;
    } catch {
      return this.#sendEach(values, first);
    }
  }

  #sendEach(values: readonly unknown[], first: number): boolean {
    for (const [index, value] of values.entries()) {
      try {
        this.#send([value], false);
      } catch (cause) {
        this.#at = first + index;
        this.#fail(cannotClone(getIdent(), 'result', value, cause));
        return false;
      }
    }
    return true;
  }

  #send(values: unknown[], streamed: boolean): void {
    this.#post({ kind: 'results', id: this.#id, values: encode(values), streamed });
  }

  /** A result that streams: its values, as many as are passed on. */
  async #stream(source: object): Promise<void> {
    if (!this.#flush()) return;
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => {});
    const output = new Output(STREAM_WINDOW, (values) => {
      try {
        this.#send(values, true);
      } catch (cause) {
        fail(cannotClone(getIdent(), 'output', values, cause));
      }
    });
    this.#output = output;
    try {
      const { ended, stop } = pump(source, output);
      this.#stop = stop;
      await Promise.race([ended, failed]).catch((error) => {
        stop();
        output.flush();
        throw error;
      });
      await Promise.race([output.untilSent(), failed]);
      await Promise.race([failed, Promise.resolve()]);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#stop = () => {};
    this.#output = undefined;
    this.#at++;
    this.go();
  }

  #fail(error: unknown): void {
    const at = this.#at;
    if (this.#stopped) return;
    // What came before it.
    if (this.#results.length > 0) {
      const first = this.#at - this.#results.length;
      const values = this.#results;
      this.#results = [];
      try {
        this.#send(values, false);
      } catch {
        if (!this.#sendEach(values, first)) return;
      }
    }
    this.#stopped = true;
    this.#post({ kind: 'failed', id: this.#id, at, error: this.#explain(error) });
  }
}
