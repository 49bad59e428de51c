import type { Model, Operation } from './history.js';

/** What the check of a history came to. */
export interface Verdict<S> {
  readonly right: boolean;
  /** Of a wrong one: whose end no order explains, and in which states the primitive can have been just before. */
  readonly culprit?: Operation | undefined;
  readonly before: readonly S[];
  /** How many pairs of (steps done, state) were looked at. */
  readonly looked: number;
}

/** Steps taken of the operations under way, a digit for each place, and the state that led to. */
interface Position<S> {
  readonly done: string;
  readonly state: S;
}

interface Place {
  readonly operation: Operation;
  readonly steps: number;
  /** How many steps can have been taken by now. */
  allowed: number;
}

interface Moment {
  readonly time: number;
  readonly opens: boolean;
  readonly operation: Operation;
  readonly step: number;
}

const MOST_LOOKS = 3_000_000;

/**
 * Whether some order of all steps, each within its time, is one that the model allows: the search of Wing and Gong with
 * Lowe's memo on (done, state), in its breadth-first form, from one moment of the history to the next. `done` tells
 * only of operations under way: those before have all been taken, and share one past.
 *
 * An operation that its thread died in may take its steps or not, but none after the thread's `died`.
 */
export function check<S>(model: Model<S>, operations: readonly Operation[]): Verdict<S> {
  return new Search(model, operations).run();
}

class Search<S> {
  readonly #model: Model<S>;
  readonly #moments: readonly Moment[];
  readonly #places: (Place | undefined)[] = [];
  readonly #placeOf = new Map<number, number>();
  /** Where the `died` of each thread is. */
  readonly #deaths = new Map<number, number>();
  #positions = new Map<string, Position<S>>();
  #looked = 0;

  constructor(model: Model<S>, operations: readonly Operation[]) {
    this.#model = model;
    this.#moments = momentsOf(model, operations);
    this.#add(this.#positions, { done: '', state: model.initial });
  }

  run(): Verdict<S> {
    for (const { opens, operation, step } of this.#moments) {
      if (opens) this.#open(operation, step);
      else {
        const before = this.#positions;
        this.#close(operation, step);
        if (this.#positions.size > 0) continue;
        const states = new Map(
          [...before.values()].map(({ state }) => [this.#model.key(state), state] as const),
        );
        return { right: false, culprit: operation, before: [...states.values()], looked: this.#looked };
      }
    }
    return { right: true, before: [], looked: this.#looked };
  }

  #open(operation: Operation, step: number): void {
    let place = this.#placeOf.get(operation.id);
    if (place === undefined) {
      const free = this.#places.indexOf(undefined);
      place = free < 0 ? this.#places.length : free;
      this.#places[place] = { operation, steps: this.#model.steps(operation).length, allowed: 0 };
      this.#placeOf.set(operation.id, place);
      if (operation.name === 'died') this.#deaths.set(operation.thread, place);
      if (free < 0) this.#map(({ done, state }) => ({ done: `${done}0`, state }));
    }
    (this.#places[place] as Place).allowed = step + 1;
    if (this.#model.eager(operation, step)) this.#map((position) => position);
  }

  /** From here on a step has been taken; all others that it may need before it are. */
  #close(operation: Operation, step: number): void {
    const place = this.#placeOf.get(operation.id) as number;
    const seen = new Map(this.#positions);
    const taken = new Map<string, Position<S>>();
    for (const [key, position] of seen) {
      if (Number(position.done[place]) > step) taken.set(key, position);
      else this.#expand(position, seen);
    }
    this.#positions = taken;
    if (step + 1 < (this.#places[place] as Place).steps) return;
    this.#places[place] = undefined;
    this.#placeOf.delete(operation.id);
    this.#map(({ done, state }) => ({ done: `${done.slice(0, place)}0${done.slice(place + 1)}`, state }));
  }

  #expand(position: Position<S>, into: Map<string, Position<S>>): void {
    for (let place = 0; place < this.#places.length; place++) {
      const next = this.#next(position, place, false);
      if (next !== undefined) this.#add(into, next);
    }
  }

  /** The position after the next step of a place, if it can be taken. */
  #next({ done, state }: Position<S>, place: number, eagerly: boolean): Position<S> | undefined {
    const at = this.#places[place];
    if (at === undefined) return undefined;
    const step = Number(done[place]);
    if (step >= at.allowed) return undefined;
    if (eagerly && !this.#model.eager(at.operation, step)) return undefined;
    const death = this.#deaths.get(at.operation.thread);
    if (death !== undefined && death !== place && done[death] === '1') return undefined;
    const after = this.#model.step(state, at.operation, step);
    if (after === undefined) return undefined;
    return { done: `${done.slice(0, place)}${step + 1}${done.slice(place + 1)}`, state: after };
  }

  /** Adds a position with all steps taken that cost nothing. */
  #add(to: Map<string, Position<S>>, position: Position<S>): void {
    for (let place = 0; place < this.#places.length; place++) {
      const next = this.#next(position, place, true);
      if (next === undefined) continue;
      position = next;
      place = -1;
    }
    if (++this.#looked > MOST_LOOKS) throw new RangeError(`no verdict after ${MOST_LOOKS} looks`);
    to.set(`${position.done} ${this.#model.key(position.state)}`, position);
  }

  #map(change: (position: Position<S>) => Position<S>): void {
    const positions = new Map<string, Position<S>>();
    for (const position of this.#positions.values()) this.#add(positions, change(position));
    this.#positions = positions;
  }
}

function momentsOf<S>(model: Model<S>, operations: readonly Operation[]): readonly Moment[] {
  const moments: Moment[] = [];
  for (const operation of operations) {
    let opens = 0;
    for (const [step, { from, to }] of model.steps(operation).entries()) {
      // None is possible before those that come first.
      opens = Math.max(opens, from);
      moments.push({ time: opens, opens: true, operation, step });
      if (to !== Number.POSITIVE_INFINITY) moments.push({ time: to, opens: false, operation, step });
    }
  }
  // Where two are at the same time, steps open in their order before any ends.
  return moments.sort((a, b) => a.time - b.time || Number(b.opens) - Number(a.opens) || a.step - b.step);
}
