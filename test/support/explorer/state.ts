import { roomFor } from './seen.js';

/** Fields of a thread's row in a state. */
export const POSITION = 0;
export const IS = 1;
/** When a parked one wakes by itself. */
export const UNTIL = 2;
/** Agents that were woken and have not had their turn, the next one in the lowest three bits; each by its number + 1. */
export const WOKEN = 3;
/** How often it has looked again while nothing else happened. */
export const LOOKS = 4;
export const ROW = 5;

/** What IS says. */
export const READY = 0;
export const PARKED = 1;
export const DEAD = 2;

/** One asleep on a word: a blocked thread (agent -1), or an agent of an event loop. */
export interface Sleeper {
  readonly at: number;
  readonly thread: number;
  readonly agent: number;
}

export function encodeSleeper({ at, thread, agent }: Sleeper): number {
  return (at << 6) | (thread << 3) | (agent + 1);
}

export function decodeSleeper(code: number): Sleeper {
  return { at: code >> 6, thread: threadOfSleeper(code), agent: (code & 7) - 1 };
}

export function threadOfSleeper(code: number): number {
  return (code >> 3) & 7;
}

/**
 * Everything at one moment, as numbers: the words of the memory, a row for each thread, and who sleeps, by word and in
 * the order they fell asleep. It changes in place and can go back to where it was when `begin` was called.
 */
export class State {
  readonly words: Int32Array;
  readonly rows: number;
  readonly sleepers: number;
  /** The changes since `begin`, three numbers each: the word, and its value before and after. */
  #changes = new Int32Array(1 << 8);
  #count = 0;

  constructor(memory: number, threads: number) {
    this.rows = memory;
    this.sleepers = memory + threads * ROW;
    this.words = new Int32Array(this.sleepers + 1 + threads * 6);
  }

  get size(): number {
    return this.words.length;
  }

  load(from: Int32Array, at: number): void {
    this.words.set(from.subarray(at, at + this.size));
    this.begin();
  }

  begin(): void {
    this.#count = 0;
  }

  undo(): void {
    this.undoTo(0);
  }

  /** How many changes have been made since `begin`. */
  get changes(): number {
    return this.#count;
  }

  /** Back to where it was after so many of them. */
  undoTo(changes: number): void {
    const all = this.#changes;
    for (let last = (this.#count - 1) * 3; last >= changes * 3; last -= 3)
      this.words[all[last] as number] = all[last + 1] as number;
    this.#count = changes;
  }

  /** Every change since `begin`, in order: a word may have changed more than once. */
  eachChange(visit: (at: number, before: number, after: number) => void): void {
    const all = this.#changes;
    for (let one = 0; one < this.#count * 3; one += 3)
      visit(all[one] as number, all[one + 1] as number, all[one + 2] as number);
  }

  read(at: number): number {
    return this.words[at] as number;
  }

  write(at: number, value: number): void {
    const before = this.words[at] as number;
    if (before === value) return;
    const one = this.#count++ * 3;
    this.#changes = roomFor(this.#changes, one + 2);
    this.#changes[one] = at;
    this.#changes[one + 1] = before;
    this.#changes[one + 2] = value;
    this.words[at] = value;
  }

  add(at: number, value: number): void {
    this.write(at, this.read(at) + value);
  }

  of(thread: number, field: number): number {
    return this.words[this.rows + thread * ROW + field] as number;
  }

  put(thread: number, field: number, value: number): void {
    this.write(this.rows + thread * ROW + field, value);
  }

  woken(thread: number, agent: number): void {
    let at = 0;
    const before = this.of(thread, WOKEN);
    while (before >> at !== 0) at += 3;
    if (at > 27) throw new Error('more agents woken than fit into a word');
    this.put(thread, WOKEN, before | ((agent + 1) << at));
  }

  sleep(sleeper: Sleeper): void {
    const count = this.read(this.sleepers);
    if (this.sleepers + 1 + count >= this.size) throw new Error('more asleep than there is room for');
    let place = this.sleepers + count;
    for (; place > this.sleepers && this.read(place) >> 6 > sleeper.at; place--)
      this.write(place + 1, this.read(place));
    this.write(place + 1, encodeSleeper(sleeper));
    this.write(this.sleepers, count + 1);
  }

  /** Takes out those that `which` picks, in their order. */
  rouse(which: (sleeper: Sleeper) => boolean): Sleeper[] {
    const count = this.read(this.sleepers);
    const roused: Sleeper[] = [];
    for (let from = 1; from <= count; from++) {
      const code = this.read(this.sleepers + from);
      const sleeper = decodeSleeper(code);
      if (which(sleeper)) roused.push(sleeper);
      else if (roused.length > 0) this.write(this.sleepers + from - roused.length, code);
    }
    for (let left = 0; left < roused.length; left++) this.write(this.sleepers + count - left, 0);
    this.write(this.sleepers, count - roused.length);
    return roused;
  }
}
