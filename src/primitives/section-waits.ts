import type { HeldGroup, Holdable } from './held.js';
import { OwnedLock } from './owned-lock.js';
import { RLock } from './rlock.js';
import type { Synchronizer } from './synchronizer.js';
import { onThreadEnd } from './threads/current-ident.js';
import { type PendingWait, pendingWaits } from './waiting/local-queue.js';
import { type Scope, sectionNumber, sectionsOf } from './waiting/section-scope.js';

/** What a `withLock` section, or other code of this thread, waits for. */
export interface SectionWait {
  /** `id` of the wait that `waits` tells of, which stands for all of this thread for the same primitive; 0: it is not listed. */
  readonly wait: number;
  readonly primitive: number;
  readonly name: string;
  /** Numbers of the sections that the wait is within, innermost first; the first one is that which is to begin with it. */
  readonly sections: readonly number[];
  /** Numbers of the sections of this thread that hold the primitive, as far as that is followed. */
  readonly holders: readonly number[];
  /** ms on the clock of all threads; until: null where it never gives up. */
  readonly since: number;
  readonly until: number | null;
}

/**
 * The Observable waits of the current thread, each with the sections that wait with it: of two sections that wait for one
 * another neither goes on by itself, although the thread does.
 *
 * Of an RLock it is always known which section has it. Of a Lock and a Semaphore it is for sections that were asked for
 * while somebody looked at SECTIONS (threads/trace-flag.ts), because it takes an AsyncLocalStorage.
 */
export function sectionWaits(): SectionWait[] {
  const holders = holdersByLock();
  return pendingWaits().map((wait) => sectionWait(wait, holders));
}

function sectionWait(
  { id, on, scope, since, until }: PendingWait,
  holders: ReadonlyMap<object, readonly number[]>,
): SectionWait {
  return {
    wait: id,
    primitive: on.id,
    name: on.name,
    sections: sectionsOf(scope),
    holders: on instanceof RLock ? holderOf(on) : (holders.get(on) ?? []),
    since,
    until: until === Number.POSITIVE_INFINITY ? null : until,
  };
}

/** That a section of the current thread owns a lock. */
export interface SectionHold {
  readonly primitive: number;
  readonly section: number;
}

/** More would make answers long that are given once a second. */
const MOST_HOLDS = 1000;

/** The Locks and RLocks that sections of the current thread own, of those that began while somebody looked at SECTIONS. */
export function sectionHolds(): SectionHold[] {
  const holds: SectionHold[] = [];
  for (let hold = follows.last; hold !== undefined && holds.length < MOST_HOLDS; hold = hold.before) {
    const { lock } = hold;
    // An RLock that is held more than once is told of as often.
    const [section] = lock instanceof RLock ? holderOf(lock) : isInEffect(hold) ? [hold.section] : [];
    if (section !== undefined && lock instanceof OwnedLock) holds.push({ primitive: lock.id, section });
  }
  return holds;
}

function holderOf({ holder }: RLock): number[] {
  return holder === undefined ? [] : [sectionNumber(holder)];
}

/** All that sections hold: a list, because to hash each of them would cost more than to acquire. */
interface Follows {
  last: FollowedHold | undefined;
}

let follows: Follows = { last: undefined };

// What an ended thread had is not the next one's in this worker.
onThreadEnd(() => {
  follows = { last: undefined };
});

function holdersByLock(): Map<object, number[]> {
  const holders = new Map<object, number[]>();
  for (let hold = follows.last; hold !== undefined; hold = hold.before) {
    if (!isInEffect(hold)) continue;
    const of = holders.get(hold.lock);
    if (of === undefined) holders.set(hold.lock, [hold.section]);
    else of.unshift(hold.section);
  }
  return holders;
}

/** One whose Helds are set aside waits for a Condition, which has let the lock go. */
function isInEffect({ lock, taken }: FollowedHold): boolean {
  return taken === lock.helds;
}

/** A lock or permit that a section has taken: what its Held releases. */
export class FollowedHold implements Holdable {
  readonly lock: Synchronizer;
  readonly #owner: object;
  readonly #of: Holdable;
  readonly #all: Follows = follows;
  /** The Helds that were in effect as it was taken. */
  readonly taken: HeldGroup;
  before: FollowedHold | undefined;
  #after: FollowedHold | undefined = undefined;

  /** @param of - what releases it */
  constructor(lock: Synchronizer, scope: Scope, of: Holdable) {
    this.lock = lock;
    this.#owner = scope.owner;
    this.#of = of;
    this.taken = lock.helds;
    this.before = this.#all.last;
    if (this.before !== undefined) this.before.#after = this;
    this.#all.last = this;
  }

  get section(): number {
    return sectionNumber(this.#owner);
  }

  get helds(): HeldGroup {
    return this.lock.helds;
  }

  release(): void {
    this.whenLate().release();
  }

  /** The section has ended: from here on this is none that it has. */
  whenLate(): Holdable {
    if (this.#after === undefined) this.#all.last = this.before;
    else this.#after.before = this.before;
    if (this.before !== undefined) this.before.#after = this.#after;
    return this.#of;
  }
}
