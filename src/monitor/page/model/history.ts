import { rise } from '../../rise.js';
import type { Deadlock, PoolInfo, ThreadInfo } from '../../types.js';
import { isOver } from './lanes.js';
import { Series } from './series.js';

/** Seconds that small plots show. */
export const RECENT = 60;
/** Of `columns`: ten minutes in columns of five seconds. */
export const COLUMNS = 120;
export const COLUMN = 5000;

/** The part of a Moment that it looks at. */
interface Looked {
  readonly threads: ReadonlyMap<number, ThreadInfo>;
  readonly pools: ReadonlyMap<number, PoolInfo>;
  deadlocks(): readonly Deadlock[];
}

/** Threads by what they do, at one moment. */
export interface Census {
  readonly time: number;
  readonly running: number;
  readonly waiting: number;
  readonly deadlocked: number;
  readonly idle: number;
}

/** What a pool did in each of the last seconds. */
export interface PoolHistory {
  readonly jobs: Series;
  readonly queued: Series;
  ended: number;
}

/** How it went: numbers for each of the last seconds, as the page has seen them since it was opened. */
export class History {
  /** Share of the time of all threads that was spent waiting. */
  readonly lost: Series = new Series(RECENT);
  /** Acquires a second that had to wait. */
  readonly contention: Series = new Series(RECENT);
  readonly jobs: Series = new Series(RECENT);
  /** ms: how late main's loop was. */
  readonly delay: Series = new Series(RECENT);
  readonly pools: Map<number, PoolHistory> = new Map();
  /** Oldest first, at most COLUMNS; undefined: the page did not look then, because it was hidden or heard nothing. */
  readonly columns: (Census | undefined)[] = [];
  /** Since the last second. */
  contended = 0;
  #ended = 0;
  #second = 0;
  #looks: Census[] = [];

  pool(pool: PoolInfo, before: PoolInfo | undefined): void {
    let history = this.pools.get(pool.id);
    if (history === undefined) {
      history = { jobs: new Series(RECENT), queued: new Series(RECENT), ended: 0 };
      this.pools.set(pool.id, history);
    }
    const ended = before === undefined ? 0 : rise(endedOf(before), endedOf(pool));
    history.ended += ended;
    this.#ended += ended;
  }

  tick(now: number, moment: Looked): void {
    this.#looks.push(census(now, moment));
    if (this.#second === 0) this.#second = now;
    const seconds = (now - this.#second) / 1000;
    if (seconds < 1) return;
    this.#second = now;
    const looks = this.#looks;
    this.#looks = [];
    const sum = (of: (look: Census) => number): number => looks.reduce((total, look) => total + of(look), 0);
    const waiting = sum((look) => look.waiting + look.deadlocked);
    const all = waiting + sum(({ running, idle }) => running + idle);
    // A page that was hidden has missed seconds: what was counted over them is spread, and plots keep their time.
    for (let past = Math.min(Math.round(seconds), RECENT); past > 0; past--) {
      this.lost.push(all === 0 ? null : waiting / all);
      this.contention.push(this.contended / seconds);
      this.jobs.push(this.#ended / seconds);
      this.delay.push(mainDelay(moment.threads.values()));
      for (const [id, history] of this.pools) {
        history.jobs.push(history.ended / seconds);
        history.queued.push(moment.pools.get(id)?.queued ?? 0);
      }
    }
    for (const history of this.pools.values()) history.ended = 0;
    this.contended = 0;
    this.#ended = 0;
    const last = looks.at(-1);
    if (last !== undefined) this.#column(last);
  }

  /** What is seen first in each five seconds. */
  #column(look: Census): void {
    const before = this.columns.at(-1);
    const passed = before === undefined ? 1 : columnOf(look.time) - columnOf(before.time);
    if (passed < 1) return;
    for (let missed = Math.min(passed, COLUMNS); missed > 1; missed--) this.columns.push(undefined);
    this.columns.push(look);
    this.columns.splice(0, this.columns.length - COLUMNS);
  }

  clear(): void {
    for (const series of [this.lost, this.contention, this.jobs, this.delay]) series.values.fill(null);
    this.pools.clear();
    this.columns.length = 0;
    this.#looks = [];
    this.#second = 0;
    this.contended = 0;
    this.#ended = 0;
  }
}

function columnOf(time: number): number {
  return Math.floor(time / COLUMN);
}

export function census(time: number, moment: Looked): Census {
  const dead = new Set(moment.deadlocks().flatMap(({ cycle }) => cycle.map(({ wait }) => wait.ident)));
  let [running, waiting, deadlocked, idle] = [0, 0, 0, 0];
  for (const thread of moment.threads.values()) {
    if (isOver(thread)) continue;
    if (dead.has(thread.ident)) deadlocked++;
    else if (thread.activity === 'waiting') waiting++;
    else if (thread.activity === 'running') running++;
    else idle++;
  }
  return { time, running, waiting, deadlocked, idle };
}

function endedOf({ completed, failed, cancelled }: PoolInfo): number {
  return completed + failed + cancelled;
}

function mainDelay(threads: Iterable<ThreadInfo>): number | null {
  for (const { kind, loop } of threads) if (kind === 'main') return loop?.delay ?? null;
  return null;
}
