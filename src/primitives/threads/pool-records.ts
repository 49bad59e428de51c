import { addAlone, COUNTER_WORDS, readCounter } from '../memory/counter.js';
import {
  BUCKETS_WORDS,
  type Measured,
  measureAlone,
  microseconds,
  readBuckets,
  readSum,
  SUM_WORDS,
} from '../memory/histogram.js';
import { readText, writeText } from '../memory/text.js';
import { type Cells, load, store } from '../memory/word.js';
import { giveRecordBack, publishRecord, readRecord, takeRecord, takeRecordOf } from './claimed-record.js';
import { current, getIdent } from './current-ident.js';
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
const STARVED = 7;
/** How many jobs have ended, a counter for each way. */
const ENDED = 8;
const ENDS = ['completed', 'failed', 'cancelled'] as const;
const NAME: number = ENDED + ENDS.length * COUNTER_WORDS;
const NAME_WORDS = 32;
const RUN = NAME + NAME_WORDS;
const WAIT: number = RUN + SUM_WORDS + BUCKETS_WORDS;

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

/**
 * A pool's own record. While all 256 are taken, a pool is not told of. A pool may outlive the thread that made it, where
 * its worker runs another one: from then on it is that one's, which takes the record over, or another if that is taken.
 */
export class PoolRecord {
  readonly id: number = nextPoolId();
  readonly #cells: Cells = reserve();
  readonly #name: string;
  readonly #maxThreads: number;
  readonly #maxQueue: number;
  /** `ident` of the thread that has it. */
  #of: number = getIdent();
  /** -1: it has none, or none any more. */
  #at = -1;
  #ended = false;

  constructor(name: string, maxThreads: number, maxQueue: number) {
    this.#name = name;
    this.#maxThreads = maxThreads;
    this.#maxQueue = maxQueue;
    this.#open();
  }

  #open(): void {
    for (let pool = 0; this.#at < 0 && pool < MOST_POOLS; pool++) {
      const at = POOLS + pool * POOL_WORDS;
      if (takeRecord(this.#cells, at, this.#of)) this.#at = at;
    }
    if (this.#at < 0) return;
    for (let word = ID; word < POOL_WORDS; word++) store(this.#cells, this.#at + word, 0);
    store(this.#cells, this.#at + MAX_THREADS, this.#maxThreads);
    store(this.#cells, this.#at + MAX_QUEUE, Number.isFinite(this.#maxQueue) ? this.#maxQueue + 1 : 0);
    writeText(this.#cells, this.#at + NAME, NAME_WORDS, this.#name);
    // Last: who reads the same ID before and after has read what belongs to one pool, also of two of the same thread.
    store(this.#cells, this.#at + ID, this.id);
    this.#publish();
  }

  #publish(): void {
    publishRecord(this.#cells, this.#at, this.#of);
    collected.register(this, { at: this.#at, of: this.#of }, this);
  }

  /** Whether it has a record that is the current thread's, to write to. */
  #isMine(): boolean {
    if (this.#of !== current) this.#takeOver();
    return this.#at >= 0 && this.#of === current;
  }

  /** The thread that had it has ended, and so may the record be another pool's by now. */
  #takeOver(): void {
    // What an ended thread has left behind runs in no thread.
    if (current === 0 || this.#ended) return;
    const before = this.#of;
    this.#of = current;
    collected.unregister(this);
    if (this.#at >= 0 && takeRecordOf(this.#cells, this.#at, before, current)) {
      this.#publish();
      return;
    }
    this.#at = -1;
    this.#open();
  }

  /** What the pool does at this moment. */
  now(threads: number, busy: number, queued: number, starved: boolean): void {
    if (!this.#isMine()) return;
    this.#cells[this.#at + THREADS] = threads;
    this.#cells[this.#at + BUSY] = busy;
    this.#cells[this.#at + QUEUED] = queued;
    this.#cells[this.#at + STARVED] = starved ? 1 : 0;
  }

  ended(how: (typeof ENDS)[number]): void {
    if (!this.#isMine()) return;
    addAlone(this.#cells, this.#at + ENDED + ENDS.indexOf(how) * COUNTER_WORDS, 1);
  }

  /** The pool is closed. What it does from here on, and its collection, must not touch whose record that is by then. */
  end(): void {
    this.#ended = true;
    if (this.#at < 0) return;
    collected.unregister(this);
    giveRecordBack(this.#cells, this.#at, this.#of);
    this.#at = -1;
  }

  /** A job that ran has ended: how long it waited and ran, in ms. */
  ran(waited: number, ran: number): void {
    jobListener?.(this.#name, waited, ran);
    if (!this.#isMine()) return;
    measureAlone(this.#cells, this.#at + WAIT, microseconds(waited));
    measureAlone(this.#cells, this.#at + RUN, microseconds(ran));
  }
}

/** Told of each job that has run, of a pool of this thread: how long it waited and ran, in ms. */
type JobListener = (pool: string, waited: number, ran: number) => void;
let jobListener: JobListener | undefined;

/** @param to - undefined: nobody */
export function setJobListener(to: JobListener | undefined): void {
  jobListener = to;
}

/** The pools of live threads, but for those that were collected. */
export function poolFacts(): PoolFacts[] {
  const cells = reserved();
  const found: PoolFacts[] = [];
  for (let pool = 0; cells !== null && pool < MOST_POOLS; pool++) {
    const at = POOLS + pool * POOL_WORDS;
    const facts = readRecord(cells, at, (of) => read(cells, at, of));
    if (facts !== undefined && load(cells, at + ID) === facts.id) found.push(facts);
  }
  return found;
}

function read(cells: Cells, at: number, of: number): PoolFacts {
  const word = (index: number): number => load(cells, at + index);
  const [completed, failed, cancelled] = ENDS.map((_, how) =>
    readCounter(cells, at + ENDED + how * COUNTER_WORDS),
  ) as [number, number, number];
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
