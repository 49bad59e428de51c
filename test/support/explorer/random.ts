import { Faults } from './faults.js';
import { encodeMove, isOwn, threadOf } from './move.js';
import type { Scenario } from './scenario.js';
import { showSchedule } from './schedule.js';
import { World } from './world.js';

export interface Tried {
  /** How many schedules were run, until one went wrong. */
  readonly schedules: number;
  /** The first schedule that goes wrong, how, and the seed that runs it again; null when none does. */
  readonly violation: string | null;
}

/** A schedule so long runs without end. */
const LONGEST = 3000;
/** So many moves a schedule is taken to have, to spread the changes of priority over. */
const USUAL = 150;
/** Deaths, cancels and time come at one move in so many. */
const RARE = 24;

/**
 * Runs schedules at random, where exploring all would take too long: at each moment the thread with the highest priority
 * goes on, priorities are drawn at random and `depth` - 1 times on the way the one that runs gets the lowest. A bug that
 * takes so many constraints on the order of moves is found by one schedule in `threads * moves ** (depth - 1)` at least.
 *
 * Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding
 * Bugs", ASPLOS 2010 (PCT).
 *
 * @param seed - "depth:number" of the first schedule; the next ones count up
 */
export function tryAtRandom<S>(scenario: Scenario<S>, seed: string, schedules: number): Tried {
  const world = new World(scenario);
  try {
    return tryEach(world, seed, schedules);
  } finally {
    world.close();
  }
}

function tryEach<S>(world: World<S>, seed: string, schedules: number): Tried {
  const [depth, first] = seed.split(':').map(Number) as [number, number];
  for (let count = 0; count < schedules; count++) {
    const moves: number[] = [];
    const fault = new Schedule(world, depth, first + count).run(moves);
    if (fault === undefined) continue;
    const violation = `${fault}, with seed ${depth}:${first + count}\n${showSchedule(world, moves)}`;
    return { schedules: count + 1, violation };
  }
  return { schedules, violation: null };
}

class Schedule<S> {
  readonly #world: World<S>;
  readonly #faults: Faults<S>;
  readonly #random: () => number;
  /** By thread: the higher goes first. */
  readonly #priorities: number[];
  readonly #changes: Set<number>;

  constructor(world: World<S>, depth: number, seed: number) {
    this.#world = world;
    this.#faults = new Faults(world);
    this.#random = numbersFrom(seed);
    this.#priorities = world.graphs.map(() => 1 + this.#random());
    this.#changes = new Set(Array.from({ length: depth - 1 }, () => Math.floor(this.#random() * USUAL)));
  }

  /** Puts the moves into `moves`; returns what goes wrong. */
  run(moves: number[]): string | undefined {
    const world = this.#world;
    world.reset();
    for (;;) {
      const possible = world.moves(true);
      const fault = this.#faults.of(possible.length === 0);
      if (fault !== undefined || possible.length === 0) return fault;
      if (moves.length > LONGEST) return 'runs without end';
      const move = this.#choose(possible);
      const thread = threadOf(move);
      if (this.#changes.has(moves.length)) this.#priorities[thread] = -moves.length;
      moves.push(move);
      const spun = this.#faults.afterMove(move);
      if (spun !== undefined) return spun;
      world.state.begin();
    }
  }

  #choose(possible: readonly number[]): number {
    const others = possible.filter((move) => !isOwn(move));
    const own = possible.filter(isOwn);
    if (others.length > 0 && (own.length === 0 || this.#random() * RARE < 1)) return this.#oneOf(others);
    const priority = (move: number): number => this.#priorities[threadOf(move)] as number;
    const highest = Math.max(...own.map(priority));
    return this.#oneOf(own.filter((move) => priority(move) === highest));
  }

  #oneOf(moves: readonly number[]): number {
    return moves[Math.floor(this.#random() * moves.length)] ?? encodeMove(0, 0);
  }
}

/** From 0 to 1, the same for the same seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
