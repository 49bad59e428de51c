import type { Subscriber } from 'rxjs';
import { CallerContext } from '../../primitives/waiting/caller-context.js';
import { toValueError } from '../parts/value-error.js';
import type { Chunk } from './backlog.js';

/** Values that follow one another, and what came of them. */
export class Part implements Chunk {
  readonly first: number;
  values: readonly unknown[];
  /** Nothing more comes. */
  ended = false;
  /** Which of the values failed: nothing comes of those after it. */
  failure: { readonly at: number; readonly error: unknown } | undefined;
  /** Came, and not yet passed on. */
  #outputs: unknown[] = [];

  constructor(first: number, values: readonly unknown[]) {
    this.first = first;
    this.values = values;
  }

  /** A value that failed by itself. */
  static failed(index: number, value: unknown, error: unknown): Part {
    const part = new Part(index, [value]);
    part.ended = true;
    part.failure = { at: 0, error };
    return part;
  }

  /** Outputs that come after those that have come; the array is the part's from now on. */
  came(outputs: unknown[]): void {
    if (this.#outputs.length === 0) this.#outputs = outputs;
    else for (const output of outputs) this.#outputs.push(output);
  }

  /** What came since the last call. */
  take(): readonly unknown[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** All that came has been passed on. */
  passed(): void {}
}

/** Who is called as results are passed on: the MapRun. */
export interface ResultsOwner {
  /** The value of this index has failed: those after it are not wanted any more. */
  failed(index: number): void;
  /** All that can be passed on now has been. */
  passed(): void;
}

/** What came of a threadMap's values, on its way to who subscribed: in their order, or as it comes. */
export class MapResults {
  readonly #subscriber: Subscriber<unknown>;
  readonly #owner: ResultsOwner;
  readonly #ordered: boolean;
  /** Of who subscribed: messages come in that of whatever made their port. */
  readonly #context = new CallerContext();
  /** Parts that have not been passed on to their end, by the index of their first value. */
  readonly #parts = new Map<number, Part>();
  /** When ordered: the first value of the part that is passed on next. */
  #next = 0;
  /** When not: the parts of which something has come. */
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

  /** Forgets a part whose values have all been taken back. */
  remove(part: Part): void {
    if (this.#parts.get(part.first) === part) this.#parts.delete(part.first);
  }

  /** Ends the subscription by an error that no single value is to blame for. */
  fail(error: unknown): void {
    this.#context.run(() => this.#subscriber.error(error));
  }

  /** Passes on what has come of this part, if it is its turn, and of those that follow. */
  pass(part: Part): void {
    if (part.failure !== undefined && part.first + part.failure.at < this.#failed) {
      this.#failed = part.first + part.failure.at;
      this.#owner.failed(this.#failed);
    }
    if (!this.#ordered) this.#ready.add(part);
    // The subscriber's code may have led back here: the loop below it goes on with this part.
    if (this.#passing) return;
    this.#passing = true;
    this.#context.run(() => {
      if (this.#ordered) this.#passInOrder();
      else for (const one of this.#ready) this.#passOne(one);
      this.#passing = false;
      this.#owner.passed();
    });
  }

  #passInOrder(): void {
    for (let part = this.#parts.get(this.#next); part !== undefined; part = this.#parts.get(this.#next)) {
      if (!this.#passOne(part)) return;
      this.#next = part.first + part.values.length;
    }
  }

  /** true: all that will come of the part has been passed on. */
  #passOne(part: Part): boolean {
    this.#ready.delete(part);
    // More may come meanwhile, by a subscriber that comes back here.
    for (let outputs = part.take(); outputs.length > 0; outputs = part.take()) {
      for (const output of outputs) {
        if (this.#subscriber.closed) return false;
        this.#subscriber.next(output);
      }
    }
    if (this.#subscriber.closed) return false;
    if (part.failure !== undefined) {
      const { at, error } = part.failure;
      this.fail(toValueError(error, part.first + at, part.values[at]));
      return false;
    }
    part.passed();
    if (part.ended) this.remove(part);
    return part.ended;
  }
}
