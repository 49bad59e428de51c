import { Event, Semaphore } from 'rxjs-threading';
import { expect } from 'vitest';
import type { Player } from './player.js';

/** What is sent to a worker in a value's place. */
export interface Job {
  readonly value: string;
  readonly begun: Semaphore;
  readonly gate: Event;
  readonly fails: boolean;
}

/** The life of a value in its worker. */
export class JobRow implements Player {
  readonly job: Job;
  readonly #marbles: string;
  readonly #begins: number;
  /** As letters of ^ ! # x. */
  readonly #ends: number;
  #seen = '';

  constructor(value: string, marbles: string) {
    this.#marbles = marbles.replaceAll(' ', '');
    this.#begins = this.#marbles.indexOf('^');
    this.#ends = this.#marbles.search(/[!#x]/);
    this.job = { value, begun: new Semaphore(0), gate: new Event(), fails: this.#marbles.includes('#') };
  }

  play(frame: number): void {
    if (frame === this.#ends && this.#marbles[frame] !== 'x') this.job.gate.set();
  }

  settled(frame: number): boolean {
    const runs = this.#begins >= 0 && this.#begins <= frame && (this.#ends < 0 || frame < this.#ends);
    return this.job.gate.waiting === (runs ? 1 : 0);
  }

  /** Writes its marbles as they were. */
  look(frame: number): void {
    const { begun, gate } = this.job;
    const began = begun.value > 0 && !this.#seen.includes('^');
    const over = this.#seen.includes('^') && gate.waiting === 0 && !/[!#x]/.test(this.#seen);
    this.#seen += began ? '^' : over ? (this.#marbles[frame] ?? '?') : '-';
  }

  end(): void {
    this.job.gate.set();
  }

  check(): void {
    expect(`${this.job.value}: ${trimmed(this.#seen)}`).toBe(`${this.job.value}: ${trimmed(this.#marbles)}`);
    expect(this.job.begun.value).toBe(this.#begins >= 0 ? 1 : 0);
  }
}

function trimmed(marbles: string): string {
  return marbles.replace(/-+$/, '');
}
