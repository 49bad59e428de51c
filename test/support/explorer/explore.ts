import { Faults } from './faults.js';
import { isOwn, threadOf } from './move.js';
import type { Scenario } from './scenario.js';
import { showSchedule } from './schedule.js';
import { Frontier, roomFor, Seen } from './seen.js';
import { World } from './world.js';

/**
 * How a scenario is explored
 * --------------------------
 * A scenario is a few programs, one a thread, over primitives that they share. The primitives' own sources run, over a
 * simulated memory: `simulated-modules.ts` stands in for the words, the clock, the event loop and the liveness of
 * threads. A thread runs until it comes to an operation on that memory, and stops there: that is a position
 * (`simulated-thread.ts`). A state is what is in the memory, where each thread is, and who sleeps (`state.ts`). A move
 * lets one thread do its operation, runs an event of its loop, ends its time, kills it (`world.ts`).
 *
 * From the first state on, every move is tried in every state, and each state is gone on from once: a state that was
 * seen before, by whichever way, is left alone. Nothing goes wrong in a scenario when no state is wrong: nobody fails,
 * nobody spins, and where nothing can happen any more nobody hangs and `atEnd` has nothing to object to.
 *
 * With `preemptions`, states are gone through by how many it took: first all without any, then those with one. So each
 * is reached with as many left as it ever can have.
 *
 * How to read a trace
 * -------------------
 * What goes wrong is shown by the shortest schedule that leads there, one line a move:
 *
 *     T1 guard.WORD compareExchange 0 -> 1          the thread, the word, what it did
 *     T2 guard.WORD compareExchange 0 -> 2 FAILS: 1   what it found instead
 *     T2 guard.WORD park while 1|SLEEPERS ... sleeps
 *     T1 loop: woken   (passed 0)                   an event of its loop ran; in brackets what the program noted
 *     T1 IS KILLED
 */
export interface Explored {
  /** How many states there are, or were seen until one was wrong. */
  readonly states: number;
  /** The shortest schedule that goes wrong, and how; null when none does. */
  readonly violation: string | null;
}

/** More than fit into the time of a test. */
const MOST_STATES = 8_000_000;

/** Walks through all states of a scenario, those with the fewest preemptions first, then nearest first. */
export function explore<S>(scenario: Scenario<S>, most: number = MOST_STATES): Explored {
  const world = new World(scenario);
  try {
    return new Exploration(world, scenario.preemptions, most).run();
  } finally {
    world.close();
  }
}

interface Fault {
  readonly what: string;
  /** The move that goes wrong; undefined when the state is. */
  readonly move?: number;
}

class Exploration<S> {
  readonly #world: World<S>;
  readonly #faults: Faults<S>;
  readonly #most: number;
  readonly #seen = new Seen();
  /** By how many preemptions it took to come there. */
  readonly #frontiers: Frontier[];
  readonly #isBounded: boolean;
  // By a state's number: where it was come to from, how, and with how many preemptions.
  #from: Int32Array<ArrayBuffer> = new Int32Array(1 << 10);
  #by: Int32Array<ArrayBuffer> = new Int32Array(1 << 10);
  #used: Int32Array<ArrayBuffer> = new Int32Array(1 << 10);
  // By a state's number: what its fixed words come to (`hash.ts`).
  #low: Int32Array<ArrayBuffer> = new Int32Array(1 << 10);
  #high: Int32Array<ArrayBuffer> = new Int32Array(1 << 10);

  constructor(world: World<S>, preemptions: number | undefined, most: number) {
    this.#world = world;
    this.#faults = new Faults(world);
    this.#most = most;
    this.#isBounded = preemptions !== undefined;
    this.#frontiers = Array.from({ length: (preemptions ?? 0) + 1 }, () => new Frontier(world.state.size));
  }

  run(): Explored {
    this.#world.hash.begin();
    this.#reach(-1, 0, 0);
    for (const [used, frontier] of this.#frontiers.entries()) {
      for (;;) {
        const number = frontier.shift((words, at) => this.#world.state.load(words, at));
        if (number === -1) break;
        if ((this.#used[number] as number) < used) continue;
        const fault = this.#expand(number, used);
        if (fault !== undefined) return this.#violation(number, fault);
      }
    }
    return { states: this.#seen.size, violation: null };
  }

  #expand(number: number, used: number): Fault | undefined {
    const world = this.#world;
    const { state, hash } = world;
    hash.load(this.#low[number] as number, this.#high[number] as number);
    const moves = world.moves(used + 1 < this.#frontiers.length || !this.#isBounded);
    const fault = this.#faults.of(moves.length === 0);
    if (fault !== undefined) return { what: fault };
    for (const move of moves) {
      const cost = this.#isBounded && isOwn(move) && world.preempts(threadOf(move)) ? 1 : 0;
      const spun = this.#faults.afterMove(move);
      if (spun !== undefined) return { what: spun, move };
      this.#reach(number, move, used + cost);
      state.undo();
    }
    return undefined;
  }

  /** The state at hand is come to by `move` from that one. */
  #reach(from: number, move: number, used: number): void {
    const { state, hash } = this.#world;
    const before = this.#seen.size;
    hash.compute();
    const number = this.#seen.numberOf(hash.low, hash.high);
    const isNew = number === before;
    if (!isNew && (this.#used[number] as number) <= used) return;
    if (number > this.#most) throw new Error(`more than ${this.#most} states`);
    this.#from = roomFor(this.#from, number);
    this.#by = roomFor(this.#by, number);
    this.#used = roomFor(this.#used, number);
    this.#low = roomFor(this.#low, number);
    this.#high = roomFor(this.#high, number);
    this.#from[number] = from;
    this.#by[number] = move;
    this.#used[number] = used;
    this.#low[number] = hash.fixedLow;
    this.#high[number] = hash.fixedHigh;
    this.#frontiers[used]?.push(state.words, number);
  }

  #violation(number: number, { what, move }: Fault): Explored {
    const moves: number[] = move === undefined ? [] : [move];
    for (let at = number; (this.#from[at] as number) !== -1; at = this.#from[at] as number)
      moves.unshift(this.#by[at] as number);
    return { states: this.#seen.size, violation: `${what}\n${showSchedule(this.#world, moves)}` };
  }
}
