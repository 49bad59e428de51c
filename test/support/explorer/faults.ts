import { START } from './layout.js';
import { threadOf } from './move.js';
import type { Position } from './position.js';
import { type End, victimsOf } from './scenario.js';
import { DEAD, IS, PARKED } from './state.js';
import type { World } from './world.js';

/** ms after which threads that still go on never end; deaths take some looks to notice. */
const LONGEST = 150;
/** So often a thread that runs alone looks in vain before it counts as spinning. */
const MOST_FUTILE = 2;
/** So often a thread that runs alone may go on before it sleeps. */
const LONGEST_ALONE = 400;

/** What may be wrong with the state that a world is in. */
export class Faults<S> {
  readonly #world: World<S>;

  constructor(world: World<S>) {
    this.#world = world;
  }

  /** Makes a move; tells whether its thread spins since. */
  afterMove(move: number): string | undefined {
    const { performer, map } = this.#world;
    const thread = threadOf(move);
    const { operation } = this.#world.position(thread);
    this.#world.apply(move);
    if (!performer.cameBack || operation === null || !('at' in operation)) return undefined;
    if (!this.#spins(thread, operation.at)) return undefined;
    return `T${thread + 1} spins on ${map.nameOf(operation.at)}, which nobody else changes`;
  }

  /** What is wrong with the state, if anything; `last`: nothing can happen any more. */
  of(last: boolean): string | undefined {
    for (let thread = 0; thread < this.#world.graphs.length; thread++) {
      if (this.#world.state.of(thread, IS) === DEAD) continue;
      const { failure } = this.#world.position(thread);
      const operation = this.#world.performer.operation(thread);
      if (failure !== null) return `T${thread + 1}: ${failure}`;
      if (operation !== null && 'at' in operation && this.#world.performer.trespasses(thread, operation))
        return `T${thread + 1} touches ${this.#world.map.nameOf(operation.at)} outside of the section`;
    }
    if (
      victimsOf(this.#world.scenario).length === 0 &&
      this.#world.state.read(this.#world.layout.time) > START + LONGEST
    )
      return 'runs for ever';
    return last ? this.#faultAtEnd() : undefined;
  }

  #faultAtEnd(): string | undefined {
    const { state } = this.#world;
    const all = [...this.#world.graphs.keys()];
    const isDead = (thread: number): boolean => state.of(thread, IS) === DEAD;
    const stuck = all.filter(
      (thread) =>
        !isDead(thread) && (state.of(thread, IS) === PARKED || this.#world.position(thread).waiting > 0),
    );
    if (stuck.length > 0 && this.#world.scenario.mayStick !== true)
      return `${stuck.map((thread) => `T${thread + 1}`).join(', ')} stuck for ever`;
    const end: End = {
      stuck,
      notes: all.map((thread) => this.#world.position(thread).notes),
      killed: all.findIndex(isDead),
      dead: all.filter(isDead),
      diedWith: (thread) => state.read(this.#world.layout.died + thread),
      first: (thread) => firstInput(this.#world.position(thread)),
      word: this.#world.word,
    };
    return this.#world.scenario.atEnd?.(end, this.#world.shared);
  }

  /**
   * Whether a thread whose `park` has just come back at once spins: alone, with nobody to change a word, it comes back
   * at once from that word again and again. Once is nothing: a waiter that asks for its turn changes the word itself, and
   * sleeps then. Leaves the state as it is.
   */
  #spins(thread: number, at: number): boolean {
    const { state, performer } = this.#world;
    const words = state.words.slice();
    let looks = 0;
    for (let steps = 0; steps < LONGEST_ALONE && looks < MOST_FUTILE && performer.canGoOn(thread); steps++) {
      const { operation, failure } = this.#world.position(thread);
      if (failure !== null) break;
      performer.cameBack = false;
      performer.step(thread);
      if (performer.cameBack && (operation as { at?: number }).at === at) looks++;
    }
    state.words.set(words);
    return looks === MOST_FUTILE;
  }
}

function firstInput(position: Position): number {
  let at = position;
  while (at.before !== null && at.before.before !== null) at = at.before;
  return at.input;
}
