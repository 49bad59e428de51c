import type { Subscriber } from 'rxjs';
import { toValueError } from '../parts/value-error.js';
import type { Chunk } from './backlog.js';

/** Values that follow one another, and what came of them. */
export interface Part extends Chunk {
  /** Those taken back have been cut off. */
  values: readonly unknown[];
  /** Came, and not yet passed on. */
  outputs: unknown[];
  /** Nothing more comes. */
  ended: boolean;
  failure: { readonly at: number; readonly error: unknown } | undefined;
  /** All that came has been passed on. */
  passed?(): void;
}

/** A value that failed by itself. */
export function failedPart(index: number, value: unknown, error: unknown): Part {
  return { first: index, values: [value], outputs: [], ended: true, failure: { at: 0, error } };
}

/** Who hears how far it is. */
export interface ResultsOwner {
  /** A value has failed: what comes after it is not wanted any more. */
  failed(index: number): void;
  /** All that can be has been passed on. */
  passed(): void;
}

/** What came of a threadMap's values, on its way to who subscribed: in their order, or as it comes. */
export class MapResults {
  readonly #subscriber: Subscriber<unknown>;
  readonly #owner: ResultsOwner;
  readonly #ordered: boolean;
  /** Not passed on to their end; by the index of their first value. */
  readonly #parts = new Map<number, Part>();
  /** When ordered: the part of this value is passed on. Otherwise: those that have something. */
  #next = 0;
  readonly #ready = new Set<Part>();
  #passing = false;
  #failed = Number.POSITIVE_INFINITY;

  constructor(subscriber: Subscriber<unknown>, ordered: boolean, owner: ResultsOwner) {
    this.#subscriber = subscriber;
    this.#ordered = ordered;
    this.#owner = owner;
  }

  /** Every part has been passed on to its end. */
  get empty(): boolean {
    return this.#parts.size === 0;
  }

  add(part: Part): void {
    this.#parts.set(part.first, part);
    if (part.ended) this.pass(part);
  }

  /** Nothing will come of it: its values have been taken back. */
  remove(part: Part): void {
    if (this.#parts.get(part.first) === part) this.#parts.delete(part.first);
  }

  /** It has no value that failed. */
  fail(error: unknown): void {
    this.#subscriber.error(error);
  }

  /** Something has come of it. */
  pass(part: Part): void {
    if (part.failure !== undefined && part.first + part.failure.at < this.#failed) {
      this.#failed = part.first + part.failure.at;
      this.#owner.failed(this.#failed);
    }
    if (!this.#ordered) this.#ready.add(part);
    // Whoever subscribed may have come back here.
    if (this.#passing) return;
    this.#passing = true;
    if (this.#ordered) this.#passInOrder();
    else for (const one of this.#ready) this.#passOne(one);
    this.#passing = false;
    this.#owner.passed();
  }

  #passInOrder(): void {
    for (let part = this.#parts.get(this.#next); part !== undefined; part = this.#parts.get(this.#next)) {
      if (!this.#passOne(part)) return;
      this.#next = part.first + part.values.length;
    }
  }

  /** true when that was all of it. */
  #passOne(part: Part): boolean {
    this.#ready.delete(part);
    while (part.outputs.length > 0) {
      const { outputs } = part;
      part.outputs = [];
      for (let at = 0; at < outputs.length; at++) {
        if (this.#subscriber.closed) return false;
        this.#subscriber.next(outputs[at]);
      }
    }
    if (this.#subscriber.closed) return false;
    if (part.failure !== undefined) {
      const { at, error } = part.failure;
      this.fail(toValueError(error, part.first + at, part.values[at]));
      return false;
    }
    part.passed?.();
    if (part.ended) this.remove(part);
    return part.ended;
  }
}
