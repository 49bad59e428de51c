import type { Job } from '../workers/job.js';
import { Line } from './line.js';

/** The highest priority, and how far the lowest lies below 0. */
export const MOST_PRIORITY = 10;
/** Of so many jobs that leave the line, one is the oldest of all. */
const FAIR = 10;

/**
 * The jobs that wait for a worker: the highest priority first, and those of one priority in the order in which they came.
 *
 * So that nobody waits for ever behind those of a higher priority that keep coming, every tenth that leaves is the oldest,
 * whatever its priority, and goes before all that come from then on. Whoever has n older jobs before it, of any priority,
 * leaves after at most 10 * (n + 1) others, one that is given back and leaves again counted each time.
 */
export class PriorityLine {
  /** How many have come. */
  #orders = 0;
  /** By priority, the highest first; nobody leaves one that is empty, since there are few. */
  #lines: { readonly priority: number; readonly line: Line }[] = [];
  #size = 0;
  /** How many have left by `shift`. */
  #left = 0;

  get size(): number {
    return this.#size;
  }

  /** The order of a newcomer, which it keeps whether or not it ever stands in line. */
  nextOrder(): number {
    return ++this.#orders;
  }

  push(job: Job): void {
    this.#lineOf(job).push(job);
    this.#size++;
  }

  /** Puts jobs of one session back where they stood: one that keeps its turn overtakes none that it stood behind. */
  giveBack(jobs: readonly Job[]): void {
    let most = -MOST_PRIORITY;
    for (const job of jobs.toReversed()) job.priority = most = Math.max(most, job.priority);
    for (const priority of new Set(jobs.map((job) => job.priority))) {
      const those = jobs.filter((job) => job.priority === priority);
      this.#lineOf(those[0] as Job).giveBack(those);
    }
    this.#size += jobs.length;
  }

  /** The one that leaves next. */
  first(): Job | undefined {
    if (this.#size === 0) return undefined;
    let highest: Job | undefined;
    let oldest: Job | undefined;
    for (const { line } of this.#lines) {
      const job = line.first();
      if (job === undefined) continue;
      highest ??= job;
      if (oldest === undefined || job.order < oldest.order) oldest = job;
    }
    return this.#left % FAIR === FAIR - 1 ? oldest : highest;
  }

  /** Of each priority so many at most. */
  oldest(most: number): Job[] {
    return this.#lines.flatMap(({ line }) => line.oldest(most));
  }

  /** Takes it out. */
  shift(): Job | undefined {
    const job = this.first();
    if (job === undefined) return undefined;
    this.#lineOf(job).shift();
    this.#size--;
    // Where all are of one priority it need not keep its turn: it would overtake older ones that other sessions give back.
    if (this.#left++ % FAIR === FAIR - 1 && this.#lines.length > 1) job.priority = MOST_PRIORITY;
    return job;
  }

  /** Called after one that stands in it has been withdrawn: its `over` is set. */
  left(job: Job): void {
    this.#lineOf(job).left();
    this.#size--;
  }

  #lineOf({ priority }: Job): Line {
    const [only] = this.#lines;
    if (only?.priority === priority) return only.line;
    const found = this.#lines.find((each) => each.priority === priority);
    if (found !== undefined) return found.line;
    const line = new Line();
    this.#lines.push({ priority, line });
    this.#lines.sort((a, b) => b.priority - a.priority);
    return line;
  }
}
