import type { JobClaims } from '../../../src/pool/wire/job-claims.js';
import type { Cells } from '../../../src/primitives/memory/word.js';
import { RECHECK_MS } from '../../../src/primitives/waiting/event-loop.js';
import type { Asked } from './explores.js';
import type { End, Me, Program } from './scenario.js';
import { FIRST_IDENT } from './simulated-modules.js';
import type { Plant, Primitives } from './sources.js';

/** The ring of claim words, so short that it is used again. */
export function ring(words: 1 | 2): { plants: readonly Plant[] } {
  return {
    plants: [{ file: 'job-claims.ts', text: 'CLAIM_WORDS = 256;', instead: `CLAIM_WORDS = ${words};` }],
  };
}

const MOST_POSTED = 5;
// Of a session: claim words, what has been posted to its worker, and what the worker has posted.
const JOBS = 2;
const JOB = JOBS + 1;
const RESULTS = JOB + MOST_POSTED * 2;
const RESULT = RESULTS + 1;
const SESSION_WORDS = RESULT + MOST_POSTED;
/** Instead of a job's number: no more come. */
const CLOSE = -1;

/** What main shares with the workers of its pool: for each a session. */
export interface Pool {
  readonly first: Cells;
  readonly second: Cells;
  /** By job: how often it has run. */
  readonly runs: Cells;
}

/** Idents of a worker's jobs. */
const identOfJob = (me: Me, count: number): number => me.ident * 10 + count;

/** Takes its jobs in the order they were posted, and runs those that it can claim; an ident that was not needed serves the next. */
function sessionWorker(session: 'first' | 'second'): Program<Pool> {
  return (shared, me, primitives) => {
    const cells = shared[session];
    const { JobClaims, add, load, park, store, wake } = primitives;
    const claims = new JobClaims(cells, 0);
    let idents = 0;
    let results = 0;
    for (let taken = 0; ; taken++) {
      for (let posted = load(cells, JOBS); posted === taken; posted = load(cells, JOBS))
        park(cells, JOBS, posted, RECHECK_MS);
      const seq = load(cells, JOB + taken * 2);
      if (seq === CLOSE) return;
      if (!claims.isOffered(seq) || !claims.claim(seq, identOfJob(me, idents))) continue;
      const job = load(cells, JOB + taken * 2 + 1);
      me.note(`runs ${job} as ${identOfJob(me, idents++)}`);
      if (add(shared.runs, job, 1) > 0) me.fail(`job ${job} runs again`);
      store(cells, RESULT + results++, seq);
      store(cells, RESULTS, results);
      wake(cells, RESULTS);
    }
  };
}

/** Main's side of a session. */
class Session {
  readonly claims: JobClaims;
  /** Jobs that were posted and are not over, by their seq. */
  readonly open = new Map<number, number>();
  readonly #cells: Cells;
  readonly #worker: number;
  readonly #me: Me;
  readonly #primitives: Primitives;
  #seq = 0;
  #posted = 0;
  #heard = 0;

  /** @param worker - index of the thread */
  constructor(cells: Cells, worker: number, me: Me, primitives: Primitives) {
    this.#cells = cells;
    this.#worker = worker;
    this.#me = me;
    this.#primitives = primitives;
    this.claims = new primitives.JobClaims(cells, 0);
  }

