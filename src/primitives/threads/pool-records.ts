import {
  addAlone,
  BUCKETS,
  type Measured,
  microseconds,
  readBuckets,
  readSum,
  SUM_WORDS,
} from '../memory/histogram.js';
import { readText, writeText } from '../memory/text.js';
import { type Cells, load, peek, store } from '../memory/word.js';
import { giveRecordBack, publishRecord, takeRecord, takerOfRecord } from './claimed-record.js';
import { getIdent } from './current-ident.js';
import { MOST_POOLS, POOL_WORDS, POOLS, reserve, reserved } from './reserve.js';
import { nextPoolId } from './table.js';

/*
 * What each ThreadPool of the process does, for other threads to read: a record a pool (claimed-record.ts), written by the
 * thread that has the pool and by no other.
 */
const ID = 1;
const MAX_THREADS = 2;
const THREADS = 3;
const BUSY = 4;
const QUEUED = 5;
/** Plus 1; 0: as many as come. */
const MAX_QUEUE = 6;
/** How many jobs have ended, one word for each way. */
const ENDED = 7;
const ENDS = ['completed', 'failed', 'cancelled'] as const;
const STARVED = 10;
const NAME = 11;
const NAME_WORDS = 32;
const RUN = NAME + NAME_WORDS;
const WAIT = RUN + SUM_WORDS + BUCKETS;

export interface PoolFacts {
  /** No other pool of the process has or had it. */
  readonly id: number;
  readonly name: string;
  /** `ident` of the thread that it belongs to. */
  readonly of: number;
  readonly maxThreads: number;
  readonly threads: number;
  readonly busy: number;
  readonly queued: number;
  /** null: as many as come. */
  readonly maxQueue: number | null;
  readonly starved: boolean;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** How long jobs ran, and how long they had waited for a worker. */
  readonly run: Measured;
  readonly wait: Measured;
}

/** Gives the record back of a pool that was collected. */
const collected = new FinalizationRegistry<{ readonly at: number; readonly of: number }>(({ at, of }) =>
  giveRecordBack(reserve(), at, of),
);

/** A pool's own record. While all 256 are taken, a pool is not told of. */
export class PoolRecord {
  readonly id: number = nextPoolId();
  readonly #of = getIdent();
  readonly #cells: Cells = reserve();
  /** -1: it has none, or none any more. */
  #at: number;

  constructor(name: string, maxThreads: number, maxQueue: number) {
    const at = this.#take();
    this.#at = at;
    if (at < 0) return;
    for (let word = ID; word < POOL_WORDS; word++) store(this.#cells, at + word, 0);
    store(this.#cells, at + ID, this.id);
    store(this.#cells, at + MAX_THREADS, maxThreads);
    store(this.#cells, at + MAX_QUEUE, Number.isFinite(maxQueue) ? maxQueue + 1 : 0);
    writeText(this.#cells, at + NAME, NAME_WORDS, name);
    publishRecord(this.#cells, at, this.#of);
    collected.register(this, { at, of: this.#of }, this);
  }

  #take(): number {
    for (let pool = 0; pool < MOST_POOLS; pool++) {
      const at = POOLS + pool * POOL_WORDS;
      if (takeRecord(this.#cells, at, this.#of)) return at;
    }
    return -1;
  }

  /** What the pool does at this moment. */
  now(threads: number, busy: number, queued: number, starved: boolean): void {
    if (this.#at < 0) return;
    this.#cells[this.#at + THREADS] = threads;
    this.#cells[this.#at + BUSY] = busy;
    this.#cells[this.#at + QUEUED] = queued;
    this.#cells[this.#at + STARVED] = starved ? 1 : 0;
  }

  ended(how: (typeof ENDS)[number]): void {
    const cell = this.#at + ENDED + ENDS.indexOf(how);
    if (this.#at >= 0) this.#cells[cell] = peek(this.#cells, cell) + 1;
  }

  /** The pool is closed. What it does from here on, and its collection, must not touch whose record that is by then. */
  end(): void {
    if (this.#at < 0) return;
    collected.unregister(this);
    giveRecordBack(this.#cells, this.#at, this.#of);
    this.#at = -1;
  }

  /** A job that ran has ended: how long it waited and ran, in ms. */
  ran(waited: number, ran: number): void {
    if (this.#at < 0) return;
    addAlone(this.#cells, this.#at + WAIT, microseconds(waited));
    addAlone(this.#cells, this.#at + RUN, microseconds(ran));
  }
}

/** The pools of live threads, but for those that were collected. */
export function poolFacts(): PoolFacts[] {
  const cells = reserved();
  const found: PoolFacts[] = [];
  for (let pool = 0; cells !== null && pool < MOST_POOLS; pool++) {
    const at = POOLS + pool * POOL_WORDS;
    const of = takerOfRecord(cells, at);
    if (of !== 0) found.push(read(cells, at, of));
  }
  return found;
}

function read(cells: Cells, at: number, of: number): PoolFacts {
  const word = (index: number): number => load(cells, at + index);
  const [completed, failed, cancelled] = ENDS.map((_, how) => word(ENDED + how)) as [number, number, number];
  return {
    id: word(ID),
    name: readText(cells, at + NAME),
    of,
    maxThreads: word(MAX_THREADS),
    threads: word(THREADS),
    busy: word(BUSY),
    queued: word(QUEUED),
    maxQueue: word(MAX_QUEUE) === 0 ? null : word(MAX_QUEUE) - 1,
    starved: word(STARVED) === 1,
    completed,
    failed,
    cancelled,
    run: measured(cells, at + RUN),
    wait: measured(cells, at + WAIT),
  };
}

function measured(cells: Cells, at: number): Measured {
  return { ...readSum(cells, at), buckets: readBuckets(cells, at + SUM_WORDS) };
}
