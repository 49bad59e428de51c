import { now } from '../primitives/waiting/event-loop.js';
import type { JobCodec } from './job-codec.js';
import { AGAIN, READ } from './job-messages.js';

/** Values that are read before their worker is told. */
const TELL_EVERY = 250;
/** UTF-16 units, for the same: fewer than the worker sends ahead. */
const TELL_UNITS = 2 ** 20;

/**
 * The values of a job that streams, where they are read: passes each on once, in order, and tells the worker how many were
 * read, so that it goes on; job-stream.ts is the other side.
 */
export class JobReader {
  readonly #codec: JobCodec;
  readonly #tellAfter: number;
  readonly #pass: (value: unknown) => boolean;
  readonly #say: (kind: string, count: number) => void;
  #read = 0;
  /** What the worker knows, and since when. */
  #told = 0;
  #toldAt: number = now();
  /** Read since then. */
  #units = 0;

  /**
   * @param tellAfter - ms after which the worker is told that somebody reads, however few there were
   * @param pass - false: nobody reads any more
   * @param say - to the worker
   */
  constructor(
    codec: JobCodec,
    tellAfter: number,
    pass: (value: unknown) => boolean,
    say: (kind: string, count: number) => void,
  ) {
    this.#codec = codec;
    this.#tellAfter = tellAfter;
    this.#pass = pass;
    this.#say = say;
  }

  /** @param first - index of the first of them @throws what the codec does */
  values(text: string, first: number): void {
    // Some before these were lost.
    if (first > this.#read) {
      this.again();
      return;
    }
    this.#units += text.length;
    for (const one of (JSON.parse(text) as string[]).slice(this.#read - first)) {
      const value = this.#codec.decode(one);
      this.#read++;
      if (!this.#pass(value)) return;
    }
    const isMuch = this.#read - this.#told >= TELL_EVERY || this.#units >= TELL_UNITS;
    if (isMuch || now() - this.#toldAt >= this.#tellAfter) this.#tell(READ);
  }

  /** @param count - values that there were in all */
  ended(count: number): void {
    this.#tell(this.#read === count ? READ : AGAIN);
  }

  again(): void {
    this.#tell(AGAIN);
  }

  #tell(kind: string): void {
    this.#told = this.#read;
    this.#toldAt = now();
    this.#units = 0;
    this.#say(kind, this.#read);
  }
}
