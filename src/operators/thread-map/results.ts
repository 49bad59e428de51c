import type { Subscriber } from 'rxjs';
import { CallerContext } from '../../primitives/waiting/caller-context.js';
import { emitTo } from '../parts/attached.js';
import type { Chunk, Lane } from './backlog.js';

/** Values that follow one another, and what came of them. */
export class Part implements Chunk {
  readonly first: number;
  readonly lane: Lane | undefined;
  readonly attempts: number;
  values: readonly unknown[];
  /** Nothing more comes. */
  ended = false;
  /** The error of the last of the values, if that ends the subscription. */
  failure: { readonly error: unknown } | undefined;
  /** How many of the values have all their results here. */
  done = 0;
  /** Lets the worker send so many more values of the stream that it is reading. */
  readonly #credit: (values: number) => void;
  /** Came, and not yet passed on. */
  #outputs: unknown[] = [];
  /** Which of the values they are streamed by, and how many of them by that one. */
  #stream: number | undefined;
  #streamed = 0;
  /** How many of `done` are not kept any more. */
  #left = 0;

  constructor({ first, values, lane, attempts = 0 }: Chunk, credit: (values: number) => void = () => {}) {
    this.first = first;
    this.values = values;
    this.lane = lane;
    this.attempts = attempts;
    this.#credit = credit;
  }

  /** Index of its last value. */
  get last(): number {
    return this.first + this.values.length - 1;
  }

  /** Cuts off the values from this one on. Of what one of them has streamed only what was passed on remains. */
  cut(from: number): Chunk {
    const { first, values, lane, attempts } = this;
    if (this.#stream !== undefined && this.#stream >= from) {
      this.#outputs.length -= Math.min(this.#outputs.length, this.#streamed);
      this.#streamed = 0;
    }
    this.values = values.slice(0, from);
    return { first: first + from, values: from === 0 ? values : values.slice(from), lane, attempts };
  }

  /**
   * Outputs that come after those that have come; the array is the part's from now on.
   *
   * @param stream - which of the values they are streamed by; undefined: they are results of a value each
   */
  came(outputs: unknown[], stream: number | undefined): void {
    if (stream !== this.#stream) this.#streamed = 0;
    this.#stream = stream;
    if (stream !== undefined) this.#streamed += outputs.length;
    if (this.#outputs.length === 0) this.#outputs = outputs;
    else for (const output of outputs) this.#outputs.push(output);
  }

  /** Its last value ends the subscription. */
  fail(error: unknown): void {
    this.failure = { error };
    this.ended = true;
  }

  /** Its last value is done with. */
  skip(): void {
    this.done = this.values.length;
    this.ended = true;
  }

  /** Its last value is to be mapped again. */
  retract(): void {
    this.cut(this.values.length - 1);
    this.ended = true;
  }

  /** How many of its values are done since the last call. */
  leave(): number {
    const leaving = this.done - this.#left;
    this.#left = this.done;
    return leaving;
  }

  /** What came since the last call. */
  take(): readonly unknown[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** All that came has been passed on. */
  passed(): void {
    if (this.#streamed > 0 && !this.ended) this.#credit(this.#streamed);
    this.#streamed = 0;
  }
}

/** Who is called as results are passed on: the MapRun. */
export interface ResultsOwner {
  /** The value of this index has failed: those after it are not wanted any more. */
  failed(index: number): void;
  /** The results of so many values are about to be passed on, and there will be no others. */
  left(values: number): void;
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

  /** When ordered: the value, or the first of several, that is passed on next. */
  get next(): number {
    return this.#next;
  }

  /** There is a part that begins with this value. */
  has(first: number): boolean {
    return this.#parts.has(first);
  }

  /** Every part has been passed on to its end. */
  get empty(): boolean {
    return this.#parts.size === 0;
  }

  add(part: Part): void {
    this.#parts.set(part.first, part);
    if (part.ended) this.pass([part]);
  }

  /** Forgets the part that begins with this value, as that goes back into the backlog. */
  forget(first: number): void {
    const part = this.#parts.get(first);
    if (part === undefined) return;
    this.#parts.delete(first);
    this.#ready.delete(part);
  }

  /** Ends the subscription by an error that no single value is to blame for. */
  fail(error: unknown): void {
    this.#context.tell(() => this.#subscriber.error(error));
  }

  /** Runs code of the user's: what it throws ends the subscription, and undefined is returned. */
  call<T>(code: () => T): T | undefined {
    if (this.#subscriber.closed) return undefined;
    try {
      return this.#context.run(code);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Passes on what has come of these parts, of each in its turn, and of those that follow. */
  pass(parts: readonly Part[] = []): void {
    for (const part of parts) this.#arrived(part);
    // The subscriber's code may have led back here: the loop below it goes on with these parts.
    if (this.#passing) return;
    this.#passing = true;
    this.#context.tell(() => {
      if (this.#ordered) this.#passInOrder();
      else for (const one of this.#ready) this.#passOne(one);
      this.#passing = false;
      this.#owner.passed();
    });
  }

  #arrived(part: Part): void {
    if (part.failure !== undefined && part.last < this.#failed) {
      this.#failed = part.last;
      this.#owner.failed(this.#failed);
    }
    if (!this.#ordered) this.#ready.add(part);
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
    for (;;) {
      this.#owner.left(part.leave());
      const outputs = part.take();
      if (outputs.length === 0) break;
      for (const output of outputs) {
        if (this.#subscriber.closed) return false;
        emitTo(this.#subscriber, output);
      }
    }
    if (this.#subscriber.closed) return false;
    if (part.failure !== undefined) {
      this.fail(part.failure.error);
      return false;
    }
    part.passed();
    if (part.ended && this.#parts.get(part.first) === part) this.#parts.delete(part.first);
    return part.ended;
  }
}