  /** Offers a job; returns its seq. */
  post(job: number): number {
    while (this.#isTaken(this.#seq)) this.#seq++;
    const seq = this.#seq++;
    this.#me.note(`posts ${job}`);
    this.claims.offer(seq);
    this.open.set(seq, job);
    this.#send(seq, job);
    return seq;
  }

  /** Whether the word of a job that is not over is that one's, too. */
  #isTaken(seq: number): boolean {
    return [...this.open.keys()].some((one) => (seq - one) % this.#primitives.CLAIM_WORDS === 0);
  }

  close(): void {
    this.#send(CLOSE, 0);
  }

  #send(seq: number, job: number): void {
    const { store, wake } = this.#primitives;
    store(this.#cells, JOB + this.#posted * 2, seq);
    store(this.#cells, JOB + this.#posted * 2 + 1, job);
    store(this.#cells, JOBS, ++this.#posted);
    wake(this.#cells, JOBS);
  }

  /** Not to be run any more; false: it runs, or has, under the ident that is noted. */
  takeBack(seq: number): boolean {
    const job = this.open.get(seq);
    const isMine = this.claims.takeBack(seq);
    if (isMine) this.open.delete(seq);
    else this.#me.note(`${job} is ${this.claims.identOf(seq)}'s`);
    return isMine;
  }

  /** Whoever had asked for the job does not want it any more. */
  leave(seq: number): void {
    const job = this.open.get(seq);
    if (this.takeBack(seq)) this.#me.note(`left ${job}`);
  }

  /** Waits for the end of all that is open. What a dead worker had not begun goes to `other`; the rest of it fails. */
  finish(other?: Session): void {
    const { isAlive, load, park } = this.#primitives;
    while (this.open.size > 0) {
      const results = load(this.#cells, RESULTS);
      const lives = isAlive(this.#worker + FIRST_IDENT);
      // What it has posted by now is heard before its end is.
      this.#hear();
      if (!lives) this.#fail(other);
      else if (this.open.size > 0) park(this.#cells, RESULTS, results, RECHECK_MS);
    }
  }

  #hear(): void {
    const { load } = this.#primitives;
    for (const results = load(this.#cells, RESULTS); this.#heard < results; this.#heard++) {
      const seq = load(this.#cells, RESULT + this.#heard);
      const job = this.open.get(seq);
      if (job === undefined) this.#me.fail(`a result of ${seq}, which main knows nothing of`);
      this.open.delete(seq);
      this.#me.note(`heard ${job}`);
    }
  }

  #fail(other: Session | undefined): void {
    for (const [seq, job] of this.open) {
      const ident = this.claims.identOf(seq);
      this.open.delete(seq);
      if (ident > 0) this.#me.note(`${job} failed as ${ident}`);
      else if (!this.claims.takeBack(seq)) this.#me.fail(`job ${job} of a dead worker cannot be taken back`);
      else if (other !== undefined) other.post(job);
      else this.#me.note(`stranded ${job}`);
    }
  }
}

/** Main: what it does with its sessions; then it waits for all jobs, and closes. */
function starter(workers: 1 | 2, does: (first: Session, second: Session) => void): Program<Pool> {
  return (shared, me, primitives) => {
    const [first, second] = (['first', 'second'] as const).map(
      (name, index) => new Session(shared[name], index + 1, me, primitives),
    ) as [Session, Session];
    does(first, second);
    first.finish(workers > 1 ? second : undefined);
    second.finish();
    first.close();
    second.close();
  };
}

export const worker = sessionWorker('first');
export const other = sessionWorker('second');

/** Posts one job, and leaves it at once. */
export const leaves = starter(1, (first) => first.leave(first.post(0)));

/** Posts two, and leaves the second. */
export const leavesOne = starter(1, (first) => {
  first.post(0);
  first.leave(first.post(1));
});

/** Takes the job back and gives it to the other session. */
export const moves = starter(2, (first, second) => {
  if (first.takeBack(first.post(0))) second.post(0);
});

/** The same, from one to the other and back. */
export const movesThereAndBack = starter(2, (first, second) => {
  if (first.takeBack(first.post(0)) && second.takeBack(second.post(0))) first.post(0);
});

/** The first is taken back, and its word offered again for another while the first still lies in the worker's queue. */
export const reuses = starter(1, (first) => {
  const seq = first.post(0);
  first.leave(seq);
  if (!first.open.has(seq)) first.leave(first.post(1));
  if (first.open.size === 0) first.post(2);
});

/** The same of two words: each is offered again as soon as its job was taken back. */
export const reusesBoth = starter(1, (first) => {
  for (const [seq, job] of [
    [first.post(0), 0],
    [first.post(1), 1],
  ] as const)
    if (first.takeBack(seq)) first.post(job);
});

/** Every job ran, once, and main heard of it; or it was taken back for good, and did not; or it failed with its worker. */
export function eachOnce(jobs: number): (end: End) => string | undefined {
  return ({ notes }) => {
    const [main, ...workers] = notes as string[][];
    const all = `notes: ${notes.join('; ')}`;
    for (let job = 0; job < jobs; job++) {
      const runs = workers.flat().filter((note) => note.startsWith(`runs ${job} `));
      const heard = main?.filter((note) => note === `heard ${job}`).length ?? 0;
      const failed = main?.filter((note) => note.startsWith(`${job} failed `)) ?? [];
      const left = main?.some((note) => note === `left ${job}` || note === `stranded ${job}`) === true;
      if (main?.includes(`posts ${job}`) !== true) continue;
      if (runs.length > 1) return `job ${job} ran ${runs.length} times; ${all}`;
      if (heard + failed.length + (left ? 1 : 0) !== 1) return `job ${job} has no one end; ${all}`;
      if (runs.length === 1 && left) return `job ${job} ran though it was taken back; ${all}`;
      // A worker may die between its claim and the run.
      if (runs.length === 0 && heard > 0) return `job ${job} did not run; ${all}`;
      const owners = [...(main?.filter((note) => note.startsWith(`${job} is `)) ?? []), ...failed];
      for (const owner of owners) {
        const ident = /\d+(?='s$|$)/.exec(owner)?.[0];
        const of = runs[0]?.split(' ').at(-1) ?? ident;
        if (ident === '0' || ident !== of) return `main takes ${ident} for the ident of job ${job}; ${all}`;
      }
    }
    return undefined;
  };
}

export function pool(jobs: number, threads: Program<Pool>[], more: Partial<Asked<Pool>> = {}): Asked<Pool> {
  return {
    ...ring(2),
    shared: ({ allocate }) => ({
      first: allocate(SESSION_WORDS),
      second: allocate(SESSION_WORDS),
      runs: allocate(jobs),
    }),
    threads,
    atEnd: eachOnce(jobs),
    ...more,
  };
}
