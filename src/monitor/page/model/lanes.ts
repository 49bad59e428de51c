import type { MonitorEvent } from '../../protocol.js';
import type { ThreadActivity, ThreadInfo } from '../../types.js';

/** What a lane shows from `at` on. */
export interface Stretch {
  readonly at: number;
  readonly activity: ThreadActivity;
}

/** What one thread did lately; of a pool's jobs, what one worker did. */
export interface Lane {
  readonly key: string;
  /** The latest that ran here. */
  thread: ThreadInfo;
  /** By time; each lasts until the next one. */
  readonly stretches: Stretch[];
}

/** ms that a lane shows, and how long it is remembered. */
export const WINDOW = 30_000;
const KEPT = WINDOW + 5000;
const MOST = 4000;

/**
 * The lanes, from two sources: each delta tells what a thread does since when, and events tell what was over between two
 * deltas. Jobs have a lane together with those that the same worker ran before.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #keys = new Map<number, string>();

  /** In the order in which they came up, main first, the dead last. */
  all(): Lane[] {
    const rank = ({ thread }: Lane): number => (thread.kind === 'main' ? 0 : isOver(thread) ? 2 : 1);
    return [...this.#lanes.values()].sort((a, b) => rank(a) - rank(b));
  }

  of(ident: number): Lane | undefined {
    return this.#lanes.get(this.#keys.get(ident) ?? jobKey(ident));
  }

  set(thread: ThreadInfo): void {
    const key = keyOf(thread);
    const before = this.#keys.get(thread.ident);
    if (before !== undefined && before !== key) this.gone(thread.ident);
    this.#keys.set(thread.ident, key);
    const lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, { key, thread, stretches: [stretchOf(thread)] });
    else {
      // The rows of jobs that have ended stay for a while beside that of the worker's next one.
      if (lane.thread.ident !== thread.ident && thread.since < lane.thread.since) return;
      lane.thread = thread;
      mark(lane, stretchOf(thread));
    }
  }

  gone(ident: number): void {
    const key = this.#keys.get(ident);
    this.#keys.delete(ident);
    if (key !== undefined && this.#lanes.get(key)?.thread.ident === ident) this.#lanes.delete(key);
  }

  /** An Observable wait does not stop its thread, so it changes no lane. */
  event({ time, ident, event, face }: MonitorEvent): void {
    const lane = this.of(ident);
    const blocks = face === 'blocking';
    if (lane === undefined) return;
    if (event === 'start') mark(lane, { at: time, activity: 'running' });
    else if (event === 'end') mark(lane, { at: time, activity: 'stopped' });
    else if (event === 'killed') mark(lane, { at: time, activity: 'dead' });
    else if (blocks && event === 'wait') mark(lane, { at: time, activity: 'waiting' });
    else if (blocks && (event === 'woken' || event === 'timeout' || event === 'left'))
      mark(lane, { at: time, activity: 'running' });
  }

  forgetBefore(now: number): void {
    for (const { stretches } of this.#lanes.values()) {
      const first = stretches.findIndex(({ at }) => at > now - KEPT);
      const past = (first === -1 ? stretches.length : first) - 1;
      const many = stretches.length - MOST;
      if (past > 0 || many > 0) stretches.splice(0, Math.max(past, many));
    }
  }

  clear(): void {
    this.#lanes.clear();
    this.#keys.clear();
  }
}

export function isOver({ activity }: ThreadInfo): boolean {
  return activity === 'stopped' || activity === 'dead';
}

function keyOf({ kind, ident }: ThreadInfo): string {
  return kind === 'job' ? jobKey(ident) : `${ident}`;
}

/** A worker keeps its slot, which is the low 12 bits of an ident, from job to job. */
function jobKey(ident: number): string {
  return `job ${ident & 0xfff}`;
}

function stretchOf({ since, activity }: ThreadInfo): Stretch {
  return { at: since, activity };
}

/** Mostly it is the last one; an event may tell of a time before that. */
function mark({ stretches }: Lane, stretch: Stretch): void {
  let place = stretches.length;
  while (place > 0 && (stretches[place - 1]?.at ?? 0) > stretch.at) place--;
  const before = stretches[place - 1];
  if (before?.activity === stretch.activity) return;
  if (before?.at === stretch.at) stretches[place - 1] = stretch;
  else stretches.splice(place, 0, stretch);
}
