import type { Position } from './simulated-thread.js';

/** One asleep on a word: a blocked thread, or one of the agents of an event loop. */
export interface Sleeper {
  readonly at: number;
  readonly thread: number;
  /** null for a blocked thread. */
  readonly agent: number | null;
}

/** Where one thread is. */
export interface Standing {
  readonly position: Position;
  readonly is: 'ready' | 'parked' | 'dead';
  /** When a parked one wakes by itself. */
  readonly until: number;
  /** Agents that were woken and have not had their turn. */
  readonly woken: readonly number[];
}

/** Everything at one moment: never changed, only copied. */
export interface State {
  readonly words: Int32Array;
  /** In the order they fell asleep. */
  readonly sleepers: readonly Sleeper[];
  readonly standings: readonly Standing[];
}

/** A state being made from another, of which it copies what it changes. */
export class Draft implements State {
  words: Int32Array;
  sleepers: readonly Sleeper[];
  standings: readonly Standing[];
  #ownWords = false;
  #ownStandings = false;

  constructor({ words, sleepers, standings }: State) {
    this.words = words;
    this.sleepers = sleepers;
    this.standings = standings;
  }

  read(at: number): number {
    return this.words[at] as number;
  }

  write(at: number, value: number): void {
    if (this.words[at] === value) return;
    if (!this.#ownWords) this.words = this.words.slice();
    this.#ownWords = true;
    this.words[at] = value;
  }

  add(at: number, value: number): void {
    this.write(at, this.read(at) + value);
  }

  put(thread: number, standing: Standing): void {
    const standings = this.#ownStandings ? (this.standings as Standing[]) : [...this.standings];
    this.#ownStandings = true;
    standings[thread] = standing;
    this.standings = standings;
  }

  sleep(sleeper: Sleeper): void {
    this.sleepers = [...this.sleepers, sleeper];
  }

  kill(thread: number): void {
    this.sleepers = this.sleepers.filter((one) => one.thread !== thread);
    this.put(thread, { ...(this.standings[thread] as Standing), is: 'dead', until: 0, woken: [] });
  }
}
