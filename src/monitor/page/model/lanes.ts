import type { MonitorEvent } from '../../protocol.js';
import type { ThreadActivity, ThreadInfo } from '../../types.js';

/** What a lane shows from `at` on. */
export interface Stretch {
  readonly at: number;
  readonly activity: ThreadActivity;
  /** It was seen then, and may have begun before: who tells when takes its place. */
  readonly seen?: true;
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
/** ms: a worker that is without a job for less keeps its place. */
const BETWEEN_JOBS = 3000;
/** The part of an ident that a worker keeps from job to job while it has some. */
const SLOT = 0xfff;

/**
 * The lanes, from two sources: each delta tells what a thread does since when, and events tell what was over between two
 * deltas. Jobs have a lane together with those that the same worker ran before.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #keys = new Map<number, string>();
  /** Of jobs, by the slot of the ident: most are over before they are told of. */
  readonly #slots = new Map<number, string>();

  /** In the order in which they came up, main first, last those that have ended. */
  all(now: number): Lane[] {
    const rank = ({ thread }: Lane): number => {
      if (thread.kind === 'main') return 0;
      return isOver(thread) && now - thread.since > BETWEEN_JOBS ? 2 : 1;
    };
    return [...this.#lanes.values()].sort((a, b) => rank(a) - rank(b));
  }

  of(ident: number): Lane | undefined {
    return this.#lanes.get(this.#keys.get(ident) ?? this.#slots.get(ident & SLOT) ?? '');
  }

  /** @param seen - when the thread was as it is told here */
  set(thread: ThreadInfo, seen: number): void {
    const key = keyOf(thread);
    const before = this.#keys.get(thread.ident);
    if (before !== undefined && before !== key) this.gone(thread.ident);
    this.#keys.set(thread.ident, key);
    if (thread.kind === 'job') this.#slots.set(thread.ident & SLOT, key);
    const lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, { key, thread, stretches: [stretchOf(thread)] });
    else {
      // The rows of jobs that have ended stay for a while beside that of the worker's next one.
      if (lane.thread.ident !== thread.ident && thread.since < lane.thread.since) return;
      lane.thread = thread;
      mark(lane, stretchOf(thread));
      // One that was idle runs since its start, and of one that has waited the event that tells so may be lost.
      if (!isOver(thread)) mark(lane, { at: seen, activity: thread.activity, seen: true });
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
    this.#slots.clear();
  }
}

export function isOver({ activity }: ThreadInfo): boolean {
  return activity === 'stopped' || activity === 'dead';
}

/** Jobs of one worker have the kernel's id of it in common. */
function keyOf({ kind, pool, nativeId, ident }: ThreadInfo): string {
  return kind === 'job' && nativeId !== null ? `${pool} ${nativeId}` : `${ident}`;
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
  const next = stretches[place];
  if (next?.seen && next.activity === stretch.activity) stretches.splice(place, 1);
  if (before?.at === stretch.at) stretches[place - 1] = stretch;
  else stretches.splice(place, 0, stretch);
}
