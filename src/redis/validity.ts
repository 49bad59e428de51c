import { add, allocate, type Cells, exchange, load, park, store, wake } from '../primitives/memory/word.js';

/**
 * Until when a session is this process's for certain, in words that the keeper writes and every thread reads: two loads,
 * right after any pause, whatever the event loop did meanwhile.
 *
 * STATE: JOINING -the engine has the session-> OURS -its time is up, or it is closed-> OVER. The keeper makes all moves, but
 * for a close, which the session makes. OVER stays.
 * Invariant: MONO and WALL are never later than 0.9 lease after the last renewal that was answered was sent; EPOCH is another
 * before they are moved on by another incarnation of the engine.
 */
const STATE = 0;
/** ms of the monotonic clock, which stands still while the machine sleeps; 32 bits of it, compared by their difference. */
const MONO = 1;
/** The same moment by the wall clock, in WALL_UNIT ms: 32 bits of that last longer than a year. */
const WALL = 2;
/** How many incarnations of the engine the session was announced to. */
const EPOCH = 3;
/** 1: the keeper has said goodbye. */
const SAID = 4;
/** Counted on by the keeper as long as it lives. */
const BEATS = 5;
const WORDS = 6;

const JOINING = 0;
const OURS = 1;
const OVER = 2;

const WALL_UNIT = 16;
/** ms for a goodbye. */
const GOODBYE = 250;
/** Of a lease, kept back: that much may clocks differ. */
const RESERVE = 0.1;

export class Validity {
  readonly cells: Cells;

  constructor(cells: Cells = allocate(WORDS)) {
    this.cells = cells;
  }

  /** Ours at this instant for certain. */
  get valid(): boolean {
    return load(this.cells, STATE) === OURS && this.#inTime();
  }

  #inTime(): boolean {
    const mono = (load(this.cells, MONO) - (monotonic() | 0)) | 0;
    const wall = (load(this.cells, WALL) - (Math.floor(Date.now() / WALL_UNIT) | 0)) | 0;
    return mono > 0 && wall > 0;
  }

  get over(): boolean {
    return load(this.cells, STATE) === OVER;
  }

  get epoch(): number {
    return load(this.cells, EPOCH);
  }

  /** Called by the keeper before the session is renewed at another incarnation of the engine. */
  nextEpoch(): void {
    store(this.cells, EPOCH, this.epoch + 1);
  }

  /** Called by the keeper with the moment at which a renewal that was answered had been sent. */
  extend(sent: Moment, lease: number): void {
    const ms = lease * (1 - RESERVE);
    store(this.cells, MONO, Math.floor(sent.mono + ms) | 0);
    store(this.cells, WALL, Math.floor((sent.wall + ms) / WALL_UNIT) | 0);
    if (load(this.cells, STATE) === JOINING) store(this.cells, STATE, OURS);
  }

  /** Called by the keeper from time to time. true: its time is up, and it is over. */
  expires(): boolean {
    return load(this.cells, STATE) === OURS && !this.#inTime() && this.end();
  }

  /** false: it was over already. */
  end(): boolean {
    return exchange(this.cells, STATE, OVER) !== OVER;
  }

  /** Called by the keeper many times in a lease. */
  beat(): void {
    add(this.cells, BEATS, 1);
  }

  /** Another each time that a living keeper is looked at a while later. */
  get beats(): number {
    return load(this.cells, BEATS);
  }

  saidGoodbye(): void {
    this.end();
    store(this.cells, SAID, 1);
    wake(this.cells, SAID);
  }

  /** Blocks the thread until the keeper has said goodbye, or takes too long. */
  awaitGoodbye(): void {
    park(this.cells, SAID, 0, GOODBYE);
  }
}

/** By both clocks. */
export interface Moment {
  readonly mono: number;
  readonly wall: number;
}

export function thisMoment(): Moment {
  return { mono: monotonic(), wall: Date.now() };
}

/** ms of a clock that is the same in all threads. */
function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
