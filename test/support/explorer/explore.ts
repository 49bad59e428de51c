import type { Scenario } from './scenario.js';
import { showSchedule } from './schedule.js';
import type { State } from './state.js';
import { type Move, World } from './world.js';

export interface Explored {
  /** How many states there are, or were seen until one was wrong. */
  readonly states: number;
  /** The shortest schedule that goes wrong, and how; null when none does. */
  readonly violation: string | null;
}

/** More than fit into the time of a test. */
const MOST_STATES = 3_000_000;

/** Walks through all states of a scenario, nearest first. */
export function explore<S>(scenario: Scenario<S>): Explored {
  const world = new World(scenario);
  const keys = new Keys();
  const seen = new Set<string>();
  // By state in the order seen: where it was come to from, and how.
  const from: number[] = [-1];
  const by: (Move | null)[] = [null];
  const states: (State | undefined)[] = [world.initial];
  seen.add(keys.of(world.initial));
  const path = (last: number): Move[] => {
    const moves: Move[] = [];
    for (let at = last; at > 0; at = from[at] as number) moves.unshift(by[at] as Move);
    return moves;
  };
  for (let at = 0; at < states.length; at++) {
    const state = states[at] as State;
    states[at] = undefined;
    const moves = world.moves(state);
    const fault = world.fault(state, moves.length === 0);
    if (fault !== undefined) {
      return { states: at, violation: `${fault}\n${showSchedule(world, path(at))}` };
    }
    for (const move of moves) {
      const next = world.apply(state, move);
      const key = keys.of(next);
      if (seen.has(key)) continue;
      seen.add(key);
      from.push(at);
      by.push(move);
      states.push(next);
    }
    if (states.length > MOST_STATES) throw new Error(`more than ${MOST_STATES} states`);
  }
  return { states: states.length, violation: null };
}

/** What tells states apart, as short strings. */
class Keys {
  readonly #words = new Map<string, number>();
  #last: Int32Array | undefined;
  #lastNumber = 0;

  of({ words, sleepers, standings }: State): string {
    let key = `${this.#numberOf(words)}`;
    for (const { position, is, until, woken } of standings) {
      key += is === 'ready' ? ` ${position.id}` : ` ${position.id}${is}${until}`;
      if (woken.length > 0) key += `w${woken}`;
    }
    for (const { at, thread, agent } of sleepers) key += `;${at},${thread},${agent ?? ''}`;
    return key;
  }

  #numberOf(words: Int32Array): number {
    if (words === this.#last) return this.#lastNumber;
    const text = String.fromCharCode.apply(null, new Uint16Array(words.buffer) as never);
    let number = this.#words.get(text);
    if (number === undefined) {
      number = this.#words.size;
      this.#words.set(text, number);
    }
    this.#last = words;
    this.#lastNumber = number;
    return number;
  }
}
